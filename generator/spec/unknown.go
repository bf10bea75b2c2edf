package spec

import (
	"reflect"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/strict"
)

// secrets are names under which people look for a place to put a secret.
var secrets = map[string]bool{
	"accesskey": true, "secretkey": true, "accesskeyid": true, "secretaccesskey": true, "password": true,
	"passwords": true, "htpasswd": true, "httpsecret": true, "hasharedsecret": true, "users": true, "hash": true,
}

// unknownIn words keys that a kind has no field for.
func unknownIn(kind reflect.Type) strict.Unknown {
	return func(key string, at strict.Place, t reflect.Type) (problem.Problem, []string) {
		return unknown(kind, key, at, t)
	}
}

// unknown words a key that t has no field for, as helpfully as it can: the
// same name at another level of the kind, the nearest name here, or all names.
func unknown(kind reflect.Type, key string, at strict.Place, t reflect.Type) (p problem.Problem, meant []string) {
	p = problem.Problem{Path: problem.Below(at.Path, key), What: "unknown field"}
	names := strict.NamesOf(t)
	lower := strings.ToLower(key)
	elsewhere := allFields(kind)[lower]
	switch near := problem.Nearest(key, names); {
	case at.Field == "spec.proxy" && (lower == "username" || lower == "password"):
		p.What = "unknown field, and a spec holds no secrets"
		p.Want, p.Next = "a credential of type proxy", "reggen credential set proxy"
	case near != "" && strings.EqualFold(near, key):
		p.Near = near
	case secrets[lower]:
		p.What = "unknown field, and a spec holds no secrets"
		p.Next = "put it into a RegistryCredential encrypted with SOPS: a user, and the bucket's keys, are a file each in credentials/"
	case len(elsewhere) == 1:
		p.Near = elsewhere[0]
	case near != "":
		p.Near = near
	case len(elsewhere) > 1 && len(elsewhere) <= 3:
		p.Want = problem.OneOf(elsewhere)
	default:
		p.Want = problem.OneOf(names)
	}
	switch { // the field meant is not missing as well
	case strings.Contains(p.Near, "."):
		meant = []string{p.Near}
	case p.Near != "":
		meant = []string{problem.Below(at.Path, p.Near)}
	}
	return p, meant
}

// allFields maps each name, in lower case, to the paths where it is a field.
func allFields(kind reflect.Type) map[string][]string {
	out := map[string][]string{}
	strict.Visit(kind, "", func(path string, f reflect.StructField) {
		name := strings.ToLower(strict.JSONName(f))
		out[name] = append(out[name], path)
	})
	return out
}
