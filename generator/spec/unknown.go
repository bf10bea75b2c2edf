package spec

import (
	"reflect"
	"sort"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// later are fields that the language has a place for and this version doesn't
// support.
var later = map[string]bool{
	"spec.chart": true,
}

// secrets are names under which people look for a place to put a secret.
var secrets = map[string]bool{
	"accesskey": true, "secretkey": true, "accesskeyid": true, "secretaccesskey": true, "password": true,
	"passwords": true, "htpasswd": true, "httpsecret": true, "hasharedsecret": true, "users": true, "hash": true,
}

// unknown reports a key that t has no field for, as helpfully as it can: the
// same name at another level, the nearest name here, or all names.
func (w *walker) unknown(k *yaml.Node, at place, t reflect.Type) {
	p := problem.Problem{Path: join(at.path, k.Value), What: "unknown field"}
	names := namesOf(t)
	lower := strings.ToLower(k.Value)
	elsewhere := allFields()[lower]
	switch near := problem.Nearest(k.Value, names); {
	case later[join2(at.field, k.Value)]:
		p.What = "is not supported by this version of reggen"
	case at.field == "spec.proxy" && (lower == "username" || lower == "password"):
		p.What = "unknown field, and a spec holds no secrets"
		p.Want, p.Next = "a credential of type proxy", "reggen credential set proxy"
	case near != "" && strings.EqualFold(near, k.Value):
		p.Near = near
	case secrets[lower]:
		p.What = "unknown field, and a spec holds no secrets"
		p.Next = "put it into a RegistryCredential encrypted with SOPS: a user, and the bucket's keys, are a file each in credentials/"
	case len(elsewhere) == 1:
		p.Near = elsewhere[0]
	case near != "":
		p.Near = near
	case len(elsewhere) > 1 && len(elsewhere) <= 3:
		p.Want = oneOf(elsewhere)
	default:
		p.Want = oneOf(names)
	}
	w.add(k, p)
	switch { // the field meant is not missing as well
	case strings.Contains(p.Near, "."):
		w.covered = append(w.covered, p.Near)
	case p.Near != "":
		w.covered = append(w.covered, join(at.path, p.Near))
	}
}

// fieldsOf maps the JSON names of a struct's fields to their indexes.
func fieldsOf(t reflect.Type) map[string]int {
	out := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		out[jsonName(t.Field(i))] = i
	}
	return out
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func namesOf(t reflect.Type) []string {
	out := make([]string, t.NumField())
	for i := range out {
		out[i] = jsonName(t.Field(i))
	}
	sort.Strings(out)
	return out
}

// allFields maps each name, in lower case, to the paths where it is a field.
var allFields = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	visit(reflect.TypeFor[Registry](), "", func(path string, f reflect.StructField) {
		name := strings.ToLower(jsonName(f))
		out[name] = append(out[name], path)
	})
	return out
})

// visit calls f for every field of t and of what it holds, in the order in
// which they are declared. Any key of a map
// and any index of a list is a star.
func visit(t reflect.Type, path string, f func(path string, field reflect.StructField)) {
	for i := range t.NumField() {
		field := t.Field(i)
		at := join2(path, jsonName(field))
		f(at, field)
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Map || inner.Kind() == reflect.Slice {
			inner, at = inner.Elem(), at+".*"
		}
		if inner.Kind() == reflect.Struct {
			visit(inner, at, f)
		}
	}
}
