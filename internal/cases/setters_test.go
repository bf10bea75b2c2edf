package cases

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/values"
)

// setters finds out which fields of the spec, and which secrets, set which
// values of the chart: it takes every field that a case sets out, and changes
// it, and looks which values are others then. keys are the chart's, in order.
// What no field below changes is attributed to the mapping whose presence
// does.
func setters(t *testing.T, keys []string) map[string][]string {
	t.Helper()
	fields := Fields()
	byField, byParent := map[string]map[string]bool{}, map[string]map[string]bool{}
	mark := func(in map[string]map[string]bool, changed []string, by string) {
		for _, path := range changed {
			key := owner(keys, path)
			if in[key] == nil {
				in[key] = map[string]bool{}
			}
			in[key][by] = true
		}
	}
	for _, c := range load(t) {
		var doc map[string]any
		if err := yaml.Unmarshal(c.Spec, &doc); err != nil {
			t.Fatal(err)
		}
		p, err := c.Plan()
		if err != nil {
			t.Fatal(err)
		}
		base := leaves(valuesOf(t, doc, p.Refs))
		for _, f := range fields {
			for _, at := range find(doc, strings.Split(f, ".")) {
				mark(byField, differing(base, leaves(valuesOf(t, without(doc, at), p.Refs))), f)
				mark(byField, differing(base, leaves(valuesOf(t, changed(doc, at), p.Refs))), f)
			}
		}
		for _, f := range parents(fields) {
			for _, at := range find(doc, strings.Split(f, ".")) {
				mark(byParent, differing(base, leaves(valuesOf(t, without(doc, at), p.Refs))), f)
			}
		}
		for ref := range p.Refs {
			fewer := map[secret.Ref]secret.Facets{}
			for other, facets := range p.Refs {
				if other != ref {
					fewer[other] = facets
				}
			}
			mark(byField, differing(base, leaves(valuesOf(t, doc, fewer))), credentialOf(ref))
		}
	}
	for key, parents := range byParent {
		if byField[key] != nil {
			continue
		}
		byField[key] = map[string]bool{}
		for p := range parents {
			deeper := func(other string) bool { return strings.HasPrefix(other, p+".") }
			if !slices.ContainsFunc(keysOf(parents), deeper) {
				byField[key][p] = true
			}
		}
	}
	out := map[string][]string{}
	for key, by := range byField {
		out[key] = keysOf(by)
	}
	return out
}

// credentialOf names the credential that a secret comes from.
func credentialOf(ref secret.Ref) string {
	switch ref {
	case secret.HTPasswd:
		return "credentials of type user"
	case secret.HTTPSecret:
		return "credential of type machine"
	}
	kind, _, _ := strings.Cut(string(ref), ".")
	return "credential of type " + kind
}

// parents are the mappings above fields, from storage's kinds and the spec's
// own fields on.
func parents(fields []string) []string {
	seen := map[string]bool{}
	for _, f := range fields {
		for i, r := range f {
			if p := f[:i]; r == '.' && p != "metadata" && p != "spec" && p != "spec.storage" && !strings.HasSuffix(p, "*") {
				seen[p] = true
			}
		}
	}
	return keysOf(seen)
}

// valuesOf are the chart's values of a spec that need not be valid.
// None when a field is missing without which there are none.
func valuesOf(t *testing.T, doc any, refs map[secret.Ref]secret.Facets) (out map[string]any) {
	t.Helper()
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var r spec.Registry
	err = json.Unmarshal(text, &r)
	var other *json.UnmarshalTypeError
	if errors.As(err, &other) && other.Type == reflect.TypeFor[spec.Amount]() {
		// A number or a percentage, which only spec.Decode tells apart.
		var at []any
		for step := range strings.SplitSeq(other.Field, ".") {
			at = append(at, step)
		}
		return valuesOf(t, place(doc, at, func(m map[string]any, key string) { m[key] = fmt.Sprint(m[key]) }), refs)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	r = spec.Default(r)
	out, err = values.From(&r, secret.Placeholders(refs))
	if err != nil {
		return nil // a contradiction with spec.values or spec.config
	}
	return out
}

// leaves are the values that are no mappings, by path; mappings without
// entries are leaves.
func leaves(v map[string]any) map[string]any {
	out := map[string]any{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		if m, ok := v.(map[string]any); ok && len(m) > 0 {
			for k, e := range m {
				walk(at+"."+k, e)
			}
			return
		}
		out[strings.TrimPrefix(at, ".")] = v
	}
	walk("", v)
	return out
}

func differing(a, b map[string]any) []string {
	if len(b) < 2 {
		return nil
	}
	var out []string
	for k, v := range a {
		if w, ok := b[k]; !ok || !reflect.DeepEqual(v, w) {
			out = append(out, k)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	return out
}

// owner is the chart's key that a path of values belongs to: itself or the one
// above it; none for a mapping that is empty and only holds keys.
func owner(keys []string, path string) string {
	for _, k := range keys {
		if k == path || strings.HasPrefix(path, k+".") {
			return k
		}
		if strings.HasPrefix(k, path+".") {
			return ""
		}
	}
	return path
}

func copied(v any) any {
	switch t := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range t {
			out[k] = copied(e)
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = copied(e)
		}
		return out
	}
	return v
}

// place calls f with the mapping, and the key in it, that a place ends in.
func place(doc any, at []any, f func(m map[string]any, key string)) any {
	out := copied(doc)
	v := out
	for i, step := range at {
		m, isMap := v.(map[string]any)
		switch {
		case isMap && i == len(at)-1:
			f(m, step.(string))
		case isMap:
			v = m[step.(string)]
		default:
			v = v.([]any)[step.(int)]
		}
	}
	return out
}

func without(doc any, at []any) any {
	return place(doc, at, func(m map[string]any, key string) { delete(m, key) })
}

// changed gives a place another value of the same type.
func changed(doc any, at []any) any {
	return place(doc, at, func(m map[string]any, key string) {
		switch v := m[key].(type) {
		case bool:
			m[key] = !v
		case string:
			m[key] = v + "x"
		case float64:
			m[key] = v + 1
		}
	})
}

func keysOf(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Fields that no value of the chart follows from: the release's name and
// namespace, what reggen itself makes or reads, and what says that there are
// no keys.
var elsewhere = []string{
	"metadata.name", "metadata.namespace", "spec.auth.maxAge", "spec.pullSecrets.", "spec.secrets.", "spec.reggen", "spec.check.", "spec.chart", "spec.values", "spec.storage.s3.ambientCredentials", "spec.storage.azure.ambientCredentials",
}

// Every other field of the spec sets a value: none is taken and forgotten.
func TestNoFieldIsForgotten(t *testing.T) {
	set := map[string]bool{}
	for _, by := range setters(t, chartKeys(t)) {
		for _, f := range by {
			set[f] = true
		}
	}
	for _, f := range Fields() {
		if !set[f] && !slices.ContainsFunc(elsewhere, func(e string) bool { return strings.HasPrefix(f, e) }) {
			t.Errorf("no value of the chart follows from %s in any case", f)
		}
	}
	if len(set) < 60 {
		t.Error(fmt.Sprint("only ", len(set), " fields set anything"))
	}
}
