package check

import (
	"fmt"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// recipients: every file is encrypted for exactly those whom .sops.yaml names.
func recipients(s Subject) problem.List {
	var l problem.List
	for _, e := range append(append([]Encrypted{}, s.Credentials...), s.Sealed...) {
		more, less := without(e.Recipients, e.Rule), without(e.Rule, e.Recipients)
		if len(more) > 0 {
			l.Add(problem.Problem{File: e.File, What: "can be opened by recipients that .sops.yaml does not name: " + strings.Join(more, ", "),
				Next: "reggen seal " + problem.QuoteArg(s.Root) + "\nand change every secret in it if that key was taken away on purpose"})
		}
		if e.Regrouped && len(more)+len(less) == 0 {
			l.Add(problem.Problem{File: e.File, What: "has other key groups or another threshold than .sops.yaml says", Next: "reggen seal " + problem.QuoteArg(s.Root)})
		}
		if len(less) > 0 {
			l.Add(problem.Problem{File: e.File, What: fmt.Sprintf("can't be opened so far by recipients that %s names: %s", e.From, strings.Join(less, ", ")),
				Want: "readers whom you know", Next: "find out who added them, and if they are right: reggen seal " + problem.QuoteArg(s.Root)})
		}
	}
	return l
}

// nestedRules: nobody looks for rules where they don't expect any.
func nestedRules(s Subject) problem.List {
	var l problem.List
	seen := map[string]bool{}
	for _, e := range append(append([]Encrypted{}, s.Credentials...), s.Sealed...) {
		if e.Nested != "" && !seen[e.Nested] {
			seen[e.Nested] = true
			l.Add(problem.Problem{File: s.Root, What: e.Nested, Want: "a file that you know"})
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

// disjoint: a cluster's key opens the sealed files of its own environment and
// nothing else, no credential of another one above all.
func disjoint(subjects []Subject) problem.List {
	var l problem.List
	// Nearly no two of hundreds of environments have a key in common: of each
	// key only those are looked at that it opens something of.
	opens := map[string][]int{}
	credentials := make([]map[string]bool, len(subjects))
	for i, s := range subjects {
		credentials[i] = map[string]bool{}
		for _, k := range union(s.Credentials) {
			credentials[i][k] = true
		}
		for _, k := range union(append(append([]Encrypted{}, s.Credentials...), s.Sealed...)) {
			opens[k] = append(opens[k], i)
		}
	}
	for i, s := range subjects {
		for _, k := range s.ClusterKeys() {
			for _, j := range opens[k] {
				o := subjects[j]
				switch {
				case o.Root == s.Root:
				case credentials[j][k]:
					l.Add(problem.Problem{File: o.Root, What: fmt.Sprintf("the cluster key %s of %s opens its credentials", k, s.Root),
						Want: "people alone in the credentials rule"})
				case j < i: // it opens sealed files of both
					l.Add(problem.Problem{File: s.Root, What: fmt.Sprintf("shares the cluster key %s with %s", k, o.Root),
						Want: "a key of its own for each cluster"})
				}
			}
		}
	}
	return l
}
