package deliver

import (
	"context"
	"io"
	"path/filepath"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/terminal"
)

// renderResult counts environments: those written anew, those that were as they
// should be, and those whose output was removed since they are gone.
type renderResult struct{ Written, Same, Gone int }

// Render writes what dirs stand for below out, or with check names what would
// be. One that fails does not stop the others.
func (w *Work) Render(ctx context.Context, dirs []string, out string, check bool) (count renderResult, err error) {
	roots, err := w.Repo.Discover(dirs)
	var l problem.List
	l.Join(err) // the others are rendered all the same
	results := make([]outcome, len(roots))
	bar := w.Tell.Progress("rendering", len(roots))
	defer bar.Done()
	counted := w.EachEnvironment(ctx, len(roots), func(i int, build Builder) {
		results[i] = w.renderOne(ctx, build, roots[i], out, check)
		results[i].done = true
		bar.Step()
	})
	bar.Done()
	if err := terminal.Interrupted(ctx); err != nil {
		return count, err
	}
	for _, r := range results[:counted] {
		_, _ = io.WriteString(w.Tell.Stderr, r.warnings)
		l.Join(r.err)
		switch {
		case r.changed:
			count.Written++
		case r.done && r.err == nil:
			count.Same++
		}
	}
	count.Gone, err = w.sweepEnvironments(out, check)
	l.Join(err)
	return count, l.Err()
}

// outcome is what became of one environment.
type outcome struct {
	done     bool // false where something else had ended all work before
	changed  bool // something was written
	warnings string
	err      error
}

// renderOne writes one environment, or with check says what is stale.
func (w *Work) renderOne(ctx context.Context, build Builder, dir, out string, check bool) (r outcome) {
	rel, err := filepath.Rel(w.Repo.Dir, dir)
	if err != nil || !filepath.IsLocal(rel) {
		r.err = problem.Problem{File: dir, What: "is outside the folder that reggen runs in", Next: "run reggen render in the repository's folder"}
		return r
	}
	b := build(Order{Base: w.Repo.Dir, Dir: dir})
	r.warnings = b.Warnings
	if r.err = b.Problems.Err(); r.err != nil {
		return r
	}
	files, err := split(b, filepath.ToSlash(rel))
	if err != nil {
		r.err = w.Repo.InFile(dir, err)
		return r
	}
	target := filepath.Join(out, rel)
	if target == dir {
		r.err = problem.Problem{File: out, What: "would put what is rendered among the files that it is rendered from", Want: "a folder of its own, for instance rendered"}
		return r
	}
	old, list := marker(target)
	have := compare(target, files)
	if r.err = foreign(target, files, have, old); r.err != nil {
		return r
	}
	stale := differences(files, have, old, list)
	if !check {
		sweepRendered(target, files, old)
	}
	if check || len(stale) == 0 {
		var l problem.List
		for _, s := range stale {
			l.Add(problem.Problem{File: filepath.Join(target, s.name), What: s.what, Next: "reggen render " + problem.QuoteArg(w.Repo.Show(dir)) + " -o " + problem.QuoteArg(w.Repo.Show(out))})
		}
		r.err = l.Err()
		return r
	}
	r.err = w.replaceAll(ctx, target, files, old)
	r.changed = r.err == nil
	return r
}
