package check

import (
	"github.com/reggen/reggen/generator/problem"
)

// Silence marks the findings that the specs of their environments silence,
// with the reasons given there, and adds what is wrong with the silences
// themselves: a rule that doesn't exist or can't be silenced (an error), one
// that found nothing (an info).
func Silence(findings []Finding, subjects []Subject) []Finding {
	out := append([]Finding{}, findings...)
	ids := make([]string, 0, len(Rules()))
	for _, r := range Rules() {
		ids = append(ids, r.ID)
	}
	at := places(out)
	for _, s := range subjects {
		if s.Check == nil {
			continue
		}
		for _, id := range sortedKeys(s.Check.Silence) {
			path := "spec.check.silence." + id
			rule, known := Lookup(id)
			tell := func(severity Severity, p problem.Problem) {
				p.File, p.Path, p.Named = s.Root, path, true
				out = append(out, Finding{Rule: ruleSilence, Severity: severity, Root: s.Root, Problem: p})
			}
			switch {
			case !known:
				tell(Error, problem.Problem{What: "no rule has this id", Near: problem.Nearest(id, ids), Next: "docs/reference/rules.md lists them"})
			case rule.Always:
				tell(Error, problem.Problem{What: "can't be silenced", Next: rule.Fix})
			case !at.mark(out, s, id) && s.decides(rule, subjects):
				tell(Info, problem.Problem{What: "silences nothing", Next: "take it out, so that it hides nothing later"})
			}
		}
	}
	return out
}

// place is what a rule found about an environment, a build or a file; of
// hundreds of environments nobody wants to look through all findings for each.
type place struct{ rule, root string }

type placed map[place][]int

func places(findings []Finding) placed {
	at := placed{}
	for i, f := range findings {
		p := place{f.Rule, f.Root}
		at[p] = append(at[p], i)
	}
	return at
}

// mark silences what a rule found in an environment, and says whether it had
// found anything.
func (at placed) mark(findings []Finding, s Subject, id string) bool {
	any := false
	for _, root := range []string{s.Root, s.Build} {
		for _, i := range at[place{id, root}] {
			findings[i].Silenced = s.Check.Silence[id]
			if problem.Secretish(findings[i].Silenced) {
				findings[i].Silenced = "(a reason that may hold a secret)"
			}
			any = true
		}
	}
	return any
}

// decides says whether the rule had all it needs to find something.
func (s Subject) decides(r Rule, subjects []Subject) bool {
	if r.all != nil {
		return len(subjects) > 1
	}
	return s.Built || len(s.Objects) > 0
}
