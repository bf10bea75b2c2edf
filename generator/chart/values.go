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
	if len(c.schema) == 0 {
		return nil
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(c.schema, &s); err != nil {
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
		sub, known := s.Properties[k]
		if v == nil && (known || !closed(s)) {
			continue // null takes a default away, as in Helm
		}
		if !known {
			if closed(s) {
				names := slices.Sorted(maps.Keys(s.Properties))
				l.Add(problem.Problem{Path: at, What: "the chart knows no such value", Near: problem.Nearest(k, names), Next: "reggen schema shows the spec's fields; most of them need no values"})
			} else if s.AdditionalProperties != nil {
				checkLeaf(l, at, v, s.AdditionalProperties)
			}
			continue
		}
		if m, ok := v.(map[string]any); ok && len(sub.Properties) > 0 && allows(sub, "object") {
			checkMap(l, at, m, sub)
			continue
		}
		checkLeaf(l, at, v, sub)
	}
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
	resolved, err := s.CloneSchemas().Resolve(nil)
	if err != nil || resolved.Validate(v) == nil {
		return
	}
	l.Add(problem.Problem{Path: path, What: "is not what the chart takes there", Want: wanted(s)})
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
	case s.Type != "":
		return article(s.Type)
	case len(s.Types) > 0:
		return strings.Join(s.Types, " or ")
	}
	return s.Description
}

func article(kind string) string {
	switch kind {
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	case "integer":
		return "a whole number"
	case "boolean":
		return "true or false"
	}
	return "a " + kind
}
