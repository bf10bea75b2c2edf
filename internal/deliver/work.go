// Package deliver makes the manifests of environments: a build, as the command
// line, kustomize or a worker asks for it, and a render into a folder for git.
// A build needs no key and opens none unless secrets are asked for in the clear.
package deliver

import (
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Work is what a delivery works with.
type Work struct {
	Tell *terminal.Terminal
	Repo *repository.Repository
	Keys *keyring.Keyring

	Executable func() (string, error) // this program's own file, for workers
	Processes  int                    // how many may build at once, this one and workers; 1 and less: only this one
	Tasks      map[string]Task        // what a worker does beside building, by name
}

// Beside is the same work in another folder, told to another terminal.
func (w *Work) Beside(t *terminal.Terminal, r *repository.Repository) *Work {
	keys := *w.Keys
	keys.Repo = r
	return &Work{Tell: t, Repo: r, Keys: &keys, Executable: w.Executable, Processes: w.Processes, Tasks: w.Tasks}
}
