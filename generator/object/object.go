// Package object is the Kubernetes object as reggen sees it: parsed from a
// chart's output, identified, compared and written in one form.
package object

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator/codec"
	"github.com/reggen/reggen/generator/problem"
)

// Object is one Kubernetes object, decoded as JSON decodes it.
type Object map[string]any

// ID identifies an object within a build.
type ID struct{ Group, Kind, Namespace, Name string }

// String names the object as kubectl users do.
func (id ID) String() string {
	if id.Namespace == "" {
		return id.Kind + " " + id.Name
	}
	return id.Kind + " " + id.Namespace + "/" + id.Name
}

// Parse reads a YAML stream. Lists are taken apart, as kustomize and kubectl
// take them. from names its origin in errors (a template's file); the YAML
// library's own text may quote a value and is not passed on.
func Parse(from string, data []byte) ([]Object, error) {
	return parse(from, data, codec.UnmarshalStrict)
}

// ParseAsHelm is Parse for what Helm takes as well: of a key that stands twice the
// last one counts.
func ParseAsHelm(from string, data []byte) ([]Object, error) {
	return parse(from, data, codec.Unmarshal)
}

func parse(from string, data []byte, decode func([]byte) (any, error)) ([]Object, error) {
	var out []Object
	docs := split(data)
	for i, doc := range docs {
		which := ""
		if len(docs) > 1 {
			which = fmt.Sprintf("document %d ", i+1)
		}
		v, err := decode(doc)
		o, is := v.(map[string]any)
		if err != nil || v != nil && !is {
			p := problem.Problem{File: from, What: which + "is not a valid YAML object", Want: "a mapping without duplicate keys"}
			if m := yamlLine.FindStringSubmatch(fmt.Sprint(err)); m != nil {
				p.What = which + "is not a valid YAML object, in line " + m[1] + " of it"
			}
			if errors.Is(err, codec.ErrSameKey) {
				p.What += ": " + err.Error()
			}
			return nil, p
		}
		if len(o) == 0 {
			continue
		}
		objects, ok := Object(o).apart()
		if !ok {
			p := problem.Problem{File: from, What: which + "holds an object without apiVersion, kind or metadata.name"}
			if kind := Object(o).Kind(); kind != "" {
				p.What += ": a " + kind
			}
			return nil, p
		}
		out = append(out, objects...)
	}
	return out, nil
}

var yamlLine = regexp.MustCompile(`\bline (\d+)\b`)

// apart is an object, or those in a list; false when one is no whole object.
func (o Object) apart() ([]Object, bool) {
	items, isList := o["items"].([]any)
	if !isList || !strings.HasSuffix(o.Kind(), "List") {
		return []Object{o}, o.Kind() != "" && o.APIVersion() != "" && o.Name() != ""
	}
	var out []Object
	for _, item := range items {
		m, _ := item.(map[string]any)
		below, ok := Object(m).apart()
		if !ok {
			return nil, false
		}
		out = append(out, below...)
	}
	return out, true
}

// split cuts a YAML stream at its document markers.
func split(data []byte) [][]byte {
	var docs [][]byte
	var doc bytes.Buffer
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte("---")) && len(bytes.TrimSpace(line[3:])) == 0 {
			docs = append(docs, bytes.Clone(doc.Bytes()))
			doc.Reset()
			continue
		}
		doc.Write(line)
	}
	return append(docs, doc.Bytes())
}

// Copy returns a deep copy.
func (o Object) Copy() Object { return Object(deepCopy(map[string]any(o)).(map[string]any)) }

func deepCopy(v any) any {
	switch t := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(t))
		for k, e := range t {
			m[k] = deepCopy(e)
		}
		return m
	case []any:
		l := make([]any, len(t))
		for i, e := range t {
			l[i] = deepCopy(e)
		}
		return l
	}
	return v
}

// APIVersion is the field apiVersion.
func (o Object) APIVersion() string { return o.str("apiVersion") }

// Kind is the field kind.
func (o Object) Kind() string { return o.str("kind") }

// Name is the field metadata.name.
func (o Object) Name() string { return o.str("metadata", "name") }

// Namespace is the field metadata.namespace.
func (o Object) Namespace() string { return o.str("metadata", "namespace") }

// ID identifies the object.
func (o Object) ID() ID {
	group, _, found := strings.Cut(o.APIVersion(), "/")
	if !found {
		group = ""
	}
	return ID{group, o.Kind(), o.Namespace(), o.Name()}
}

var name = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

// IsName says whether a text can be a name in Kubernetes (RFC 1123), and so a word
// of a command: a build has whatever names its repository wants.
func IsName(text string) bool { return name.MatchString(text) }

// IsSecret says whether this is a core Secret.
func (o Object) IsSecret() bool { return o.Kind() == "Secret" && o.APIVersion() == "v1" }

// Map returns the mapping at path, or nil.
func (o Object) Map(path ...string) map[string]any {
	m := map[string]any(o)
	for _, p := range path {
		m, _ = m[p].(map[string]any)
	}
	return m
}

func (o Object) str(path ...string) string {
	s, _ := o.Map(path[:len(path)-1]...)[path[len(path)-1]].(string)
	return s
}

// Equal compares two objects by content.
func Equal(a, b Object) bool { return reflect.DeepEqual(map[string]any(a), map[string]any(b)) }

// Walk calls f for every string in the object, keys included, with its path.
func (o Object) Walk(f func(path, text string)) { walk("", map[string]any(o), f) }

func walk(path string, v any, f func(path, text string)) {
	switch t := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(t) {
			below := k
			if path != "" {
				below = path + "." + k
			}
			f(below, k)
			walk(below, t[k], f)
		}
	case []any:
		for i, e := range t {
			walk(fmt.Sprintf("%s[%d]", path, i), e, f)
		}
	case string:
		f(path, t)
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// PodTemplate returns the pod template inside a workload and true, or false.
func (o Object) PodTemplate() (map[string]any, bool) {
	var t map[string]any
	switch o.Kind() {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job":
		t = o.Map("spec", "template")
	case "CronJob":
		t = o.Map("spec", "jobTemplate", "spec", "template")
	}
	return t, t != nil
}

// Merge puts b over a: mappings are merged, anything else of b wins. Neither
// is changed.
func Merge(a, b map[string]any) map[string]any {
	out := make(map[string]any, len(a)+len(b))
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		x, isMap := out[k].(map[string]any)
		y, also := v.(map[string]any)
		if isMap && also {
			v = Merge(x, y)
		}
		out[k] = v
	}
	return out
}
