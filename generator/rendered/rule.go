// Package rendered is the part of the preflight that needs nothing but rendered
// objects: it finds the registries among them, whoever rendered them, knows what
// each of them reads, and holds the rules on it. A rule is a function of objects.
//
// No finding holds a secret: rules name fields and never quote what could be
// one, a configuration value or an environment variable for instance.
package rendered

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reggen/reggen/generator/kubernetes"
	"github.com/reggen/reggen/generator/object"
)

// Severity says how bad a finding is.
type Severity string

// The severities, the worst first.
const (
	Error   Severity = "error"   // it will not work, or a secret is in danger
	Warning Severity = "warning" // it works until something happens
	Info    Severity = "info"    // good to know
)

// AtLeast says whether s is as bad as o, or worse.
func (s Severity) AtLeast(o Severity) bool {
	all := []Severity{Error, Warning, Info}
	return slices.Index(all, s) <= slices.Index(all, o)
}

// Input says what a rule looks at.
type Input string

// Objects are all that a rule here looks at.
const Objects Input = "objects"

// Rule is one thing that goes wrong for people, and how to get out of it. Its
// texts are plain sentences for the reference page and for SARIF viewers.
type Rule struct {
	ID       string
	Severity Severity // of its findings, unless a finding says less
	Title    string   // what it demands, in one line
	Reason   string   // what happens otherwise
	Fix      string   // the way out
	Inputs   []Input

	onlyOn func(*build) []hit
}

// Rules lists every rule, in the order in which findings are told.
func Rules() []Rule {
	return slices.Concat(schemaRules, configurationRules, takenRules, podRules, upkeepRules, wiringRules, frontRules, imageRules)
}

// Found is what a rule found in an object.
type Found struct {
	Rule       Rule
	In         object.ID
	Path       string // the field, "" for the whole object
	What, Want string
	Severity   Severity
}

// Run applies every rule. It changes no object. What two containers read is told
// once. anonymous are the releases that anybody may come to.
func Run(objects []object.Object, anonymous []string) []Found {
	b := look(objects)
	b.anonymous = anonymous
	var out []Found
	for _, rule := range Rules() {
		told := map[hit]bool{}
		for _, h := range rule.onlyOn(b) {
			if told[h] {
				continue
			}
			told[h] = true
			f := Found{Rule: rule, In: h.in, Path: h.path, What: h.what, Want: h.want, Severity: rule.Severity}
			if h.severity != "" {
				f.Severity = h.severity
			}
			out = append(out, f)
		}
	}
	return out
}

// hit is what a rule found in one of the objects.
type hit struct {
	in         object.ID
	path       string // the field, "" for the whole object
	what, want string
	severity   Severity // "" for the rule's own
}

// at makes a hit.
func at(o object.Object, path, want, format string, args ...any) hit {
	return hit{in: o.ID(), path: path, want: want, what: fmt.Sprintf(format, args...)}
}

var schemaRules = []Rule{
	{
		ID: "schema", Severity: Error, Inputs: []Input{Objects}, onlyOn: schemas,
		Title:  "every object is what Kubernetes takes",
		Reason: "The API server refuses unknown kinds and wrong types, and drops misspelt fields with a warning that nobody sees in a pipeline.",
		Fix:    "Correct the field in the patch, or in the resource that brings the object.",
	},
}

// schemas: every object of a kind that Kubernetes itself knows is one that its
// API server takes.
func schemas(b *build) []hit {
	var l []hit
	for _, o := range b.objects {
		if r, refused := kubernetes.Refuses(o); refused {
			l = append(l, at(o, r.Path, r.Want, "%s", r.What))
		}
	}
	return l
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
