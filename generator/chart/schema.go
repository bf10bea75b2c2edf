package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"helm.sh/helm/v4/pkg/chart/common"
	helm "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/reggen/reggen/generator/problem"
)

// nowhere is a loader that loads nothing: a schema comes with its chart, and
// what it refers to elsewhere would be another one tomorrow.
type nowhere struct{}

var errElsewhere = errors.New("elsewhere")

// Load refuses.
func (nowhere) Load(string) (any, error) { return nil, errElsewhere }

// checkSchemas holds values against the values.schema.json of a chart and of its
// dependencies, as Helm does, apart from texts that stand for others. No message
// quotes a value.
func checkSchemas(h *helm.Chart, values any, stands func(string) bool) (l problem.List) {
	if len(h.Schema) > 0 {
		l = checkSchema(h, values, stands)
	}
	for _, d := range h.Dependencies() {
		below, _ := asMap(values)[d.Name()]
		if below != nil {
			l = append(l, checkSchemas(d, below, stands)...)
		}
	}
	return l
}

func asMap(v any) map[string]any {
	switch t := v.(type) {
	case common.Values:
		return t
	case map[string]any:
		return t
	}
	return nil
}

func checkSchema(h *helm.Chart, values any, stands func(string) bool) problem.List {
	file := "chart " + h.Name() + ", values.schema.json"
	schema, err := validator.UnmarshalJSON(bytes.NewReader(h.Schema))
	if err != nil {
		return problem.List{{File: file, What: "is not JSON"}}
	}
	compiler := validator.NewCompiler()
	compiler.UseLoader(nowhere{})
	const url = "file:///values.schema.json"
	if err := compiler.AddResource(url, schema); err != nil {
		return problem.List{{File: file, What: "is not a JSON Schema"}}
	}
	compiled, err := compiler.Compile(url)
	var elsewhere *validator.LoadURLError
	switch {
	case errors.As(err, &elsewhere):
		return problem.List{{File: file, What: "refers to a schema that is not in the chart, which is not followed", Want: "a schema that is whole"}}
	case err != nil:
		return problem.List{{File: file, What: "is not a JSON Schema"}}
	}
	text, err := json.Marshal(values)
	if err != nil {
		return problem.List{{File: file, What: "can't be held against these values"}}
	}
	instance, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return problem.List{{File: file, What: "can't be held against these values"}}
	}
	var invalid *validator.ValidationError
	if err := compiled.Validate(instance); !errors.As(err, &invalid) {
		return nil
	}
	j := judge{instance, stands}
	if !j.certain(invalid) {
		return nil
	}
	var l problem.List
	ends(invalid, func(e *validator.ValidationError) {
		if !j.certain(e) {
			return
		}
		path := "spec.values"
		for _, part := range e.InstanceLocation {
			path = problem.Below(path, part)
		}
		l.Add(problem.Problem{File: file, Path: path, What: fmt.Sprintf("is not what the chart takes there (%s)", keyword(e))})
	})
	l.Sort()
	return l
}

// keyword is what in the schema refuses.
func keyword(e *validator.ValidationError) string {
	switch e.ErrorKind.(type) {
	case *kind.Not:
		return "not"
	case *kind.FalseSchema:
		return "false"
	}
	return strings.Join(e.ErrorKind.KeywordPath(), "/")
}

// byContent are the keywords that judge a mapping or a list by the texts in it.
var byContent = []string{"not", "oneOf", "enum", "const", "uniqueItems", "contains", "minContains", "maxContains"}

// judge tells what is wrong with values in which texts stand for others.
type judge struct {
	instance any
	stands   func(string) bool
}

// certain says whether an error is one whatever the real texts are: that a text
// is none of what is asked for is, that its letters are others is not.
func (j judge) certain(e *validator.ValidationError) bool {
	keyword := keyword(e)
	at := standing(j.instance, e.InstanceLocation)
	text, isText := at.(string)
	switch {
	case len(e.Causes) > 0 && (keyword == "anyOf" || keyword == "oneOf"): // each could hold
		return !slices.ContainsFunc(e.Causes, func(c *validator.ValidationError) bool { return !j.certain(c) })
	case len(e.Causes) > 0:
		return slices.ContainsFunc(e.Causes, j.certain)
	case isText && j.stands(text):
		return keyword == "type" || keyword == "false"
	}
	return !slices.Contains(byContent, keyword) || !j.holds(at)
}

// holds says whether a text that stands for another is in v.
func (j judge) holds(v any) bool {
	switch t := v.(type) {
	case string:
		return j.stands(t)
	case []any:
		return slices.ContainsFunc(t, j.holds)
	case map[string]any:
		for _, e := range t {
			if j.holds(e) {
				return true
			}
		}
	}
	return false
}

// standing is what stands at a place of a JSON document.
func standing(v any, location []string) any {
	for _, part := range location {
		switch t := v.(type) {
		case map[string]any:
			v = t[part]
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n < 0 || n >= len(t) {
				return nil
			}
			v = t[n]
		}
	}
	return v
}

func ends(e *validator.ValidationError, f func(*validator.ValidationError)) {
	if len(e.Causes) == 0 {
		f(e)
	}
	for _, c := range e.Causes {
		ends(c, f)
	}
}
