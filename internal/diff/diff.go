// Package diff says what a change does to a build's objects, object by object
// and field by field, as people read it. Secrets are compared by key and
// recipient, never by value. It is the only importer of dyff.
package diff

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/gonvenience/ytbx"
	"github.com/homeport/dyff/pkg/dyff"
	yaml "go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/object"
)

// Kind of a change.
type Kind string

// The kinds.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Object is one object that differs.
type Object struct {
	Object string  `json:"object"` // kind, namespace and name, as kubectl users say it
	Change Kind    `json:"change"`
	Fields []Field `json:"fields,omitempty"`
}

// Field is one difference within an object.
type Field struct {
	Path   string `json:"path"`
	Change Kind   `json:"change"`
	From   string `json:"from,omitempty"` // YAML; several lines for mappings, lists and texts
	To     string `json:"to,omitempty"`
	// Note says that an object is too large to be compared by field, or what is
	// uncertain about a change of a Secret's key: without the
	// data key, a value that was only encrypted anew looks like another one.
	Note string `json:"note,omitempty"`
}

// Compare returns what differs, sorted by object. The values of Secrets appear
// in neither input nor result.
func Compare(from, to []object.Object) ([]Object, error) {
	old, now := byID(from), byID(to)
	var out []Object
	for _, id := range ids(old, now) {
		a, had := old[id]
		b, has := now[id]
		d := Object{Object: id.String(), Change: Changed}
		switch {
		case !had:
			d.Change = Added
			d.Fields = secretKeys(nil, b)
		case !has:
			d.Change = Removed
		default:
			if object.Equal(a, b) {
				continue
			}
			fields, err := fields(a, b)
			if err != nil {
				return nil, fmt.Errorf("comparing %s: not comparable", id)
			}
			if len(fields) == 0 {
				continue // for instance only lastmodified and mac of a sealed Secret
			}
			d.Fields = fields
		}
		out = append(out, d)
	}
	return out, nil
}

func byID(objects []object.Object) map[object.ID]object.Object {
	out := map[object.ID]object.Object{}
	for _, o := range objects {
		out[o.ID()] = o
	}
	return out
}

func ids(a, b map[object.ID]object.Object) []object.ID {
	var out []object.ID
	for id := range a {
		out = append(out, id)
	}
	for id := range b {
		if _, ok := a[id]; !ok {
			out = append(out, id)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		x, y := out[i], out[j]
		return x.Kind+"\x00"+x.Namespace+"\x00"+x.Name+"\x00"+x.Group < y.Kind+"\x00"+y.Namespace+"\x00"+y.Name+"\x00"+y.Group
	})
	return out
}

func fields(a, b object.Object) ([]Field, error) {
	var out []Field
	if a.IsSecret() || b.IsSecret() {
		out = append(secretKeys(a, b), recipients(a, b)...)
		a, b = public(a), public(b)
	}
	more, err := compare("", map[string]any(a), map[string]any(b))
	return append(out, more...), err
}

// compare lists the differences of two mappings. Texts of several lines that
// are YAML mappings themselves, such as a configuration in a ConfigMap, are
// compared as such; other such texts by line.
func compare(under string, a, b map[string]any) ([]Field, error) {
	if values(a)+values(b) > 2*mostValues {
		return []Field{{Path: strings.TrimSuffix(under, ": "), Change: Changed, Note: "too large to be shown field by field"}}, nil
	}
	x, err := input(a)
	if err != nil {
		return nil, err
	}
	y, err := input(b)
	if err != nil {
		return nil, err
	}
	report, err := dyff.CompareInputFiles(x, y, dyff.IgnoreOrderChanges(false), dyff.KubernetesEntityDetection(false))
	if err != nil {
		return nil, err
	}
	var out []Field
	for _, d := range report.Diffs {
		for _, detail := range d.Details {
			f := Field{Path: under + strings.TrimPrefix(d.Path.String(), "/"), From: text(detail.From), To: text(detail.To)}
			switch detail.Kind {
			case dyff.ADDITION:
				f.Change = Added
			case dyff.REMOVAL:
				f.Change = Removed
			default:
				f.Change = Changed
			}
			if f.Change == Changed && strings.Contains(f.From+f.To, "\n") && isText(detail.From) && isText(detail.To) {
				p, q := mapping(f.From), mapping(f.To)
				if p != nil && q != nil {
					inner, err := compare(f.Path+": ", p, q)
					if err != nil {
						return nil, err
					}
					out = append(out, inner...)
					continue
				}
				f.From, f.To = lines(f.From, f.To)
			}
			out = append(out, f)
		}
	}
	return out, nil
}

func isText(n *yaml.Node) bool { return n != nil && n.Kind == yaml.ScalarNode }

// mapping reads a text as a YAML mapping; nil when it is none.
func mapping(text string) map[string]any {
	var out map[string]any
	if !bounded.Text(text) || yaml.Unmarshal([]byte(text), &out) != nil {
		return nil
	}
	return out
}

