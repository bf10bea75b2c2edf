package spec

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// Amount is a number of pods, or a percentage of them: 1 or 25%.
type Amount string

const patternAmount = `^(0|[1-9][0-9]{0,4})%?$`

var reAmount = regexp.MustCompile(patternAmount)

// MarshalJSON writes a number as one, as Kubernetes wants it.
func (a Amount) MarshalJSON() ([]byte, error) {
	if n, err := strconv.Atoi(string(a)); err == nil {
		return json.Marshal(n)
	}
	return json.Marshal(string(a))
}

// of is how many of n pods are meant; Kubernetes rounds percentages up, in
// disruption budgets both ways.
func (a Amount) of(n int) int {
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
	if !reAmount.MatchString(string(*a)) {
		v.add(path, quote(string(*a))+" is neither a number nor a percentage", "one, for instance 1 or 50%")
		return false
	}
	if n, ok := strings.CutSuffix(string(*a), "%"); ok && len(n) > 2 && n != "100" {
		v.add(path, "is more than 100%", "at most that")
		return false
	}
	return true
}
