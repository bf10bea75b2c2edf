// Package keyring opens and encrypts credentials and sealed files, with the
// keys at hand and for the recipients that .sops.yaml names.
package keyring

import (
	"io"

	"github.com/reggen/reggen/internal/repository"
)

// Keyring is what files are opened with.
type Keyring struct {
	Repo   *repository.Repository
	Random io.Reader // for what is made: passwords, the machine's secrets
}
