// Package check is the preflight: rules over what a build needs and what came
// out of it, those on rendered objects alone being package rendered's. A rule is a function of what it is given; it reads no file and
// needs no key. What needs one is asked by the caller and handed in.
//
// No finding holds a secret: rules name fields and never quote what could be
// one, a configuration value or an environment variable for instance.
package check

import (
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rendered"
	"github.com/reggen/reggen/generator/spec"
)

// Encrypted is the public side of one SOPS file and of the rule that is meant
// for it.
type Encrypted struct {
	File       string
	Recipients []string // who can open it now
	Rule       []string // who should, as .sops.yaml says
	Regrouped  bool     // the same recipients, but in other groups
	From       string   // the .sops.yaml and its rule, as shown to people
	Nested     string   // "a counts instead of b", where another .sops.yaml stands further up
}

// Subject is one environment.
type Subject struct {
	Root        string          // the environment's folder, as shown to people
	Build       string          // the folder whose build it is part of; "" for Root
	Registry    *spec.Registry  // nil for a Chart, and for a kustomization of something else
	Check       *spec.Check     // what the spec says to check
	Objects     []object.Object // the environment's build, after kustomize
	Built       bool            // there are such objects, where they were left out
	Credentials []Encrypted
	Sealed      []Encrypted
	People      []Person // the users
	Annotated   bool     // the spec asks kustomize to run a function
	Functions   []string // what else in the kustomization asks it to run a program
}

// Rendered is a set of objects that are applied together.
type Rendered struct {
	From    string // the folder or the file, as shown to people
	Objects []object.Object

	// Anonymous are the releases whose specs say that anybody may come.
	Anonymous []string
}

// Finding is what a rule found.
type Finding struct {
	Rule     string
	Severity Severity
	Root     string // the environment, the build or the file that it is about
	Object   string // the object meant, "" when it is not about one
	Silenced string // the reason for which it doesn't count, from the spec
	problem.Problem
}

// Error is the finding for people: where, what, and the rule's id behind it.
func (f Finding) Error() string { return f.text(problem.Problem.Error) }

// Excerpted is Error with the line that is meant.
func (f Finding) Excerpted() string { return f.text(problem.Problem.Excerpted) }

func (f Finding) text(write func(problem.Problem) string) string {
	p := f.Problem
	switch {
	case f.Object != "" && p.Path != "":
		p.Path = f.Object + ": " + p.Path
	case f.Object != "":
		p.What = f.Object + " " + p.What
	}
	text, next, found := strings.Cut(write(p), "\n")
	text += " [" + f.Rule + "]"
	if found {
		text += "\n" + next
	}
	return text
}

// Told makes findings of what the caller found when it applied a rule itself,
// root being the environment.
func Told(id, root string, l problem.List) []Finding {
	r, ok := Lookup(id)
	if !ok {
		panic("check: no rule " + id)
	}
	return r.tell(root, l)
}

func (r Rule) tell(root string, l problem.List) []Finding {
	out := make([]Finding, len(l))
	for i, p := range l {
		out[i] = Finding{Rule: r.ID, Severity: r.Severity, Root: root, Problem: p}
	}
	return out
}

// Run applies every rule on environments: those on one to each of them, and
// those on all of them together.
func Run(subjects []Subject) []Finding {
	var out []Finding
	for _, s := range subjects {
		out = append(out, Each(s)...)
	}
	return append(out, Together(subjects)...)
}

// Each applies the rules on one environment.
func Each(s Subject) []Finding {
	var out []Finding
	for _, r := range environmentRules {
		if r.one != nil {
			out = append(out, r.tell(s.Root, r.one(s))...)
		}
	}
	return out
}

// Public is what Together and Silence need of an environment.
func (s Subject) Public() Subject {
	return Subject{Root: s.Root, Build: s.Build, Check: s.Check, Built: len(s.Objects) > 0, Credentials: s.Credentials, Sealed: s.Sealed}
}

// Together applies the rules on all environments.
func Together(subjects []Subject) []Finding {
	var out []Finding
	for _, r := range environmentRules {
		if r.all != nil {
			for _, p := range r.all(subjects) {
				out = append(out, r.tell(p.File, problem.List{p})...)
			}
		}
	}
	return out
}

// Parse reads a YAML stream of objects that some program rendered; from names it
// in errors, which quote nothing of it.
func Parse(from string, stream []byte) ([]object.Object, error) { return rendered.Parse(from, stream) }

// Run applies every rule on objects. It changes none of them. What two
// containers read is told once.
func (r Rendered) Run() []Finding {
	var out []Finding
	for _, f := range rendered.Run(r.Objects, r.Anonymous) {
		out = append(out, Finding{Rule: f.Rule.ID, Severity: f.Severity, Root: r.From, Object: f.In.String(),
			Problem: problem.Problem{File: r.From, Path: f.Path, What: f.What, Want: f.Want, Next: f.Rule.Fix}})
	}
	return out
}
