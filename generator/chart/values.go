package chart

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reggen/reggen/generator/problem"
)

// CheckValues compares values that a person wrote under spec.values with the
// chart's values.schema.json: unknown keys with the nearest known one, wrong
// types, values outside a list. A chart without a schema accepts everything.
// No message quotes a value. References out of the schema are not followed.
func (c *Chart) CheckValues(values map[string]any) problem.List {
	if len(c.helm.Schema) == 0 {
		return nil
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(c.helm.Schema, &s); err != nil {
		return problem.List{{File: "values.schema.json", What: "is not a JSON Schema"}}
	}
	var l problem.List
	checkMap(&l, "spec.values", values, &s)
	l.Sort()
	return l
}

func checkMap(l *problem.List, path string, values map[string]any, s *jsonschema.Schema) {
	for _, k := range sortedKeys(values) {
		at, v := path+"."+k, values[k]
		switch {
		case problem.Secretish(k):
			at = path + problem.Key(k)
		case strings.ContainsAny(k, "./"):
			at = path + "[" + k + "]"
		}
		sub, known := s.Properties[k]
		if v == nil && slices.Contains(s.Required, k) {
			l.Add(problem.Problem{Path: at, What: "is empty, which takes the chart's defaults away", Want: strings.TrimSuffix(wanted(sub), unquoted), Next: "leave the key out to keep them"})
			continue
		}
		if v == nil && (known || !closed(s)) {
			continue // null takes a default away, as in Helm
		}
		switch {
		case known:
			checkValue(l, at, v, sub)
		case closed(s):
			names := slices.Sorted(maps.Keys(s.Properties))
			l.Add(problem.Problem{Path: at, What: "the chart knows no such value", Named: true, Near: problem.Nearest(k, names), Next: "reggen schema shows the spec's fields; most of them need no values"})
		case s.AdditionalProperties != nil:
			checkValue(l, at, v, s.AdditionalProperties)
		}
	}
}

// checkValue tells what is wrong within a mapping or a list, and otherwise
// what is wrong with the whole.
func checkValue(l *problem.List, path string, v any, s *jsonschema.Schema) {
	before := len(*l)
	switch t := v.(type) {
	case map[string]any:
		if allows(s, "object") {
			checkMap(l, path, t, s)
		}
	case []any:
		if allows(s, "array") && s.Items != nil {
			for i, e := range t {
				checkValue(l, fmt.Sprintf("%s[%d]", path, i), e, s.Items)
			}
		}
	}
	if len(*l) == before {
		checkLeaf(l, path, withoutNulls(v), s)
	}
}

// withoutNulls is a value without what null takes away.
func withoutNulls(v any) any {
	switch t := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range t {
			if e != nil {
				out[k] = withoutNulls(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = withoutNulls(e)
		}
		return out
	}
	return v
}

func allows(s *jsonschema.Schema, kind string) bool {
	if s.Type == kind {
		return true
	}
	for _, t := range s.Types {
		if t == kind {
			return true
		}
	}
	return false
}

// closed says that a schema has additionalProperties: false, which the library
// reads as "not anything".
func closed(s *jsonschema.Schema) bool {
	return s.AdditionalProperties != nil && s.AdditionalProperties.Not != nil
}

func checkLeaf(l *problem.List, path string, v any, s *jsonschema.Schema) {
	s = s.CloneSchemas()
	if closed(s) {
		s.Required = nil // the defaults bring it; only null takes it away, which is told
	}
	resolved, err := s.Resolve(nil)
	if err != nil || resolved.Validate(v) == nil {
		return
	}
	want := wanted(s)
	if _, text := v.(string); text && s.Pattern != "" && s.Description != "" {
		want = s.Description
	}
	l.Add(problem.Problem{Path: path, What: "is not what the chart takes there", Want: want})
}

// wanted words what a schema asks of a value.
func wanted(s *jsonschema.Schema) string {
	switch {
	case len(s.Enum) > 0:
		var words []string
		for _, e := range s.Enum {
			words = append(words, fmt.Sprint(e))
		}
		return "one of " + strings.Join(words, ", ")
	case len(s.Required) > 0 && !closed(s):
		return article(s.Type) + " with " + strings.Join(s.Required, " and ")
	case s.Minimum != nil && s.Maximum != nil:
		return fmt.Sprintf("%s from %v to %v", article(s.Type), *s.Minimum, *s.Maximum)
	case s.Minimum != nil:
		return fmt.Sprintf("%s, %v or more", article(s.Type), *s.Minimum)
	case s.Type != "":
		return article(s.Type)
	case len(s.Types) > 0:
		var words []string
		for _, t := range s.Types {
			if t != "null" && (t != "object" || s.MaxProperties == nil) {
				words = append(words, article(t))
			}
		}
		return strings.Join(words, " or ")
	}
	return s.Description
}

// unquoted says what is usually wrong with a text.
const unquoted = "; in quotes, where YAML takes it for something else"

func article(kind string) string {
	switch kind {
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	case "integer":
		return "a whole number"
	case "boolean":
		return "true or false, unquoted"
	case "string":
		return "text" + unquoted
	}
	return "a " + kind
}
