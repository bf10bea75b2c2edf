package check

import (
	"github.com/reggen/reggen/generator/problem"
)

// openRegistry: where the spec has users, the registry asks for them. What
// takes the question away, a patch for instance, has to say so in the spec.
func openRegistry(s Subject) problem.List {
	var l problem.List
	if s.Registry == nil || s.Registry.Spec.Auth.Anonymous {
		return nil
	}
	for _, r := range look(s.Objects).serving() {
		mine := text(r.object, "metadata", "labels", "release") == s.Registry.Metadata.Name
		if mine && r.config.values != nil && !r.section("auth") {
			l.Add(problem.Problem{File: s.Root, Path: r.config.path("auth"), What: r.config.object.ID().String() + " has none: everybody may push and pull",
				Want: "what the spec says, without a patch of it; or spec.auth.anonymous: true said aloud"})
		}
	}
	return l
}
