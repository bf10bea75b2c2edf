// Package revision writes what git holds of a revision into a folder: the bytes
// that were committed, and nothing else. A checkout would have attributes of
// the repository change them, which a branch can set for the files of any other
// revision, and would start filters and hooks; here git is only asked for a list
// of names and for the content behind them.
//
// Errors are problems, and never quote git.
package revision

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// Repository is a git repository.
type Repository struct {
	Top string // its working tree

	network, large bool
}

// Find is the repository that the folder dir lies in. Without network, git may
// fetch nothing that a partial clone left out; without large, what is unpacked
// stays within bounds.
func Find(ctx context.Context, dir string, network, large bool) (Repository, error) {
	r := Repository{dir, network, large}
	top, err := r.git(ctx, "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return r, problem.Problem{What: "not in a git repository", Want: "a repository, or --against with a folder"}
	}
	r.Top = filepath.FromSlash(strings.TrimSuffix(string(top), "\n"))
	return r, nil
}

// Commit is the id of the commit that a revision names.
func (r Repository) Commit(ctx context.Context, rev string) (string, error) {
	id, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}").Output()
	if err != nil {
		return "", problem.Problem{Path: "--from", What: fmt.Sprintf("git knows no revision %q", rev), Next: "git log --oneline   # in CI: is the checkout shallow?"}
	}
	return strings.TrimSpace(string(id)), nil
}

// Folders are those in which something changes whenever git commits, checks out or
// fetches: the repository's own, and that of this working tree.
func (r Repository) Folders(ctx context.Context) []string {
	out, err := r.git(ctx, "rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir").Output()
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// git is a run of git in the repository, with what it must not do switched off
// for whatever its configuration says: ask the network, take another object for
// the one that is asked for, watch the file system by a program, or take a
// folder of the working tree for a repository with a configuration of its own.
func (r Repository) git(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{"-C", r.Top, "-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit"}, args...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = append(os.Environ(), "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0")
	if !r.network {
		cmd.Env = append(cmd.Env, "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none")
	}
	return cmd
}
