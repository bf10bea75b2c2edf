package schema

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"
)

// conform checks v, decoded from JSON, against the part of JSON Schema that
// the schemas use, and fails on a keyword that it doesn't know, so that no
// rule goes unchecked.
func conform(t *testing.T, schema object, v any, at string) []string {
	t.Helper()
	var out []string
	bad := func(at, what string) { out = append(out, at+": "+what) }
	text, isText := v.(string)
	number, isNumber := v.(float64)
	list, _ := v.([]any)
	m, isMap := v.(object)
	for _, keyword := range slices.Sorted(maps.Keys(schema)) {
		arg := schema[keyword]
		switch keyword {
		case "$schema", "$id", "title", "description", "then":
		case "type":
			names, ok := arg.([]any)
			if !ok {
				names = []any{arg}
			}
			if !slices.Contains(names, any(typeOf(v))) && !(typeOf(v) == "integer" && slices.Contains(names, any("number"))) {
				bad(at, "type")
			}
		case "const":
			if !reflect.DeepEqual(v, arg) {
				bad(at, "const")
			}
		case "enum":
			if !slices.ContainsFunc(arg.([]any), func(e any) bool { return reflect.DeepEqual(e, v) }) {
				bad(at, "enum")
			}
		case "pattern":
			if isText && !regexp.MustCompile(arg.(string)).MatchString(text) {
				bad(at, "pattern")
			}
		case "maxLength":
			if isText && utf8.RuneCountInString(text) > int(arg.(float64)) {
				bad(at, "maxLength")
			}
		case "minLength":
			if isText && utf8.RuneCountInString(text) < int(arg.(float64)) {
				bad(at, "minLength")
			}
		case "minProperties":
			if isMap && len(m) < int(arg.(float64)) {
				bad(at, "minProperties")
			}
		case "minimum":
			if isNumber && number < arg.(float64) {
				bad(at, "minimum")
			}
		case "maximum":
			if isNumber && number > arg.(float64) {
				bad(at, "maximum")
			}
		case "uniqueItems":
			for i := range list {
				if slices.Contains(list[:i], list[i]) {
					bad(at, "uniqueItems")
				}
			}
		case "items":
			for i, e := range list {
				out = append(out, conform(t, arg.(object), e, fmt.Sprintf("%s/%d", at, i))...)
			}
		case "required":
			for _, name := range arg.([]any) {
				if _, ok := m[name.(string)]; isMap && !ok {
					bad(at, name.(string)+" missing")
				}
			}
		case "properties":
			for k, s := range arg.(object) {
				if e, ok := m[k]; ok {
					out = append(out, conform(t, s.(object), e, at+"/"+k)...)
				}
			}
		case "propertyNames":
			for k := range m {
				out = append(out, conform(t, arg.(object), k, at+"/"+k)...)
			}
		case "additionalProperties":
			known, _ := schema["properties"].(object)
			patterns, _ := schema["patternProperties"].(object)
			for k, e := range m {
				matches := func(p string) bool { return regexp.MustCompile(p).MatchString(k) }
				if _, ok := known[k]; ok || slices.ContainsFunc(slices.Collect(maps.Keys(patterns)), matches) {
					continue
				}
				if s, ok := arg.(object); ok {
					out = append(out, conform(t, s, e, at+"/"+k)...)
				} else if arg == false {
					bad(at+"/"+k, "unknown")
				}
			}
		case "patternProperties":
			for k, e := range m {
				for p, s := range arg.(object) {
					if regexp.MustCompile(p).MatchString(k) {
						out = append(out, conform(t, s.(object), e, at+"/"+k)...)
					}
				}
			}
		case "anyOf":
			if !slices.ContainsFunc(arg.([]any), func(s any) bool { return len(conform(t, s.(object), v, at)) == 0 }) {
				bad(at, "anyOf")
			}
		case "allOf":
			for _, s := range arg.([]any) {
				out = append(out, conform(t, s.(object), v, at)...)
			}
		case "if":
			if len(conform(t, arg.(object), v, at)) == 0 {
				out = append(out, conform(t, schema["then"].(object), v, at)...)
			}
		default:
			t.Errorf("keyword %q at %s is not checked", keyword, at)
		}
	}
	return out
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
