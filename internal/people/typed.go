package people

import (
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
)

// typedTwice asks for a password until it can be one and was typed twice alike,
// or nothing was typed.
func (w *Work) typedTwice(what string) (string, error) {
	for {
		password, err := w.Tell.Hidden(what+" (empty: make one)", func(answer string) error {
			if answer != "" && credential.CheckPassword(answer) != "" {
				return problem.Problem{What: credential.CheckPassword(answer)}
			}
			return nil
		})
		if err != nil || password == "" {
			return "", err
		}
		again, err := w.Tell.Hidden("the same again", nil)
		if err != nil || again == password {
			return password, err
		}
		w.Tell.Note("  the two passwords differ; both once more")
	}
}

// wrongField is what is wrong with the value of a field, by itself.
func wrongField(kind credential.Type, field, value string) error {
	what := ""
	switch {
	case value == "":
		what = "is empty"
	case kind == credential.User && field == credential.Password:
		what = credential.CheckPassword(value)
	case kind == credential.User && field == credential.Hash:
		_, what = credential.CheckHash(value)
	default:
		what = credential.CheckField(kind, field, value)
	}
	if what == "" {
		return nil
	}
	return problem.Problem{Path: field, What: what}
}
