package deliver

import (
	"bytes"
	"context"
	"io"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/terminal"
)

var errEmpty = problem.Problem{What: "the build has no objects"}

// Build runs every environment and returns their concatenated output, or
// everything that is wrong with any of them. Many are built in several
// processes, but for secrets in the clear: no pipe carries those.
func (w *Work) Build(ctx context.Context, dirs []string, o BuildOptions) ([]byte, error) {
	go chart.Warm()
	bar := w.Tell.Progress("building", len(dirs))
	defer bar.Done()
	texts, errs := make([][]byte, len(dirs)), make([]error, len(dirs))
	done := len(dirs)
	if o.Secrets == "" || o.Secrets == "sealed" {
		warnings := make([]string, len(dirs))
		done = w.EachEnvironment(ctx, len(dirs), func(i int, build Builder) {
			b := build(Order{Base: w.Repo.Dir, Dir: w.Repo.Abs(dirs[i]), Stale: o.Stale, Empty: true})
			texts[i], errs[i], warnings[i] = b.Text, b.Problems.Err(), b.Warnings
			bar.Step()
		})
		for _, text := range warnings[:done] {
			_, _ = io.WriteString(w.Tell.Stderr, text)
		}
	} else {
		for i, dir := range dirs {
			if err := terminal.Interrupted(ctx); err != nil {
				return nil, err
			}
			texts[i], _, errs[i] = w.buildOne(ctx, dir, o)
			bar.Step()
			if kustomize.Spent() != nil {
				done = i + 1
				break
			}
		}
	}
	if err := terminal.Interrupted(ctx); err != nil {
		return nil, err
	}
	size := 0
	for _, text := range texts[:done] {
		size += len(text) + len("---\n")
	}
	out := bytes.NewBuffer(make([]byte, 0, size))
	var l problem.List
	for i, text := range texts[:done] {
		l.Join(errs[i])
		if out.Len() > 0 && len(text) > 0 {
			out.WriteString("---\n")
		}
		out.Write(text)
		texts[i] = nil
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	if out.Len() == 0 {
		return nil, errEmpty
	}
	return out.Bytes(), nil
}
