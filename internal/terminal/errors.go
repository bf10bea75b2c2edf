package terminal

import (
	"context"

	"github.com/reggen/reggen/generator/problem"
)

// Misuse is a mistake of whoever typed the command, not one in what a file
// says. command, where it is named, is the one whose --help tells more.
type Misuse struct {
	Command string
	Err     error
}

// Error is the mistake, and where a command is named, how to learn more.
func (m Misuse) Error() string {
	if m.Command == "" {
		return m.Err.Error()
	}
	return m.Err.Error() + "\n  next: " + m.Command + " --help"
}

// Unwrap is the mistake.
func (m Misuse) Unwrap() error { return m.Err }

// Interruption is the error of a command that was interrupted.
var Interruption = problem.Problem{What: "interrupted; no file is half written", Next: "run the same command again to finish"}

// Interrupted is the error of a cancelled context.
func Interrupted(ctx context.Context) error {
	if ctx.Err() != nil {
		return Interruption
	}
	return nil
}
