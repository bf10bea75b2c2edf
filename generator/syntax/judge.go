package syntax

import (
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// Judge collects what is wrong with the fields of a spec.
type Judge struct{ Problems problem.List }

// Add reports what is wrong with one field.
func (j *Judge) Add(path, what, want string) {
	j.Problems.Add(problem.Problem{Path: path, What: what, Want: want})
}

// Missing reports a required field without a value.
func (j *Judge) Missing(path, value, want string) bool {
	if value != "" {
		return false
	}
	j.Add(path, "is missing", want)
	return true
}

// Enum reports a value that is not one of those allowed.
func (j *Judge) Enum(path, value string, allowed []string) bool {
	if slices.Contains(allowed, value) {
		return true
	}
	p := problem.Problem{Path: path, What: "is " + problem.Quoted(value), Want: problem.OneOf(allowed)}
	if len(allowed) > 1 {
		p.Near = problem.Nearest(value, allowed)
	}
	j.Problems.Add(p)
	return false
}

// Name checks the name of an object, where there is one.
func (j *Judge) Name(path, value string) {
	if value != "" && !IsName(value) {
		j.Add(path, problem.Quoted(value)+" is not the name of an object", WantName)
	}
}

// SecretRef checks a reference to a Secret that something else brings.
func (j *Judge) SecretRef(path, name string, keys map[string]string) {
	if !j.Missing(path+".name", name, "the Secret's name") {
		j.Name(path+".name", name)
	}
	for _, field := range slices.Sorted(maps.Keys(keys)) {
		if k := keys[field]; k != "" && (!DataKey.Matches(k) || k == "." || strings.HasPrefix(k, "..")) {
			j.Add(path+"."+field, problem.Quoted(k)+" is not a key of a Secret", "letters, digits, '-', '_' and '.'")
		}
	}
}
