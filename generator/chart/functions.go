package chart

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"

	"github.com/reggen/reggen/generator/secret"
)

// drawing are the functions whose result secret.Draws decides.
var drawing = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range slices.Concat(secret.Seedable, secret.Keepable) {
		m[name] = true
	}
	return m
}()

// impure are the functions, beyond drawing, whose result is decided neither by
// their arguments nor by a draw. What Helm itself answers with nothing when it
// has no cluster and no DNS (lookup, getHostByName) is decided and stays.
var impure = []string{"ago", "durationRound", "env", "expandenv"}

// sums are checksums: of a secret, they are put right where a build ends.
var sums = []string{"sha1sum", "sha256sum", "sha512sum"}

// maxAsked is how many values a chart may draw, and how many checksums it may take:
// all of them are kept. The public charts that were tried draw at most some dozens.
const maxAsked = 10_000

var errRefused = errors.New("refused")

// functions are one render's template functions.
type functions struct {
	draws   *secret.Draws
	mask    mask
	stack   []*frame
	refused string // the function that ended the render, and whose line
	line    string
	tooMany bool   // draws, or checksums, ended the render
	failed  string // what a template passed to fail or required; may hold values
	sums    []Sum
	enter   func(file string)
}

// frame is one file being rendered: how often each of its calls drew.
type frame struct {
	file  string
	drawn map[string]int
	sums  int
}

// callSite is a call's address on its way.
type callSite struct {
	name, line string
	body       bool
	root, dot  any
}

func newFunctions(draws *secret.Draws, enter func(string), secrets map[secret.Ref]string) *functions {
	f := &functions{draws: draws, enter: enter}
	for ref, text := range secrets {
		f.mask.add(text, ref)
	}
	return f
}

func (f *functions) overrides() template.FuncMap {
	m := template.FuncMap{
		"reggenEnter": func(file string) string {
			if f.stack = append(f.stack, &frame{file: file, drawn: map[string]int{}}); f.enter != nil {
				f.enter(file)
			}
			return ""
		},
		"reggenLeave": func() string {
			f.stack = f.stack[:len(f.stack)-1]
			return ""
		},
		"reggenSite": func(name string, body bool, line string, root, dot any) callSite {
			return callSite{name, line, body, root, dot}
		},
		"fail": func(why string) (string, error) {
			f.failed = why
			return "", errRefused
		},
		"required": func(why string, v any) (any, error) {
			if text, is := v.(string); v == nil || is && text == "" {
				f.failed = why
				return nil, errRefused
			}
			return v, nil
		},
		"keys":            sortedKeys,
		"values":          sortedValues,
		"buildCustomCert": buildCustomCert,
		"osBase":          path.Base, "osClean": path.Clean, "osDir": path.Dir, "osExt": path.Ext, "osIsAbs": path.IsAbs,
	}
	for name := range drawing {
		m[name] = func(args ...any) (any, error) { return f.draw(name, args) }
	}
	for _, name := range sums {
		m[name] = func(text string) (string, error) { return f.sum(name, text) }
	}
	m["trunc"] = f.trunc
	for _, name := range impure {
		m[name] = func(...any) (any, error) {
			f.refused = name
			return nil, errRefused
		}
	}
	maps.Copy(m, f.dates())
	return m
}

// draw answers for a drawing function. The same address, with the same
// arguments and from a template that was called with the same, is one value;
// within a file itself each call counts, as in a loop.
func (f *functions) draw(name string, args []any) (any, error) {
	var where callSite
	if len(args) > 0 {
		if a, is := args[0].(callSite); is {
			where, args = a, args[1:]
		}
	}
	top := &frame{drawn: map[string]int{}}
	if len(f.stack) > 0 {
		top = f.stack[len(f.stack)-1]
	}
	address := where.name
	switch {
	case address == "": // in a text that tpl rendered
		address, where.line = plainAddress(top.file)+"/tpl-"+name, "a text that tpl renders"
		fallthrough
	case where.body:
		if top.drawn[address]++; top.drawn[address] > 1 {
			address += "." + strconv.Itoa(top.drawn[address])
		}
	default:
		address += f.context(where.root, where.dot)
	}
	if len(f.draws.Made) >= maxAsked {
		f.tooMany = true
		return nil, errRefused
	}
	call := f.digest(append([]any{name}, args...)...)
	ref := address + "/" + call
	v, err := f.draws.Draw(ref, name, call, top.file+": "+where.line, args, f.secretsIn(args)...)
	if err != nil {
		f.refused, f.line = name, where.line
		return nil, errRefused
	}
	for part, text := range f.draws.Made[secret.DrawRef(ref)].Parts {
		f.mask.add(text, secret.PartRef(secret.DrawRef(ref), part))
	}
	return v, nil
}

