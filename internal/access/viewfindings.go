package access

import (
	"fmt"
	"slices"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/sarif"
)

// viewFindings tells what was found in several places alike once, the worst first.
func (r *Report) viewFindings(v *view) {
	if r.Check == nil {
		v.Summary = "It was not run."
		return
	}
	c := r.Check
	v.Found = fmt.Sprint(c.Error + c.Warning + c.Info)
	v.Summary = "reggen check found " + c.counted() + ", without a key: what only a key can prove was not looked at."
	if c.Silenced > 0 {
		v.Summary += fmt.Sprintf(" %d silenced in the spec.", c.Silenced)
	}
	at, where := map[viewFindingKey]int{}, [][]string{}
	for _, f := range c.Findings {
		message := problem.Problem{Path: f.Path, What: f.Message, Want: f.Expected, Near: f.Near}
		if f.Object != "" {
			message.What = f.Object + ": " + f.Message
		}
		key := viewFindingKey{f.Rule, f.Severity, message.Error()}
		if f.Silenced != "" {
			key.severity, key.message = "silenced", key.message+" (silenced: "+f.Silenced+")"
		}
		i, known := at[key]
		if !known {
			i = len(v.Findings)
			at[key] = i
			v.Findings = append(v.Findings, viewFinding{Rule: problem.Shown(f.Rule), Severity: key.severity, Link: sarif.Docs + "reference/rules.md#" + f.Rule, Message: problem.Shown(key.message), Next: problem.Shown(f.Next)})
			where = append(where, nil)
		}
		place := f.File
		if place == "" {
			place = f.Environment
		}
		if place = problem.Shown(place); place != "" && !slices.Contains(where[i], place) {
			where[i] = append(where[i], place)
		}
	}
	for i := range v.Findings {
		if v.Findings[i].Where = placesOf(where[i], "places"); len(where[i]) > 1 {
			v.Findings[i].Next = ""
		}
	}
	worst := func(f viewFinding) int {
		if i := slices.Index(check.Severities, check.Severity(f.Severity)); i >= 0 {
			return i
		}
		return len(check.Severities)
	}
	slices.SortStableFunc(v.Findings, func(a, b viewFinding) int { return worst(a) - worst(b) })
}

func (c *Check) counted() string {
	return many(c.Error, "error") + ", " + many(c.Warning, "warning") + " and " + many(c.Info, "info")
}

type viewFindingKey struct{ rule, severity, message string }
