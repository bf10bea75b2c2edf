// Package inspect looks for what would go wrong: it applies the rules of
// generator/check to environments and to what others rendered, with a key
// derives every sealed file again, and reports.
package inspect

import (
	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/seal"
	"github.com/reggen/reggen/internal/terminal"
)

// Work is what a check works with.
type Work struct {
	Tell     *terminal.Terminal
	Repo     *repository.Repository
	Keys     *keyring.Keyring
	Builds   *deliver.Work
	Seals    *seal.Work
	Compares *compare.Work
	People   *people.Work
}