// mostValues is how many values an object may have to be compared field by
// field: the time for it grows with the square of a list's length.
const mostValues = 10_000

// values counts what is in an object.
func values(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n += values(e)
		}
	case []any:
		for _, e := range v {
			n += values(e)
		}
	}
	return n
}

// lines keeps of two texts the lines that only one of them has.
func lines(a, b string) (string, string) {
	only := func(x, y string) string {
		have := map[string]int{}
		for l := range strings.Lines(y) {
			have[strings.TrimSuffix(l, "\n")]++
		}
		var out []string
		for l := range strings.Lines(x) {
			if l = strings.TrimSuffix(l, "\n"); have[l] > 0 {
				have[l]--
			} else {
				out = append(out, l)
			}
		}
		return strings.Join(out, "\n")
	}
	return only(a, b), only(b, a)
}

func input(o map[string]any) (ytbx.InputFile, error) {
	data, err := yaml.Marshal(o)
	if err != nil {
		return ytbx.InputFile{}, err
	}
	documents, err := ytbx.LoadYAMLDocuments(data)
	return ytbx.InputFile{Documents: documents}, err
}

func text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if e.Encode(n) != nil {
		return "(a value)"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// public is a Secret without what is, or encrypts, its content.
func public(o object.Object) object.Object {
	out := o.Copy()
	for _, k := range []string{"data", "stringData", "sops"} {
		delete(out, k)
	}
	// kubectl keeps a copy of the whole object there.
	delete(out.Map("metadata", "annotations"), "kubectl.kubernetes.io/last-applied-configuration")
	return out
}

// secretKeys compares the keys of two Secrets; a is nil for a new one.
func secretKeys(a, b object.Object) []Field {
	var out []Field
	if b == nil || !b.IsSecret() {
		return nil
	}
	note := ""
	if a != nil && newDataKey(a, b) {
		note = onlyEncrypted
	}
	for _, field := range []string{"data", "stringData"} {
		var x map[string]any
		if a != nil {
			x = a.Map(field)
		}
		y := b.Map(field)
		names := map[string]bool{}
		for k := range x {
			names[k] = true
		}
		for k := range y {
			names[k] = true
		}
		for _, k := range sorted(names) {
			p, had := x[k]
			q, has := y[k]
			f := Field{Path: field + "/" + k}
			switch {
			case !had:
				f.Change = Added
			case !has:
				f.Change = Removed
			case p != q:
				f.Change, f.Note = Changed, note
			default:
				continue
			}
			out = append(out, f)
		}
	}
	return out
}

const onlyEncrypted = "or only encrypted with a new data key"

// newDataKey says whether two sealed Secrets may have different data keys: all
// that wraps it differs. With the same one, an unchanged value keeps its
// ciphertext, so that another ciphertext is another value.
func newDataKey(a, b object.Object) bool {
	old := map[string]bool{}
	for _, e := range wrapped(a.Map("sops")) {
		old[e] = true
	}
	now := wrapped(b.Map("sops"))
	return len(old) > 0 && len(now) > 0 && !slices.ContainsFunc(now, func(e string) bool { return old[e] })
}

// wrapped are the data keys of a sops block as each recipient gets them.
func wrapped(v any) (out []string) {
	switch t := v.(type) {
	case map[string]any:
		if s, ok := t["enc"].(string); ok {
			out = append(out, s)
		}
		for _, e := range t {
			out = append(out, wrapped(e)...)
		}
	case []any:
		for _, e := range t {
			out = append(out, wrapped(e)...)
		}
	}
	return out
}

// recipients compares who can decrypt two sealed Secrets, by any name that a
// sops block gives a key.
func recipients(a, b object.Object) []Field {
	var out []Field
	x, y := recipientsOf(a), recipientsOf(b)
	for _, r := range y {
		if !slices.Contains(x, r) {
			out = append(out, Field{Path: "sops/recipients", Change: Added, To: r})
		}
	}
	for _, r := range x {
		if !slices.Contains(y, r) {
			out = append(out, Field{Path: "sops/recipients", Change: Removed, From: r})
		}
	}
	return out
}

// recipientFields name a recipient in the entries of a sops block, by kind of
// key.
var recipientFields = []string{"recipient", "fp", "arn", "resource_id", "key_id", "vault_url", "vaultUrl", "vault_address"}

func recipientsOf(o object.Object) []string {
	seen := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch t := v.(type) {
		case map[string]any:
			for _, f := range recipientFields {
				if s, ok := t[f].(string); ok {
					seen[s] = true
				}
			}
			for _, e := range t {
				walk(e)
			}
		case []any:
			for _, e := range t {
				walk(e)
			}
		}
	}
	walk(map[string]any(o.Map("sops")))
	return sorted(seen)
}

func sorted(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