// secretsIn are the secrets in arguments.
func (f *functions) secretsIn(args []any) []secret.Ref {
	var out []secret.Ref
	var look func(v any)
	look = func(v any) {
		switch t := v.(type) {
		case string:
			out = append(out, f.mask.in(t)...)
		case secret.Certificate:
			out = append(append(out, f.mask.in(t.Cert)...), f.mask.in(t.Key)...)
		case []any:
			for _, e := range t {
				look(e)
			}
		case map[string]any:
			for _, e := range t {
				look(e)
			}
		}
	}
	for _, a := range args {
		look(a)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// context is a digest of what a template was called with and where in it a call
// stands; nothing for the chart's own top.
func (f *functions) context(root, dot any) string {
	if base, is := chartTop(root); is {
		if base2, is := chartTop(dot); is && base == base2 {
			return "@" + plainAddress(base)
		}
	}
	return "@" + f.digest(root, dot)
}

// chartTop says whether v is what Helm hands to a template, and of which chart.
func chartTop(v any) (base string, is bool) {
	m, ok := v.(map[string]any)
	if vals, also := v.(common.Values); also {
		m, ok = vals, true
	}
	if !ok || m["Release"] == nil || m["Capabilities"] == nil {
		return "", false
	}
	template, ok := m["Template"].(map[string]any)
	if vals, also := m["Template"].(common.Values); also {
		template, ok = vals, true
	}
	base, _ = template["BasePath"].(string)
	return strings.TrimSuffix(base, "/templates"), ok
}

// digest is over values in which secrets are named, so that it is the same with
// placeholders and with the real ones.
func (f *functions) digest(values ...any) string {
	h := sha256.New()
	for _, v := range values {
		f.write(v, func(s string) { _, _ = fmt.Fprintf(h, "%d:%s", len(s), s) })
	}
	return hex.EncodeToString(h.Sum(nil))[:8]
}

func (f *functions) write(v any, put func(string)) {
	if base, is := chartTop(v); is {
		put("chart " + base)
		return
	}
	switch t := v.(type) {
	case common.Values:
		f.write(map[string]any(t), put)
	case map[string]any:
		put("{")
		for _, k := range slices.Sorted(maps.Keys(t)) {
			put(f.mask.name(k))
			f.write(t[k], put)
		}
		put("}")
	case []any:
		put("[")
		for _, e := range t {
			f.write(e, put)
		}
		put("]")
	case string:
		put(f.mask.name(t))
	case secret.Certificate:
		put(f.mask.name(t.Cert))
		put(f.mask.name(t.Key))
	case nil, bool, int, int64, uint64, float64, []string, time.Duration, fmt.Stringer:
		put(fmt.Sprintf("%T %v", v, v))
	default:
		put(fmt.Sprintf("%T", v))
	}
}

// Sum is a checksum that a template took. Of one over a text with secrets in it a
// build puts a digest of the sealed content in its place, outside Secrets.
type Sum struct {
	At   string       // which one: the file and the how many-th
	Text string       // what the function returned
	Name string       // the text that was summed up, with secrets named, as a digest
	Refs []secret.Ref // the secrets in it, sorted
}

func (f *functions) sum(name, text string) (string, error) {
	if len(f.sums) >= maxAsked {
		f.tooMany = true
		return "", errRefused
	}
	out, at := sumOf(name, text), ""
	if len(f.stack) > 0 {
		top := f.stack[len(f.stack)-1]
		top.sums++
		at = fmt.Sprintf("%d %s %d", len(f.stack), top.file, top.sums)
	}
	f.sums = append(f.sums, Sum{at, out, f.digest(name, text), f.mask.in(text)})
	return out, nil
}

// trunc is sprig's; a checksum that is cut off is one still.
func (f *functions) trunc(n int, text string) string {
	out := text
	switch {
	case n < 0 && len(text)+n > 0:
		out = text[len(text)+n:]
	case n >= 0 && len(text) > n:
		out = text[:n]
	}
	for _, s := range f.sums {
		if s.Text == text && out != text && out != "" {
			f.sums = append(f.sums, Sum{fmt.Sprintf("%s cut %d", s.At, n), out, s.Name, s.Refs})
			break
		}
	}
	return out
}

// buildCustomCert is sprig's, without a look at what placeholders can't be.
func buildCustomCert(cert, key string) (secret.Certificate, error) {
	c, err := base64.StdEncoding.DecodeString(cert)
	k, err2 := base64.StdEncoding.DecodeString(key)
	if err != nil || err2 != nil {
		return secret.Certificate{}, errRefused
	}
	return secret.Certificate{Cert: string(c), Key: string(k)}, nil
}

// sortedKeys is sprig's keys in one order.
func sortedKeys(maps ...map[string]any) []string {
	out := []string{}
	for _, m := range maps {
		for k := range m {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

// sortedValues is sprig's values in the order of their keys.
func sortedValues(m map[string]any) []any {
	out := []any{}
	for _, k := range sortedKeys(m) {
		out = append(out, m[k])
	}
	return out
}
