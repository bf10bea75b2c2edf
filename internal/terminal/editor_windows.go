package terminal

import (
	"os/exec"
	"strings"
)

const exampleEditor = "$env:EDITOR = 'notepad'"

// editing runs an editor without a shell, which is not there to be counted on.
func editing(editor string, args []string) *exec.Cmd {
	line := words(editor)
	return exec.Command(line[0], append(line[1:], args...)...)
}

// words are those of a command line. A backslash is part of a path, and what
// stands between quotes is one word.
func words(line string) (out []string) {
	var word strings.Builder
	quote, within := rune(0), false
	for _, r := range line {
		switch {
		case r == quote && quote != 0:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, within = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if within {
				out = append(out, word.String())
			}
			word.Reset()
			within = false
		default:
			word.WriteRune(r)
			within = true
		}
	}
	if within {
		out = append(out, word.String())
	}
	return out
}
