package cli

import (
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/repository"
)

// Each word of another program stands for a command that is there, and none
// is a command's own name.
func TestOtherWords(t *testing.T) {
	root := newWorld(repository.Repository{}).command()
	for path, words := range otherWords {
		cmd, rest, err := root.Find(strings.Fields(path)[1:])
		if err != nil || len(rest) > 0 || cmd.CommandPath() != path {
			t.Errorf("there is no command %q", path)
			continue
		}
		for _, word := range words {
			if got := suggested(cmd.Parent(), word); got != cmd.Name() {
				t.Errorf("%s %s: did you mean %q?, want %q", cmd.Parent().CommandPath(), word, got, cmd.Name())
			}
			if same, _, err := cmd.Parent().Find([]string{word}); err == nil && same != cmd.Parent() {
				t.Errorf("%s %s is a command itself", cmd.Parent().CommandPath(), word)
			}
		}
	}
}

// --version and version print the same line.
func TestVersionFlag(t *testing.T) {
	flag, _, code := run(t, t.TempDir(), "--version")
	command, _, _ := run(t, t.TempDir(), "version")
	if code != 0 || flag != command || flag == "" {
		t.Errorf("%q, and %q (%d)", flag, command, code)
	}
}
