// Package diff says what a change does to a build's objects, object by object
// and field by field, as people read it. Secrets are compared by key and
// recipient, never by value. It is the only importer of dyff.
package diff

import (
	"bytes"
	"fmt"
	"sort"
	"strings"

	"github.com/gonvenience/ytbx"
	"github.com/homeport/dyff/pkg/dyff"
	yaml "go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/inplace"
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
	// InPlace are changes of it that Kubernetes may refuse to make, each with the
	// way to make it.
	InPlace []string `json:"inPlace,omitempty"`
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
			for _, r := range inplace.Refusals(a, b) {
				d.InPlace = append(d.InPlace, r.String())
			}
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
