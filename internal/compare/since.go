package compare

import (
	"context"
	"path/filepath"

	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// ChangedSince are those of the environments that dirs stand for which a change
// since a revision can have touched: something that their output can depend on
// is not as it was there.
func (w *Work) ChangedSince(ctx context.Context, rev string, dirs []string) ([]string, error) {
	roots, err := w.Repo.Discover(dirs)
	if err != nil {
		return nil, err
	}
	old, top, cleanup, err := w.OtherSide(ctx, Options{From: rev})
	if err != nil {
		return nil, err
	}
	defer cleanup()
	if real, err := filepath.EvalSymlinks(top); err == nil {
		top = real
	}
	var out []string
	bar := w.Tell.Progress("looking for changes", len(roots))
	defer bar.Done()
	for _, dir := range roots {
		if err := terminal.Interrupted(ctx); err != nil {
			return nil, err
		}
		if w.Repo.Touched(dir, top, old.Repo.Dir) {
			out = append(out, w.Repo.Rel(dir))
		}
		bar.Step()
	}
	return out, nil
}

// touched are those of the places of a comparison; one that is on the other side
// alone is among them.
func (w *Work) touched(ctx context.Context, rev, base string, places []string) (out []string, err error) {
	old, top, cleanup, err := w.OtherSide(ctx, Options{From: rev})
	if err != nil {
		return nil, err
	}
	defer cleanup()
	for _, rel := range places {
		dir := filepath.Join(base, rel)
		if !repository.HasKustomization(dir) || w.Repo.Touched(dir, top, old.Repo.Dir) {
			out = append(out, rel)
		}
	}
	return out, nil
}
