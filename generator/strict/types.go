package strict

import (
	"reflect"
	"sort"
	"strings"
)

// fieldsOf maps the JSON names of a struct's fields to their indexes.
func fieldsOf(t reflect.Type) map[string]int {
	out := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		out[JSONName(t.Field(i))] = i
	}
	return out
}

// JSONName is the name of a field in JSON and YAML.
func JSONName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// NamesOf are the names of a struct's fields, sorted.
func NamesOf(t reflect.Type) []string {
	out := make([]string, t.NumField())
	for i := range out {
		out[i] = JSONName(t.Field(i))
	}
	sort.Strings(out)
	return out
}

// Visit calls f for every field of t and of what it holds, in the order in
// which they are declared. Any key of a map
// and any index of a list is a star.
func Visit(t reflect.Type, path string, f func(path string, field reflect.StructField)) {
	for i := range t.NumField() {
		field := t.Field(i)
		at := under(path, JSONName(field))
		f(at, field)
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Map || inner.Kind() == reflect.Slice {
			inner, at = inner.Elem(), at+".*"
		}
		if inner.Kind() == reflect.Struct {
			Visit(inner, at, f)
		}
	}
}
