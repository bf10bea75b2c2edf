package check

import (
	"fmt"

	"github.com/reggen/reggen/generator/problem"
)

// Person is the public side of a user's credential.
type Person struct {
	User string
	Cost int // bcrypt's, 0 when the credential doesn't say
	File string
}

// bcrypt's time doubles with each step; the registry asks it at every request.
// The figures were taken on a busy machine: 76 ms at cost 8, 209 at 10, 951 at
// 12 (docs/guide/check.md).
const (
	mostCost    = 10 // for people
	mostMachine = 8  // for users that pull in many pods at once
)

func bcryptCost(s Subject) problem.List {
	if s.Registry == nil {
		return nil
	}
	pulls := map[string]string{}
	for _, name := range sortedKeys(s.Registry.Spec.PullSecrets) {
		pulls[s.Registry.Spec.PullSecrets[name].User] = name
	}
	var l problem.List
	for _, p := range s.People {
		secret, machine := pulls[p.User]
		switch {
		case p.Cost > mostCost:
			l.Add(problem.Problem{File: p.File, Path: "cost", What: fmt.Sprintf("is %d: every request of %q keeps the registry busy for that long", p.Cost, p.User), Want: fmt.Sprintf("%d at most", mostCost)})
		case machine && p.Cost > mostMachine:
			l.Add(problem.Problem{File: p.File, Path: "cost", What: fmt.Sprintf("is %d, and every node pulls with %s", p.Cost, secret), Want: fmt.Sprintf("%d at most, with a password that reggen makes", mostMachine)})
		}
	}
	return l
}

// pullerPushes: htpasswd knows no roles, so a user of its own for pulling is
// the most there is; where the only user is the puller, everybody pushes with
// what lies in the cluster.
func pullerPushes(s Subject) problem.List {
	if s.Registry == nil || len(s.People) != 1 {
		return nil
	}
	var l problem.List
	for _, name := range sortedKeys(s.Registry.Spec.PullSecrets) {
		if user := s.Registry.Spec.PullSecrets[name].User; user == s.People[0].User {
			l.Add(problem.Problem{File: s.Root, Path: "spec.pullSecrets." + name + ".user", What: fmt.Sprintf("%q is the only user, so whoever pushes pushes with what every node holds", user),
				Want: "a user of its own for pulling", Next: "reggen user add NAME --dir " + s.Root})
		}
	}
	return l
}

// functionAnnotation: kustomize drops an annotated function without a word
// unless it is given --enable-exec too.
func functionAnnotation(s Subject) problem.List {
	var l problem.List
	if s.Annotated {
		l.Add(problem.Problem{File: s.Root, Path: "metadata.annotations", What: "config.kubernetes.io/function makes kustomize leave the registry out, without an error, unless it runs with --enable-exec",
			Want: "no annotation: the plugin needs --enable-alpha-plugins alone", Next: "take it out, and run reggen plugin install where kustomize runs"})
	}
	for _, f := range s.Functions {
		l.Add(problem.Problem{File: s.Root, What: "the " + f + " is a function that a program answers: kustomize leaves it out, without an error, unless it runs with --enable-exec, and so does reggen build without --allow-programs",
			Want: "a plugin, which fails loudly when it is missing; or silence this rule where only kustomize --enable-exec builds it"})
	}
	return l
}
