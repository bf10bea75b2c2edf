// Package start makes what somebody begins with: an environment with its rules,
// keys and first credentials, and reggen's place among kustomize's plugins.
package start

import (
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/seal"
	"github.com/reggen/reggen/internal/terminal"
)

// Work is what a start works with.
type Work struct {
	Tell   *terminal.Terminal
	Repo   *repository.Repository
	Keys   *keyring.Keyring
	Builds *deliver.Work
	Seals  *seal.Work
	People *people.Work

	Home       string                 // the user's home folder, "" when unknown
	Executable func() (string, error) // this program's own file
}
