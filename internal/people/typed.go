package people

import (
	"fmt"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/strength"
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

// warnWeak names a user whose password, which a person chose, is soon guessed. It
// is taken all the same: who runs the registry decides.
func (w *Work) warnWeak(d spec.Decoded, user, password string) {
	host := ""
	if d.Registry != nil {
		host = d.Registry.Spec.Host
	}
	if why := strength.Weak(password, user, host); why != "" {
		w.Tell.Warn(problem.Problem{What: fmt.Sprintf("the password of user %q is weak: %s", user, why), Want: "one that nobody thinks of, or a made one",
			Next: "reggen credential set " + problem.QuoteArg(FileName(user)) + "   # gives another"})
	}
}
