package probe

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/release"
	"github.com/reggen/reggen/internal/sarif"
	"github.com/reggen/reggen/internal/terminal"
)

// Outcome is how a step ended.
type Outcome string

// The outcomes.
const (
	Holds    Outcome = "ok"
	Note     Outcome = "note"      // good to know
	Warning  Outcome = "warning"   // it works until something happens
	Failed   Outcome = "failed"    // it does not work
	NotTried Outcome = "not tried" // something it needs was not there; why is said
)

// Step is one thing that was tried. Its JSON form is part of the command's
// contract: fields are added, never renamed.
type Step struct {
	Check    string  `json:"check"`
	On       string  `json:"on,omitempty"` // the host or the user that it is about
	Outcome  Outcome `json:"outcome"`
	Saw      string  `json:"saw"`
	Expected string  `json:"expected,omitempty"`
	Next     string  `json:"next,omitempty"`
}

// Report is what a probe found.
type Report struct {
	Environment string `json:"environment"`
	Host        string `json:"host"`
	Address     string `json:"address,omitempty"` // of --url
	Steps       []Step `json:"steps"`
	Count       struct {
		OK       int `json:"ok"`
		Note     int `json:"note"`
		Warning  int `json:"warning"`
		Failed   int `json:"failed"`
		NotTried int `json:"notTried"`
	} `json:"count"`
}

func (r *Report) add(s Step) {
	r.Steps = append(r.Steps, s)
	switch s.Outcome {
	case Holds:
		r.Count.OK++
	case Note:
		r.Count.Note++
	case Warning:
		r.Count.Warning++
	case Failed:
		r.Count.Failed++
	default:
		r.Count.NotTried++
	}
}

func (r *Report) ok(check, on, saw string, args ...any) {
	r.add(Step{Check: check, On: on, Outcome: Holds, Saw: fmt.Sprintf(saw, args...)})
}

func (r *Report) untried(check, on, why string) {
	r.add(Step{Check: check, On: on, Outcome: NotTried, Saw: why})
}

func (r *Report) failed(check, on, saw, expected, next string) {
	r.add(Step{Check: check, On: on, Outcome: Failed, Saw: saw, Expected: expected, Next: next})
}

// first is the first step that failed.
func (r *Report) first() (Step, bool) {
	for _, s := range r.Steps {
		if s.Outcome == Failed {
			return s, true
		}
	}
	return Step{}, false
}

// findings are the steps that say something of the registry, as check's are.
func (r *Report) findings() []check.Finding {
	worth := map[Outcome]check.Severity{Failed: check.Error, Warning: check.Warning, Note: check.Info}
	var out []check.Finding
	for _, s := range r.Steps {
		if worth[s.Outcome] == "" {
			continue
		}
		on := s.On
		if on == "" {
			on = r.Host
		}
		out = append(out, check.Finding{Rule: s.Check, Severity: worth[s.Outcome], Root: r.Environment,
			Problem: problem.Problem{File: r.Environment, Path: on, What: s.Saw, Want: s.Expected, Next: s.Next}})
	}
	return out
}

// Written is the report in a form: text for people, JSON or SARIF.
func (w *Work) Written(r Report, form string) ([]byte, error) {
	switch form {
	case "json":
		return terminal.JSONText(r)
	case "sarif":
		return terminal.JSONText(sarif.Of(Checks, Page, r.findings(), release.Version()))
	}
	return []byte(r.table(w.Tell.Painter())), nil
}

var looks = map[Outcome]terminal.Attribute{Holds: terminal.Green, Note: terminal.Bold, Warning: terminal.Yellow, Failed: terminal.Red, NotTried: terminal.Yellow}

// table is the report for people: a line a step, its next step below it.
func (r *Report) table(paint terminal.Painter) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, as %s has it", r.Host, problem.Shown(r.Environment))
	if r.Address != "" {
		fmt.Fprintf(&b, ", at %s", problem.Shown(r.Address))
	}
	b.WriteString("\n\n")
	width := 0
	label := func(s Step) string { return problem.Shown(strings.TrimSpace(s.Check + " " + s.On)) }
	const widest = 34
	for _, s := range r.Steps {
		if n := utf8.RuneCountInString(label(s)); n <= widest {
			width = max(width, n)
		}
	}
	for _, s := range r.Steps {
		name := label(s)
		pad := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(name)))
		word := string(s.Outcome)
		if s.Outcome == Failed {
			word = "FAILED"
		}
		fmt.Fprintf(&b, "%s%s  %s%s  %s", paint.Paint(word, looks[s.Outcome]), strings.Repeat(" ", max(0, 9-len(word))), name, pad, problem.Shown(s.Saw))
		if s.Expected != "" {
			fmt.Fprintf(&b, "; expected %s", problem.Shown(s.Expected))
		}
		b.WriteByte('\n')
		if s.Next != "" {
			for i, line := range strings.Split(problem.Lines(s.Next), "\n") {
				lead := "next: "
				if i > 0 {
					lead = "      "
				}
				fmt.Fprintf(&b, "%s%s%s\n", strings.Repeat(" ", 11), lead, line)
			}
		}
	}
	b.WriteString("\n" + r.summary() + "\n")
	return b.String()
}

func (r *Report) summary() string {
	parts := []string{fmt.Sprintf("%d held", r.Count.OK)}
	for _, c := range []struct {
		n    int
		word string
	}{{r.Count.Note, "%d note" + terminal.Plural(r.Count.Note)}, {r.Count.Warning, "%d warning" + terminal.Plural(r.Count.Warning)}, {r.Count.Failed, "%d failed"}, {r.Count.NotTried, "%d not tried"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf(c.word, c.n))
		}
	}
	return strings.Join(parts, ", ")
}
