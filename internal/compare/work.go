// Package compare says what a change does: to the objects of environments, to
// who can read their secrets, and which encrypted files are older than before.
// It needs no key and opens none.
package compare

import (
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Work is what a comparison works with.
type Work struct {
	Tell   *terminal.Terminal
	Repo   *repository.Repository
	Keys   *keyring.Keyring
	Builds *deliver.Work
}
