package cli

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
	w  *World
	in *bufio.Reader
}

func (w *World) asker() *asker { return &asker{w, bufio.NewReader(w.Stdin)} }

// ask puts a question to the terminal; an empty answer is the default.
func (a *asker) ask(question, byDefault string) (string, error) {
	if byDefault != "" {
		question += " [" + byDefault + "]"
	}
	fmt.Fprint(a.w.Stderr, question+": ")
	line, err := a.w.wait(func() (string, error) { return a.in.ReadString('\n') })
	if errors.Is(err, errInterrupted) {
		return "", interruption
	}
	if err != nil && line == "" {
		return "", problem.Problem{What: "no answer to: " + question, Next: "give it as a flag; see --help"}
	}
	if line = strings.TrimSpace(line); line == "" {
		return byDefault, nil
	}
	return line, nil
}

// hidden asks for something that must not be shown while it is typed.
func (w *World) hidden(question string) (string, error) {
	fmt.Fprint(w.Stderr, question+": ")
	answer, err := w.wait(w.ReadPassword)
	fmt.Fprintln(w.Stderr)
	if errors.Is(err, errInterrupted) {
		return "", interruption
	}
	if err != nil {
		return "", problem.Problem{What: "nothing was typed", Next: "run the command again"}
	}
	return answer, nil
}

var errInterrupted = errors.New("interrupted")

// wait reads from the terminal until there is an answer or the program is
// interrupted; then the terminal is put back to how it was.
func (w *World) wait(read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	restore := func() {}
	if w.SaveTerminal != nil {
		restore = w.SaveTerminal()
	}
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		return a.text, a.err
	case <-w.done:
		restore()
		return "", errInterrupted
	}
}

// piped reads a secret from stdin whole, without the newline that ends it.
func (w *World) piped(what string) (string, error) {
	data, err := io.ReadAll(io.LimitReader(w.Stdin, 1<<20))
	if err != nil || len(data) == 0 {
		return "", problem.Problem{What: "stdin is empty", Want: what + " on stdin"}
	}
	if text, found := strings.CutSuffix(string(data), "\r\n"); found {
		return text, nil
	}
	return strings.TrimSuffix(string(data), "\n"), nil
}

// dir is the environment that a command on users and credentials works on: the
// one of the flag, the current folder, or the only one below overlays/.
func (w *World) dir(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	return w.only("--dir with the folder of an environment")
}

// orOnly is the environment that is meant where a command names none.
func (w *World) orOnly(dirs []string) ([]string, error) {
	if len(dirs) > 0 {
		return dirs, nil
	}
	dir, err := w.only("the folder of an environment")
	return []string{dir}, err
}

// only is the current folder, or the only environment below overlays/.
func (w *World) only(want string) (string, error) {
	if hasKustomization(w.Dir) {
		return ".", nil
	}
	found := w.overlays(w.Dir)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		p := problem.Problem{What: "no environment here and none below overlays/", Want: want, Next: "reggen init"}
		if up, there := w.above(w.Dir); there != "" {
			p.Next = "cd " + quoteArg(up) + "   # " + there
		}
		return "", p
	}
	return "", problem.Problem{What: "more than one environment: " + strings.Join(found, ", "), Want: want}
}

// chosen is the environment that dir gives for a flag.
func (w *World) chosen(flag string) (environment, error) {
	dir, err := w.dir(flag)
	if err != nil {
		return environment{}, err
	}
	return w.environment(dir)
}
