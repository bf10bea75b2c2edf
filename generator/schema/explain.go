package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/strict"
)

// field is one field of a kind, with those below it in the order of the type.
type field struct {
	doc
	name, typ string
	entries   bool // a mapping or a list: what is below it are the fields of each entry
	below     []*field
}

// explained is a kind as a tree of fields.
func explained(kind string) *field {
	switch kind {
	case spec.KindChart:
		return chartDocs().tree(reflect.TypeFor[spec.Chart](), kind, textChart)
	case spec.KindImages:
		return imagesDocs().tree(reflect.TypeFor[spec.ImagePullSecrets](), kind, textImages)
	}
	return docs.tree(reflect.TypeFor[spec.Registry](), kind, textRegistry)
}

func (docs described) tree(t reflect.Type, kind, text string) *field {
	root := &field{doc: doc{text: text}, name: kind, typ: "mapping"}
	at := map[string]*field{"": root}
	strict.Visit(t, "", func(path string, f reflect.StructField) {
		parent, name := "", path
		if dot := strings.LastIndex(path, "."); dot >= 0 {
			parent, name = strings.TrimSuffix(path[:dot], ".*"), path[dot+1:]
		}
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		one := &field{doc: docs[path], name: name, typ: typeName(f.Type), entries: inner.Kind() == reflect.Map || inner.Kind() == reflect.Slice}
		at[path] = one
		at[parent].below = append(at[parent].below, one)
	})
	return root
}

// kindOf takes the kind from the front of a path, as kubectl explain has it:
// chart.spec.values. Without one it is a Registry.
func kindOf(path string) (kind, rest string, named bool) {
	first, rest, _ := strings.Cut(path, ".")
	for _, k := range spec.Kinds {
		if low := strings.ToLower(first); low == strings.ToLower(k) || low == strings.ToLower(k)+"s" || low == "registries" && k == spec.KindRegistry {
			return k, rest, true
		}
	}
	return spec.KindRegistry, path, false
}

// find walks to the field of a path. Between a mapping or a list and its
// entries' fields a key, a star or a number in brackets may stand or be left out.
func (f *field) find(path string) (*field, error) {
	at, walked, skipped := f, "", false
	parts := strings.Split(path, ".")
	for n, part := range parts {
		name, _, _ := strings.Cut(part, "[")
		here := problem.Below(walked, name)
		i := slices.IndexFunc(at.below, func(b *field) bool { return b.name == name })
		switch {
		case i >= 0:
			at, walked, skipped = at.below[i], here, false
		case at.entries && len(at.below) > 0 && !skipped && (problem.Nearest(name, at.names()) == "" || n+1 < len(parts) && slices.Contains(at.names(), parts[n+1])):
			walked, skipped = here, true
		case len(at.below) == 0 && at.entries:
			return nil, problem.Problem{Path: here, What: "is not described: what is below " + walked + " is up to you, or to the chart", Next: "reggen explain " + problem.QuoteArg(strings.TrimPrefix(strings.ToLower(f.name)+"."+walked, "registry."))}
		case len(at.below) == 0:
			return nil, problem.Problem{Path: here, What: walked + " is a " + at.typ + " and has no fields"}
		default:
			p := problem.Problem{Path: here, What: "unknown field", Near: problem.Nearest(name, at.names())}
			if p.Near == "" {
				p.Want = problem.OneOf(at.names())
			}
			return nil, p
		}
	}
	return at, nil
}

func (f *field) names() (out []string) {
	for _, b := range f.below {
		out = append(out, b.name)
	}
	return out
}

// RequiredMark stands behind a field that has to be there.
const RequiredMark = "-required-"

