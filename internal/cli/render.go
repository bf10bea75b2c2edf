package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
)

func (w *World) renderCommand() *cobra.Command {
	var out string
	var check bool
	cmd := &cobra.Command{
		Use:   "render [DIR...] -o OUT",
		Short: "Write the manifests of environments into a folder, one file an object, for git",
		Long: `Write the manifests of environments below OUT, one file an object and a
kustomization.yaml that lists them, for Flux and for reviews. An environment
overlays/prod goes to OUT/overlays/prod. Secrets stay encrypted, whatever the
environment variables say. Objects that vanished are removed, and so is what was
rendered of environments whose folders are gone; files that reggen did not write
are left alone. A DIR that is no kustomization stands for every environment below
it, and no DIR for those below this folder; a pattern in quotes is expanded as a
shell would. Many environments are built by up to four processes at once.`,
		Example: `  reggen render overlays/* -o rendered
  reggen render overlays -o rendered --check   # in CI: fails when rendered/ is stale`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if out == "" {
				return misuse{cmd.CommandPath(), problem.Problem{Path: "-o", What: "is missing", Want: "the folder to write to"}}
			}
			r, err := w.render(cmd.Context(), orAll(dirs), w.abs(out), check)
			switch {
			case !check && (r.written+r.same > 0 || err == nil):
				w.note("%d environment%s written below %s, %d unchanged%s", r.written, plural(r.written), w.show(w.abs(out)), r.same, counted(r.gone, ", %d removed"))
			case err == nil:
				w.note("%d environment%s rendered below %s as they should be", r.same, plural(r.same), w.show(w.abs(out)))
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the folder to write to")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; name every file that is stale, and fail when there is one")
	return cmd
}

// markerName is the file that lists what reggen wrote into a folder, so that
// it never deletes or overwrites anything else.
const markerName = ".reggen-rendered"

// renderResult counts environments: those written anew, those that were as they
// should be, and those whose output was removed since they are gone.
type renderResult struct{ written, same, gone int }

// render writes what dirs stand for below out, or with check names what would
// be. One that fails does not stop the others.
func (w *World) render(ctx context.Context, dirs []string, out string, check bool) (count renderResult, err error) {
	roots, err := w.discover(dirs)
	var l problem.List
	l.Join(err) // the others are rendered all the same
	results := make([]outcome, len(roots))
	bar := w.progress("rendering", len(roots))
	defer bar.done()
	w.eachEnvironment(ctx, len(roots), func(i int, build builder) {
		results[i] = w.renderOne(ctx, build, roots[i], out, check)
		results[i].done = true
		bar.step()
	})
	bar.done()
	if err := interrupted(ctx); err != nil {
		return count, err
	}
	for _, r := range results {
		_, _ = io.WriteString(w.Stderr, r.warnings)
		l.Join(r.err)
		switch {
		case r.changed:
			count.written++
		case r.done && r.err == nil:
			count.same++
		}
	}
	count.gone, err = w.sweepEnvironments(out, check)
	l.Join(err)
	return count, l.Err()
}

// counted is a text about a number of things; nothing when there are none.
func counted(n int, format string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(format, n)
}

// outcome is what became of one environment.
type outcome struct {
	done     bool // false where something else had ended all work before
	changed  bool // something was written
	warnings string
	err      error
}

// renderOne writes one environment, or with check says what is stale.
func (w *World) renderOne(ctx context.Context, build builder, dir, out string, check bool) (r outcome) {
	rel, err := filepath.Rel(w.Dir, dir)
	if err != nil || !filepath.IsLocal(rel) {
		r.err = problem.Problem{File: dir, What: "is outside the folder that reggen runs in", Next: "run reggen render in the repository's folder"}
		return r
	}
	b := build(order{Base: w.Dir, Dir: dir})
	r.warnings = b.Warnings
	if r.err = b.Problems.Err(); r.err != nil {
		return r
	}
	files, err := split(b.Text, filepath.ToSlash(rel))
	if err != nil {
		r.err = w.in(dir, err)
		return r
	}
	target := filepath.Join(out, rel)
	if target == dir {
		r.err = problem.Problem{File: out, What: "would put what is rendered among the files that it is rendered from", Want: "a folder of its own, for instance rendered"}
		return r
	}
	old := marker(target)
	if r.err = w.foreign(target, files, old); r.err != nil {
		return r
	}
	stale := w.stale(target, files, old)
	if !check {
		sweepRendered(target, files, old)
	}
	if check || len(stale) == 0 {
		var l problem.List
		for _, s := range stale {
			l.Add(problem.Problem{File: filepath.Join(target, s.name), What: s.what, Next: "reggen render " + quoteArg(w.show(dir)) + " -o " + quoteArg(w.show(out))})
		}
		r.err = l.Err()
		return r
	}
	r.err = w.replaceAll(ctx, target, files, old)
	r.changed = r.err == nil
	return r
}
