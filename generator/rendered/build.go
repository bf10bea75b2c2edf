package rendered

import (
	"bytes"
	"encoding/base64"
	"errors"

	"github.com/reggen/reggen/generator/configuration"
	"github.com/reggen/reggen/generator/object"
)

// Parse reads a YAML stream of rendered objects: a build's, or anything that
// some other program rendered. Lists are taken apart. from names the stream in
// errors, which quote nothing of it.
func Parse(from string, stream []byte) ([]object.Object, error) {
	var clean bytes.Buffer
	for line := range bytes.Lines(stream) {
		// A marker may have a comment behind it, and a stream an explicit end.
		if rest, ok := bytes.CutPrefix(line, []byte("---")); ok && bytes.HasPrefix(bytes.TrimSpace(rest), []byte("#")) {
			line = []byte("---\n")
		}
		if bytes.Equal(bytes.TrimRight(line, "\r\n \t"), []byte("...")) {
			line = []byte("---\n")
		}
		clean.Write(line)
	}
	return object.Parse(from, clean.Bytes())
}

// build is a set of objects and what the rules want to know of it.
type build struct {
	objects    []object.Object
	index      map[reference]object.Object
	registries []registry
	collectors []registry // those containers that collect garbage
	anonymous  []string   // the releases that anybody may come to

	texts map[string]mapped // what YAML in values says
}

// mapped is a text that was read as a mapping, or why it couldn't be.
type mapped struct {
	values map[string]any
	err    error
}

var errNoMapping = errors.New("no mapping")

// parsed reads YAML in a value as a mapping: each text once, since many pods may
// mount one ConfigMap.
func (b *build) parsed(text string) (map[string]any, error) {
	m, known := b.texts[text]
	if !known {
		v, err := configuration.Read(text)
		is := false
		if m.values, is = v.(map[string]any); v == nil {
			m.values = map[string]any{}
		} else if !is {
			m.err = errNoMapping
		}
		if err != nil {
			m = mapped{nil, err}
		}
		b.texts[text] = m
	}
	return m.values, m.err
}

// reference is what other objects know an object by.
type reference struct{ kind, namespace, name string }

func look(objects []object.Object) *build {
	b := &build{objects: objects, index: map[reference]object.Object{}, texts: map[string]mapped{}}
	for _, o := range objects {
		at := reference{o.Kind(), o.Namespace(), o.Name()}
		if _, twice := b.index[at]; !twice {
			b.index[at] = o
		}
	}
	b.registries = b.findRegistries()
	return b
}

// find looks an object up by what refers to it; nil when it isn't there.
func (b *build) find(kind, namespace, name string) object.Object {
	if name == "" {
		return nil
	}
	return b.index[reference{kind, namespace, name}]
}

// serving are the registries that answer requests.
func (b *build) serving() []registry {
	var out []registry
	for _, r := range b.registries {
		if !r.collects {
			out = append(out, r)
		}
	}
	return out
}

// content is the value of a key of a ConfigMap or a Secret, if it can be seen.
func content(o object.Object, key string) (string, bool) {
	if o == nil || o["sops"] != nil {
		return "", false
	}
	if plain, ok := o.Map("stringData")[key].(string); ok {
		return plain, true
	}
	value, ok := o.Map("data")[key].(string)
	if !ok || !o.IsSecret() {
		return value, ok
	}
	plain, err := base64.StdEncoding.DecodeString(value)
	return string(plain), err == nil
}

// keys are the names of what a ConfigMap or a Secret holds.
func keys(o object.Object) map[string]bool {
	out := map[string]bool{}
	for _, field := range []string{"data", "stringData", "binaryData"} {
		for k := range o.Map(field) {
			out[k] = true
		}
	}
	return out
}

// mapping is the mapping at path, or nil.
func mapping(m map[string]any, path ...string) map[string]any {
	for _, p := range path {
		m, _ = m[p].(map[string]any)
	}
	return m
}

func list(m map[string]any, path ...string) []any { return object.List(m, path...) }

func text(v any, path ...string) string { return object.Text(v, path...) }

// number is the whole number at path, and whether one is there.
func number(m map[string]any, path ...string) (int, bool) {
	switch n := mapping(m, path[:len(path)-1]...)[path[len(path)-1]].(type) {
	case float64:
		return int(n), true
	case int64:
		return int(n), true
	case int:
		return n, true
	}
	return 0, false
}
