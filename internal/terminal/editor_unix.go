//go:build unix

package terminal

import (
	"os/exec"
	"strings"
)

const exampleEditor = "export EDITOR=vim"

// editing runs an editor as git does: the shell reads its command line.
func editing(editor string, args []string) *exec.Cmd {
	return exec.Command("sh", append([]string{"-c", editor + ` "$@"`, "editor"}, args...)...)
}

// words are those of a command line, as far as its first is asked for.
func words(line string) []string { return strings.Fields(line) }