// Explain says what a field means, and which fields are below it: a path like
// spec.storage.s3, with a kind in front for another one than a Registry. With
// all it lists every field below.
func Explain(path string, all bool) (string, error) {
	kind, rest, named := kindOf(strings.Trim(path, "."))
	root := explained(kind)
	at := root
	if rest != "" {
		var err error
		if at, err = root.find(rest); err != nil {
			return "", elsewhere(err, kind, rest, named)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "KIND:     %s\nVERSION:  %s\n\n", kind, spec.APIVersion)
	if at != root {
		fmt.Fprintf(&b, "FIELD: %s\n\n", at.head())
	}
	fmt.Fprintf(&b, "DESCRIPTION:\n%s", wrap("    ", at.text))
	for _, fact := range at.facts() {
		b.WriteString(wrap("    ", fact))
	}
	if len(at.below) == 0 {
		return b.String(), nil
	}
	b.WriteString("\nFIELDS")
	if at.entries {
		b.WriteString(" of each entry")
	}
	b.WriteString(":\n")
	at.list(&b, "  ", all)
	return strings.TrimRight(b.String(), "\n") + "\n", nil
}

// elsewhere names the other kind that has the field, when the path named none.
func elsewhere(err error, kind, path string, named bool) error {
	p, is := err.(problem.Problem)
	for _, other := range spec.Kinds {
		if is && !named && other != kind {
			if _, no := explained(other).find(path); no == nil {
				p.What += " of a " + kind
				p.Near, p.Want, p.Next = "", "", "reggen explain "+problem.QuoteArg(strings.ToLower(other)+"."+path)
				return p
			}
		}
	}
	return err
}

// list writes the fields below one: with what they mean, or all of them, by name
// and type.
func (f *field) list(b *strings.Builder, indent string, all bool) {
	for _, below := range f.below {
		b.WriteString(indent + below.head() + "\n")
		if all {
			below.list(b, indent+"  ", all)
			continue
		}
		b.WriteString(wrap(indent+"  ", below.text) + "\n")
	}
}

func (f *field) head() string {
	head := f.name + " <" + f.typ + ">"
	if f.required {
		head += " " + RequiredMark
	}
	return head
}

// facts are what a value has to be, beside its type.
func (f *field) facts() (out []string) {
	if f.required {
		out = append(out, "Required in the merged spec; a layer leaves it out where another one has it.")
	}
	if f.def != "" {
		out = append(out, "Default: "+f.def+".")
	}
	if len(f.enum) > 0 {
		out = append(out, "One of: "+strings.Join(f.enum, ", ")+".")
	}
	if f.zero {
		out = append(out, "0 is a value too.")
	}
	if f.pattern != "" {
		out = append(out, "Pattern: "+string(f.pattern))
	}
	if f.keys != "" {
		out = append(out, "Pattern of its keys: "+string(f.keys))
	}
	if f.length > 0 {
		out = append(out, fmt.Sprintf("At most %d characters.", f.length))
	}
	return out
}

// wrap breaks a text into lines of at most 80 characters.
func wrap(indent, text string) string {
	var b strings.Builder
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line) > len(indent) {
			if len(line)+1+len(word) > 80 {
				b.WriteString(line + "\n")
				line = indent
			} else {
				line += " "
			}
		}
		line += word
	}
	return b.String() + line + "\n"
}

// Paths are the fields that a beginning may be completed to, one step further.
func Paths(start string) (out []string) {
	kind, rest, named := kindOf(start)
	before := ""
	if named && strings.Contains(start, ".") {
		before = start[:len(start)-len(rest)]
	} else {
		rest = start
		for _, k := range spec.Kinds {
			if k = strings.ToLower(k); strings.HasPrefix(k, start) {
				out = append(out, k)
			}
		}
	}
	at := explained(kind)
	if dot := strings.LastIndex(rest, "."); dot >= 0 {
		var err error
		if at, err = at.find(rest[:dot]); err != nil {
			return nil
		}
		before, rest = before+rest[:dot+1], rest[dot+1:]
	}
	for _, name := range at.names() {
		if strings.HasPrefix(name, rest) {
			out = append(out, before+name)
		}
	}
	return out
}
