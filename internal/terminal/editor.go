package terminal

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/reggen/reggen/generator/problem"
)

// Edit opens a file in the editor of whoever runs the program: VISUAL or EDITOR,
// a command line as git takes it. Meanwhile Ctrl-C is the editor's.
func (t *Terminal) Edit(path string) error {
	editor := t.Getenv("VISUAL")
	if editor == "" {
		editor = t.Getenv("EDITOR")
	}
	if len(words(editor)) == 0 {
		return Misuse{Err: problem.Problem{What: "no editor is named", Want: "EDITOR, for instance: " + exampleEditor}}
	}
	cmd := editing(editor, append(careful(editor), path))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.Stdin, t.Stdout, t.Stderr
	// None of these may end the program before it has cleaned up; who sends the
	// last two means the editor as well.
	signals, ended := make(chan os.Signal, 1), make(chan bool)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	defer close(ended)
	err := cmd.Start()
	go func() {
		for {
			select {
			case s := <-signals:
				if s != os.Interrupt && cmd.Process != nil {
					_ = cmd.Process.Signal(s)
				}
			case <-ended:
				return
			}
		}
	}()
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		what := "the editor could not be started"
		if cmd.ProcessState != nil {
			what = fmt.Sprintf("the editor ended with status %d", cmd.ProcessState.ExitCode())
		}
		return problem.Problem{What: what + "; nothing was taken"}
	}
	return nil
}

// careful are arguments by which an editor leaves nothing elsewhere, and obeys no
// line of the text that it shows, which may be a stranger's.
func careful(editor string) []string {
	switch strings.TrimSuffix(filepath.Base(words(editor)[0]), ".exe") {
	case "vim", "nvim":
		return []string{"-n", "-i", "NONE", "--cmd", "set nomodeline modelines=0", "-c", "set nobackup nowritebackup noundofile"}
	}
	return nil
}
