package spec

import (
	"sort"

	"github.com/reggen/reggen/generator/problem"
)

// Check is what the spec says to reggen check.
type Check struct {
	Silence map[string]string `json:"silence,omitempty"` // rule -> why it doesn't count here
}

// check asks for reasons. Which rules there are is reggen check's to know.
func (v *validator) check() {
	if v.s.Check == nil {
		return
	}
	var rules []string
	for rule := range v.s.Check.Silence {
		rules = append(rules, rule)
	}
	sort.Strings(rules)
	for _, rule := range rules {
		v.Missing(problem.Below("spec.check.silence", rule), v.s.Check.Silence[rule], "why the rule doesn't count here, for the next one who reads it")
	}
}
