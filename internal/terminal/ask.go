package terminal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// Question is one thing that a person is asked for.
type Question struct {
	Text    string
	Default string                    // what an empty answer means
	Choices []Choice                  // shown as a list, to be chosen by number or by name
	Check   func(answer string) error // why an answer can't be taken; then it is asked again
}

// Choice is one of several answers.
type Choice struct{ Name, Text string }

// Ask puts a question to the terminal until the answer can be taken; an empty
// one is the default. One reader serves the whole program: a second one would
// lose what the first buffered.
func (t *Terminal) Ask(q Question) (string, error) {
	if t.lines == nil {
		t.lines = bufio.NewReader(t.Stdin)
	}
	prompt := q.Text
	if len(q.Choices) > 0 {
		fmt.Fprintln(t.Stderr, q.Text+":")
		for n, c := range q.Choices {
			fmt.Fprintf(t.Stderr, "  %d) %-*s  %s\n", n+1, widest(q.Choices), c.Name, c.Text)
		}
		prompt = "  number or name"
	}
	if q.Default != "" {
		prompt += " [" + q.Default + "]"
	}
	for {
		fmt.Fprint(t.Stderr, prompt+": ")
		line, err := t.wait(func() (string, error) { return t.lines.ReadString('\n') })
		if errors.Is(err, errInterrupted) {
			return "", Interruption
		}
		if err != nil && line == "" {
			return "", problem.Problem{What: "no answer to: " + q.Text, Next: "give it as a flag; see --help"}
		}
		answer := strings.TrimSpace(line)
		if answer == "" {
			answer = q.Default
		}
		why := q.taken(&answer)
		if why == nil {
			return answer, nil
		}
		t.again(why)
	}
}

// again says why an answer can't be taken.
func (t *Terminal) again(why error) { t.Note("  %s", strings.ReplaceAll(why.Error(), "\n", "\n  ")) }

// taken says why an answer can't be taken, and turns the number of a choice into
// its name.
func (q Question) taken(answer *string) error {
	if len(q.Choices) > 0 {
		var names []string
		for n, c := range q.Choices {
			names = append(names, c.Name)
			if *answer == strconv.Itoa(n+1) || strings.EqualFold(*answer, c.Name) {
				*answer = c.Name
			}
		}
		if !slices.Contains(names, *answer) {
			return problem.Problem{What: problem.Quoted(*answer) + " is none of them", Want: problem.OneOf(names), Near: problem.Nearest(*answer, names)}
		}
	}
	if q.Check == nil {
		return nil
	}
	return q.Check(*answer)
}

func widest(choices []Choice) (n int) {
	for _, c := range choices {
		n = max(n, len(c.Name))
	}
	return n
}

// Hidden asks for something that must not be shown while it is typed, until
// check has nothing against it. nil checks nothing.
func (t *Terminal) Hidden(question string, check func(answer string) error) (string, error) {
	for {
		show := func() {}
		if t.HideTyping != nil {
			show = t.HideTyping()
		}
		fmt.Fprint(t.Stderr, question+": ")
		answer, err := t.wait(t.ReadPassword)
		show()
		fmt.Fprintln(t.Stderr)
		if errors.Is(err, errInterrupted) {
			return "", Interruption
		}
		if err != nil {
			return "", problem.Problem{What: "nothing was typed", Next: "run the command again"}
		}
		if check == nil {
			return answer, nil
		}
		why := check(answer)
		if why == nil {
			return answer, nil
		}
		t.again(why)
	}
}

var errInterrupted = errors.New("interrupted")

// wait reads from the terminal until there is an answer or the program is
// interrupted.
func (t *Terminal) wait(read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		return a.text, a.err
	case <-t.Done:
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
