package spec

import (
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/strict"
	"github.com/reggen/reggen/generator/syntax"
)

// Amount is a number of pods, or a percentage of them: 1 or 25%.
type Amount = strict.Amount

// podsOf is how many of n pods are meant; Kubernetes rounds percentages up, in
// disruption budgets both ways.
func podsOf(a Amount, n int) int {
	digits, percent := strings.CutSuffix(string(a), "%")
	i, _ := strconv.Atoi(digits)
	if percent {
		return (i*n + 99) / 100
	}
	return i
}

// amount checks one; it says whether there is a good one.
func (v *validator) amount(path string, a *Amount) bool {
	if a == nil {
		return false
	}
	if !syntax.Amount.Matches(string(*a)) {
		v.Add(path, problem.Quoted(string(*a))+" is neither a number nor a percentage", "one, for instance 1 or 50%")
		return false
	}
	if n, ok := strings.CutSuffix(string(*a), "%"); ok && len(n) > 2 && n != "100" {
		v.Add(path, "is more than 100%", "at most that")
		return false
	}
	return true
}
