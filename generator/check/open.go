package check

import (
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rendered"
)

// openRegistry: where the spec has users, the registry asks for them. What
// takes the question away, a patch for instance, has to say so in the spec.
func openRegistry(s Subject) problem.List {
	var l problem.List
	if s.Registry == nil || s.Registry.Spec.Auth.Anonymous {
		return nil
	}
	for _, f := range rendered.Unasked(s.Objects, s.Registry.Metadata.Name) {
		l.Add(problem.Problem{File: s.Root, Path: f.Path, What: f.In.String() + " has none: everybody may push and pull",
			Want: "what the spec says, without a patch of it; or spec.auth.anonymous: true said aloud"})
	}
	return l
}
