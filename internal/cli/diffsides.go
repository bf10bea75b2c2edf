package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/revision"
)

// otherSide is the World of what is compared with, and the folder of this side
// that corresponds to its own.
func (w *World) otherSide(ctx context.Context, o diffOptions) (old *World, base string, cleanup func(), err error) {
	side := *w
	side.Stderr = io.Discard // its warnings are about files that nobody can change any more
	if o.against != "" {
		side.Dir = w.abs(o.against)
		if !exists(side.Dir) {
			return nil, "", nil, problem.Problem{File: side.Dir, What: "no such folder"}
		}
		return &side, w.Dir, func() {}, nil
	}
	rev := o.from
	if rev == "" {
		rev = "HEAD"
	}
	repository, err := revision.Find(ctx, w.Dir, w.Allow.Network, w.Allow.Large)
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
	side.Dir = filepath.Join(dir, "tree")
	if err = os.Mkdir(side.Dir, 0o755); err == nil {
		side.left, err = repository.Unpack(ctx, commit, side.Dir)
	}
	if err != nil {
		cleanup()
		return nil, "", nil, err
	}
	side.versioned = true
	return &side, repository.Top, cleanup, nil
}

// places are the environments that the arguments stand for on either side, as
// paths below base: one that was removed is only on the other side.
func (w *World) places(old *World, base string, dirs []string) ([]string, error) {
	var l problem.List
	found := map[string]bool{}
	for _, dir := range dirs {
		at := w.abs(dir)
		if info, err := os.Stat(at); err == nil && info.Mode().IsRegular() && len(dirs) > 1 {
			continue
		}
		rel, err := filepath.Rel(base, at)
		if err != nil || !filepath.IsLocal(rel) {
			l.Add(problem.Problem{File: at, What: "is outside the folder that is compared"})
			continue
		}
		now, err := w.expand(dir)
		then, _ := old.expand(rel) // what is wrong there, only a build can say
		if len(then) == 0 {
			then = renderedBelow(filepath.Join(old.Dir, rel))
		}
		if !errors.As(err, &absence{}) || len(then) == 0 {
			l.Join(err)
		}
		for root, roots := range map[string][]string{base: now, old.Dir: then} {
			for _, r := range roots {
				if rel, err := filepath.Rel(root, r); err == nil {
					found[rel] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), l.Err()
}

// renderedBelow are the folders that reggen rendered: in its output no
// environment is to be found.
func renderedBelow(dir string) (out []string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && exists(filepath.Join(path, markerName)) {
			out = append(out, path)
		}
		return nil
	})
	return out
}
