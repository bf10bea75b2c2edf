package compare

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/revision"
)

// At is the work on another folder, whose notes nobody reads.
func (w *Work) At(dir string) *Work {
	return &Work{Tell: w.Tell.Beside(io.Discard), Repo: w.Repo.At(dir), Keys: w.Keys, Builds: w.Builds}
}

// remembering is the same for one comparison, which reads a folder several times.
func (w *Work) remembering() *Work {
	one := *w
	one.Repo = w.Repo.Remembering()
	return &one
}

// OtherSide is the work on what is compared with, and the folder of this side
// that corresponds to its own.
func (w *Work) OtherSide(ctx context.Context, o Options) (old *Work, base string, cleanup func(), err error) {
	// Its warnings are about files that nobody can change any more.
	side := w.At(w.Repo.Dir)
	if o.Against != "" {
		side.Repo.Dir = w.Repo.Abs(o.Against)
		if !repository.Exists(side.Repo.Dir) {
			return nil, "", nil, problem.Problem{File: side.Repo.Dir, What: "no such folder"}
		}
		return side, w.Repo.Dir, func() {}, nil
	}
	rev := o.From
	if rev == "" {
		rev = "HEAD"
	}
	repository, err := revision.Find(ctx, w.Repo.Dir, w.Repo.Allow.Network, w.Repo.Allow.Large)
	if err != nil {
		return nil, "", nil, err
	}
	commit, err := repository.Commit(ctx, rev)
	if err != nil {
		return nil, "", nil, err
	}
	dir, err := os.MkdirTemp("", "reggen-diff-")
	if err != nil {
		return nil, "", nil, problem.Problem{What: "can't make a temporary folder"}
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	cleanup = func() { _ = os.RemoveAll(dir) }
	side.Repo.Dir = filepath.Join(dir, "tree")
	if err = os.Mkdir(side.Repo.Dir, 0o755); err == nil {
		side.Repo.Left, err = repository.Unpack(ctx, commit, side.Repo.Dir)
	}
	if err != nil {
		cleanup()
		return nil, "", nil, err
	}
	side.Repo.Versioned = true
	return side, repository.Top, cleanup, nil
}

// places are the environments that the arguments stand for on either side, as
// paths below base: one that was removed is only on the other side.
func (w *Work) places(old *Work, base string, dirs []string) ([]string, error) {
	var l problem.List
	found := map[string]bool{}
	for _, dir := range dirs {
		at := w.Repo.Abs(dir)
		if info, err := os.Stat(at); err == nil && info.Mode().IsRegular() && len(dirs) > 1 {
			continue
		}
		rel, err := filepath.Rel(base, at)
		if err != nil || !filepath.IsLocal(rel) {
			l.Add(problem.Problem{File: at, What: "is outside the folder that is compared"})
			continue
		}
		now, err := w.Repo.Expand(dir)
		then, _ := old.Repo.Expand(rel) // what is wrong there, only a build can say
		if len(then) == 0 {
			then = deliver.RenderedBelow(filepath.Join(old.Repo.Dir, rel))
		}
		if !errors.As(err, &repository.Absence{}) || len(then) == 0 {
			l.Join(err)
		}
		for root, roots := range map[string][]string{base: now, old.Repo.Dir: then} {
			for _, r := range roots {
				if rel, err := filepath.Rel(root, r); err == nil {
					found[rel] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), l.Err()
}
