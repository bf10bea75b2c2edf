// Package people is about those who log in and those who can read: users are
// added, listed, rotated, retired, verified and removed, their credentials set
// and shown, and a recipient is taken out of everything.
package people

import (
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/seal"
	"github.com/reggen/reggen/internal/terminal"
)

// Work is what is needed for that.
type Work struct {
	Tell  *terminal.Terminal
	Repo  *repository.Repository
	Keys  *keyring.Keyring
	Seals *seal.Work
}
