// Package repository is the user's repository on disk: finding environments,
// their credentials and sealed files, locks, the sweep after a kill, writing
// whole or not at all, git, and how a path is shown. Nothing else in reggen
// opens, writes, renames or deletes a user's file, and nothing in here knows
// what is in one beyond the Registry.
//
// Whatever it reads may come from a stranger: sizes are bounded, only regular
// files are read, and no link leads out.
package repository

import (
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/revision"
)

// Repository is what the working directory belongs to.
type Repository struct {
	Dir   string          // the working directory; reggen never changes it
	Allow kustomize.Allow // what the command line lets builds do beyond reading local files
	// FunctionMode is set when kustomize started this process: paths in errors
	// are then absolute, since nobody knows which folder is meant.
	FunctionMode bool

	Versioned bool            // Dir holds a revision of the repository, all of it
	Left      []revision.Left // what that lacks

	folders *folders // nil where nothing is remembered
}

// At is the repository seen from another working directory.
func (r *Repository) At(dir string) *Repository {
	other := *r
	other.Dir = dir
	return &other
}
