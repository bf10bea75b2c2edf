package strict

import (
	"fmt"

	"github.com/reggen/reggen/generator/problem"
)

// Place is where the reader stands: the path as an error shows it, and the
// same path in the types, where any key of a map is a star.
type Place struct{ Path, Field string }

func (p Place) key(name, field string) Place {
	return Place{problem.Below(p.Path, name), under(p.Field, field)}
}

func (p Place) index(i int) Place {
	return Place{fmt.Sprintf("%s[%d]", p.Path, i), under(p.Field, "*")}
}

// under is a path in the types.
func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
