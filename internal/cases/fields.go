package cases

import (
	"reflect"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/storage"
)

// Fields are the paths of every field of the spec and of metadata that holds
// no further ones; a star is any key of a map or any entry of a list.
func Fields() []string {
	var out []string
	r := reflect.TypeFor[spec.Registry]()
	for _, name := range []string{"Metadata", "Spec"} {
		f, _ := r.FieldByName(name)
		walk(f.Type, jsonName(f), func(path string) { out = append(out, path) })
	}
	return out
}

// Top are the names of the spec's own fields, metadata, and one
// "storage-..." for each kind of storage: what a case can be named after.
func Top() []string {
	out := []string{"metadata"}
	for f := range reflect.TypeFor[spec.RegistrySpec]().Fields() {
		if f.Type == reflect.TypeFor[storage.Place]() {
			for _, s := range Storages() {
				out = append(out, "storage-"+s)
			}
			continue
		}
		out = append(out, jsonName(f))
	}
	return out
}

// Storages are the kinds of storage that the spec knows.
func Storages() []string {
	var out []string
	for f := range reflect.TypeFor[storage.Place]().Fields() {
		out = append(out, jsonName(f))
	}
	return out
}

func walk(t reflect.Type, path string, leaf func(string)) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			walk(f.Type, path+"."+jsonName(f), leaf)
		}
		if t.NumField() == 0 {
			leaf(path)
		}
	case reflect.Map, reflect.Slice:
		e := t.Elem()
		for e.Kind() == reflect.Pointer {
			e = e.Elem()
		}
		if e.Kind() == reflect.Struct {
			walk(e, path+".*", leaf)
			return
		}
		leaf(path)
	default:
		leaf(path)
	}
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// Sets says whether a decoded document says something at a path of Fields.
func Sets(doc any, path string) bool { return len(find(doc, strings.Split(path, "."))) > 0 }

// find returns the places, as keys and indices, that a path with stars has in
// a document.
func find(v any, path []string) [][]any {
	if len(path) == 0 {
		return [][]any{{}}
	}
	var out [][]any
	below := func(key, e any) {
		for _, rest := range find(e, path[1:]) {
			out = append(out, append([]any{key}, rest...))
		}
	}
	switch t := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(t) {
			if path[0] == "*" || path[0] == k {
				below(k, t[k])
			}
		}
	case []any:
		for i, e := range t {
			if path[0] == "*" {
				below(i, e)
			}
		}
	}
	return out
}

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
