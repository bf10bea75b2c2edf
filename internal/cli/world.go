// Package cli is the command line: argv, environment and exit statuses. Each
// command reads its flags, calls one function of a room below, and prints what
// that returns. It decides nothing about credentials, sealed files, recipients
// or objects.
package cli

import (
	"io"

	"github.com/reggen/reggen/internal/access"
	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/inspect"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/probe"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/seal"
	"github.com/reggen/reggen/internal/start"
	"github.com/reggen/reggen/internal/terminal"
	"github.com/reggen/reggen/internal/watch"
)

// World is the rooms of the house, set up for one process.
type World struct {
	Args []string // without the program's name
	*terminal.Terminal
	*repository.Repository

	Keys     *keyring.Keyring
	Builds   *deliver.Work
	Seals    *seal.Work
	Compares *compare.Work
	People   *people.Work
	Checks   *inspect.Work
	Access   *access.Work
	Probes   *probe.Work
	Starts   *start.Work
	Watches  *watch.Work
}

// Machine is what the rooms need of the machine beside files and a terminal.
type Machine struct {
	Random     io.Reader
	Home       string                 // the user's home folder, "" when unknown
	Executable func() (string, error) // this program's own file
	Processes  int                    // how many may build at once, this one and workers; 1 and less: only this one
}

// New sets the rooms up, each with the parts of the world that it uses.
func New(args []string, t *terminal.Terminal, r *repository.Repository, m Machine) *World {
	w := &World{Args: args, Terminal: t, Repository: r}
	w.Keys = &keyring.Keyring{Repo: r, Random: m.Random}
	w.Builds = &deliver.Work{Tell: t, Repo: r, Keys: w.Keys, Executable: m.Executable, Processes: m.Processes}
	w.Compares = &compare.Work{Tell: t, Repo: r, Keys: w.Keys, Builds: w.Builds}
	w.Seals = &seal.Work{Tell: t, Repo: r, Keys: w.Keys, Builds: w.Builds}
	w.People = &people.Work{Tell: t, Repo: r, Keys: w.Keys, Seals: w.Seals}
	w.Checks = &inspect.Work{Tell: t, Repo: r, Keys: w.Keys, Builds: w.Builds, Seals: w.Seals, Compares: w.Compares, People: w.People}
	w.Access = &access.Work{Tell: t, Repo: r, Compares: w.Compares, Checks: w.Checks}
	w.Watches = &watch.Work{Tell: t, Repo: r, Builds: w.Builds}
	w.Builds.Tasks = map[string]deliver.Task{inspect.Task: w.Checks.Answer, seal.Task: w.Seals.Answer, watch.Task: w.Watches.Answer}
	w.Probes = &probe.Work{Tell: t, Repo: r, Keys: w.Keys, Random: m.Random}
	w.Starts = &start.Work{Tell: t, Repo: r, Keys: w.Keys, Builds: w.Builds, Seals: w.Seals, People: w.People, Home: m.Home, Executable: m.Executable}
	return w
}

// Exit statuses.
const (
	exitOK    = 0
	exitFail  = 1 // the input is wrong, or a check found something
	exitUsage = 2 // the command line is wrong
)

// exitError carries an exit status through cobra; its text was already shown
// when it holds none.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e exitError) Unwrap() error { return e.err }
