package cli

import (
	"crypto/rand"
	"os"
	"path/filepath"

	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
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
	return New(os.Args[1:], terminal.Real(), &repository.Repository{Dir: dir}, Machine{
		Random: rand.Reader, Home: home, Executable: os.Executable,
		Processes: min(terminal.Parallel(), deliver.MaxProcesses),
	})
}
