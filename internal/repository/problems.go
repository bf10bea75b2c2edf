package repository

import (
	"regexp"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/problem"
)

// InEnvironment says which environment problems of a spec belong to, where nothing else
// names a file: kustomize has merged the layers, so there is no line to name.
func (r *Repository) InEnvironment(root string, err error) error {
	if err == nil {
		return nil
	}
	var l problem.List
	l.Join(r.InFile(root, err))
	dir := problem.QuoteArg(r.Show(root))
	for i := range l {
		// The generator doesn't know where it is; these commands want to.
		l[i].Next = Placed(l[i].Next, dir)
	}
	return located{l, err}
}

var (
	sealCommandText  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`reggen seal\b( makes|$|\n)`) })
	otherCommandText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^(reggen (?:user|credential) [^#,\n]*?)(\s+#.*)?$`)
	})
)

// Placed adds the environment's folder to the commands of a next step.
func Placed(next, dir string) string {
	next = sealCommandText().ReplaceAllString(next, "reggen seal "+strings.ReplaceAll(dir, "$", "$$")+"$1")
	return otherCommandText().ReplaceAllStringFunc(next, func(line string) string {
		if strings.Contains(line, "--dir") {
			return line
		}
		m := otherCommandText().FindStringSubmatch(line)
		return m[1] + " --dir " + dir + m[2]
	})
}

// InFile names the file in problems that don't name one. What the error was (for
// instance sops.ErrNoKey) can still be asked with errors.Is.
func (r *Repository) InFile(path string, err error) error {
	var l problem.List
	l.Join(err)
	for i := range l {
		if l[i].File == "" {
			l[i].File = r.Show(path)
		}
	}
	return located{l, err}
}

type located struct {
	problems problem.List
	cause    error
}

func (e located) Error() string { return e.problems.Error() }

func (e located) Unwrap() []error { return []error{e.problems, e.cause} }

// Absence is the problem of a name that stands for no environment.
type Absence struct{ problem.Problem }

// Unwrap is the problem.
func (a Absence) Unwrap() error { return a.Problem }
