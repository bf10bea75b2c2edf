package cli

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"
)

// Real is the World of the running process.
func Real() *World {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // kustomize names folders so
	}
	home, _ := os.UserHomeDir()
	return &World{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Dir: dir, Home: home, Now: time.Now, Random: rand.Reader,
		StdinIsTerm:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutIsTerm: term.IsTerminal(int(os.Stdout.Fd())),
		StderrIsTerm: term.IsTerminal(int(os.Stderr.Fd())),
		ReadPassword: func() (string, error) {
			b, err := term.ReadPassword(int(os.Stdin.Fd()))
			return string(b), err
		},
		SaveTerminal: func() func() {
			fd := int(os.Stdin.Fd())
			state, err := term.GetState(fd)
			if err != nil {
				return func() {}
			}
			return func() { _ = term.Restore(fd, state) }
		},
		Executable: os.Executable,
		Processes:  min(parallel(), maxProcesses),
	}
}
