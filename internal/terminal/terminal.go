// Package terminal is how reggen tells and asks: notes, questions, progress,
// colours, and values as JSON and YAML. It alone decides what a terminal sees
// and what a pipe sees, and knows nothing of registries.
package terminal

import (
	"bufio"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Terminal is the streams of a process and what is at their other ends.
type Terminal struct {
	Stdin        io.Reader
	Stdout       io.Writer
	Stderr       io.Writer
	StdinIsTerm  bool // a person can be asked
	StdoutIsTerm bool // colours can be shown
	StderrIsTerm bool // progress can be shown
	ReadPassword func() (string, error)
	HideTyping   func() (show func()) // shows nothing of what is typed from then on; nil where there is no terminal
	Now          func() time.Time
	Getenv       func(string) string
	Done         <-chan struct{} // closed when the program is interrupted

	lines *bufio.Reader // of Stdin, once something was asked
}

// Real is the Terminal of the running process.
func Real() *Terminal {
	return &Terminal{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		StdinIsTerm:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutIsTerm: term.IsTerminal(int(os.Stdout.Fd())),
		StderrIsTerm: term.IsTerminal(int(os.Stderr.Fd())),
		ReadPassword: func() (string, error) { return readHidden(os.Stdin) },
		HideTyping:   hideTyping,
	}
}

// Beside is the same terminal with notes going to w, for work whose notes are
// shown later or not at all. It shows no progress.
func (t *Terminal) Beside(w io.Writer) *Terminal {
	side := *t
	side.Stderr, side.StderrIsTerm = w, false
	return &side
}
