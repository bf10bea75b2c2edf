package terminal

import (
	"fmt"

	"github.com/reggen/reggen/generator/problem"
)

// Note writes a line for people to stderr. Names in it are as show, quoteArg or
// a Problem write them: a line end in them would start a line of its own.
func (t *Terminal) Note(format string, args ...any) {
	fmt.Fprintln(t.Stderr, problem.Lines(fmt.Sprintf(format, args...)))
}

// Warn writes a problem that stops nothing.
func (t *Terminal) Warn(p problem.Problem) { t.Note("warning: %s", p.Error()) }
