// Package seal derives the sealed files of environments from their
// credentials, decides for whom files may be encrypted, and proves that what is
// sealed is what the credentials say.
package seal

import (
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Work is what a seal works with.
type Work struct {
	Tell   *terminal.Terminal
	Repo   *repository.Repository
	Keys   *keyring.Keyring
	Builds *deliver.Work      // a seal that only checks proves the build as well
	Shows  *terminal.Terminal // shows how far a verification is; nil for none
	later  bool               // nobody is asked: what needs an answer waits
	named  []string           // .sops.yaml files that count instead of others, once said
	Accept []string           // recipients for whom a file may be encrypted the first time, without a question
}
