package terminal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// asker reads answers of a person, or of a pipe, a line each. One reader
// serves a whole command: a second one would lose what the first buffered.
type asker struct {
	w  *Terminal
	in *bufio.Reader
}

// Asker begins to ask: one for a whole command.
func (t *Terminal) Asker() *asker { return &asker{t, bufio.NewReader(t.Stdin)} }

// Ask puts a question to the terminal; an empty answer is the default.
func (a *asker) Ask(question, byDefault string) (string, error) {
	if byDefault != "" {
		question += " [" + byDefault + "]"
	}
	fmt.Fprint(a.w.Stderr, question+": ")
	line, err := a.w.wait(func() (string, error) { return a.in.ReadString('\n') })
	if errors.Is(err, errInterrupted) {
		return "", Interruption
	}
	if err != nil && line == "" {
		return "", problem.Problem{What: "no answer to: " + question, Next: "give it as a flag; see --help"}
	}
	if line = strings.TrimSpace(line); line == "" {
		return byDefault, nil
	}
	return line, nil
}

// Hidden asks for something that must not be shown while it is typed.
func (t *Terminal) Hidden(question string) (string, error) {
	fmt.Fprint(t.Stderr, question+": ")
	answer, err := t.wait(t.ReadPassword)
	fmt.Fprintln(t.Stderr)
	if errors.Is(err, errInterrupted) {
		return "", Interruption
	}
	if err != nil {
		return "", problem.Problem{What: "nothing was typed", Next: "run the command again"}
	}
	return answer, nil
}

var errInterrupted = errors.New("interrupted")

// wait reads from the terminal until there is an answer or the program is
// interrupted; then the terminal is put back to how it was.
func (t *Terminal) wait(read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	restore := func() {}
	if t.SaveTerminal != nil {
		restore = t.SaveTerminal()
	}
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		return a.text, a.err
	case <-t.Done:
		restore()
		return "", errInterrupted
	}
}

// Piped reads a secret from stdin whole, without the newline that ends it.
func (t *Terminal) Piped(what string) (string, error) {
	data, err := io.ReadAll(io.LimitReader(t.Stdin, 1<<20))
	if err != nil || len(data) == 0 {
		return "", problem.Problem{What: "stdin is empty", Want: what + " on stdin"}
	}
	if text, found := strings.CutSuffix(string(data), "\r\n"); found {
		return text, nil
	}
	return strings.TrimSuffix(string(data), "\n"), nil
}

// longestInput is how much of standard input is read: what kustomize hands to a
// function may be all of a large build.
const longestInput = 64 << 20

// ErrLongInput is the error of a standard input that is too long to be read.
var ErrLongInput error = problem.Problem{What: "standard input is longer than 64 MiB"}

// ReadInput reads standard input whole.
func (t *Terminal) ReadInput() ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(t.Stdin, longestInput+1))
	switch {
	case err != nil:
		return nil, problem.Problem{What: "standard input can't be read"}
	case len(data) > longestInput:
		return nil, ErrLongInput
	}
	return data, nil
}
