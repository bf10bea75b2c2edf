// Package check is the preflight: rules over what a build needs and what came
// out of it. A rule is a function of a Subject; it reads no file and needs no
// key. What needs one is asked by the caller and handed in.
package check

import (
	"fmt"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// Encrypted is the public side of one SOPS file and of the rule that is meant
// for it.
type Encrypted struct {
	File       string
	Recipients []string // who can open it now
	Rule       []string // who should, as .sops.yaml says
}

// Subject is what the rules look at: one environment.
type Subject struct {
	Root        string // the environment's folder, as shown to people
	Registry    *spec.Registry
	Objects     []object.Object // the environment's build, after kustomize
	Credentials []Encrypted
	Sealed      []Encrypted
}

// Finding is what a rule found.
type Finding struct {
	Rule string
	problem.Problem
}

// Error puts the rule's id behind the problem.
func (f Finding) Error() string {
	text, next, found := strings.Cut(f.Problem.Error(), "\n")
	text += " [" + f.Rule + "]"
	if found {
		text += "\n" + next
	}
	return text
}

type rule struct {
	id string
	on func(Subject) problem.List
}

// rules of one environment, in the order in which they are told.
var rules = []rule{
	{"recipients", recipients},
	{"cluster-key", clusterKey},
	{"host", host},
	{"pull-secret-namespace", pullSecretNamespaces},
	{"schema", schemas},
}

// Rules lists the ids of every rule.
func Rules() []string {
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.id)
	}
	return append(ids, "cluster-keys-disjoint")
}

// Run applies every rule: those on one environment to each subject, and those
// on all of them together.
func Run(subjects []Subject) []Finding {
	var out []Finding
	for _, s := range subjects {
		for _, r := range rules {
			for _, p := range r.on(s) {
				out = append(out, Finding{r.id, p})
			}
		}
	}
	for _, p := range disjoint(subjects) {
		out = append(out, Finding{"cluster-keys-disjoint", p})
	}
	return out
}

// recipients: every file is encrypted for exactly those whom .sops.yaml names.
func recipients(s Subject) problem.List {
	var l problem.List
	for _, e := range append(append([]Encrypted{}, s.Credentials...), s.Sealed...) {
		more, less := without(e.Recipients, e.Rule), without(e.Rule, e.Recipients)
		if len(more) > 0 {
			l.Add(problem.Problem{File: e.File, What: "can be opened by recipients that .sops.yaml does not name: " + strings.Join(more, ", "),
				Next: "reggen seal " + s.Root + "\nand change every secret in it if that key was taken away on purpose"})
		}
		if len(less) > 0 {
			l.Add(problem.Problem{File: e.File, What: "can't be opened by recipients that .sops.yaml names: " + strings.Join(less, ", "),
				Next: "reggen seal " + s.Root})
		}
	}
	return l
}

// ClusterKeys are the recipients of sealed files that are not recipients of
// credentials: the keys that clusters hold.
func (s Subject) ClusterKeys() []string {
	return without(union(s.Sealed), union(s.Credentials))
}

func union(files []Encrypted) []string {
	seen := map[string]bool{}
	var out []string
	for _, f := range files {
		for _, r := range f.Rule {
			if !seen[r] {
				seen[r] = true
				out = append(out, r)
			}
		}
	}
	sort.Strings(out)
	return out
}

func without(a, b []string) []string {
	not := map[string]bool{}
	for _, x := range b {
		not[x] = true
	}
	var out []string
	for _, x := range a {
		if !not[x] {
			out = append(out, x)
		}
	}
	return out
}

// clusterKey: somebody besides the people can open sealed files, or a cluster
// never could; a key that opens both kinds of file is a person's, so a
// cluster that shares it could read credentials.
func clusterKey(s Subject) problem.List {
	if len(s.Sealed) == 0 || len(s.ClusterKeys()) > 0 {
		return nil
	}
	return problem.List{{File: s.Root, What: "no cluster key: everyone who can open sealed files can open the credentials too",
		Want: "in .sops.yaml a recipient of the sealed rule that is not one of the credentials rule",
		Next: "age-keygen makes a key for the cluster; put its public key into the sealed rule, then run reggen seal " + s.Root}}
}

// disjoint: a cluster's key opens the sealed files of its own environment only.
func disjoint(subjects []Subject) problem.List {
	var l problem.List
	owner := map[string]string{}
	for _, s := range subjects {
		for _, k := range s.ClusterKeys() {
			if other, ok := owner[k]; ok && other != s.Root {
				l.Add(problem.Problem{File: s.Root, What: fmt.Sprintf("shares the cluster key %s with %s", k, other),
					Want: "a key of its own for each cluster"})
				continue
			}
			owner[k] = s.Root
		}
	}
	return l
}
