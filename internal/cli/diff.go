package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/diff"
	"github.com/reggen/reggen/internal/revision"
)

// Exit statuses of diff, those of the diff command.
const (
	exitDifferent = 1
	exitTrouble   = 2
)

type diffOptions struct {
	from, against, output string
}

func (w *World) diffCommand() *cobra.Command {
	var o diffOptions
	var exitZero bool
	cmd := &cobra.Command{
		Use:   "diff [DIR...]",
		Short: "Show what a change does to the rendered objects",
		Long: `Show what the working tree changes in the manifests of environments, by object
and field: against a git revision (HEAD unless said), which is built from its
own files without touching yours, or against another folder with the same
environments in it, for instance what reggen render wrote. Secrets are compared
by key and recipient, never by value; no key is needed. Users, pull secrets and
those who can open the credentials are named where they were added or removed.
The same change in many environments is shown once; an environment that was
removed is all removed objects. Without DIR every environment below this folder is
compared. Exits 0 when nothing differs, 1 when something does,
2 on trouble.`,
		Example: `  reggen diff overlays/*
  reggen diff --from origin/main -o markdown   # for a pull request
  reggen diff overlays/prod --against rendered`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			all, err := w.diff(cmd.Context(), orAll(dirs), o)
			if err != nil {
				return exitError{exitTrouble, err}
			}
			text, err := w.written(all, o.output)
			if err == nil {
				_, err = w.Stdout.Write(text)
			}
			switch {
			case err != nil:
				return exitError{exitTrouble, err}
			case len(all) > 0 && !exitZero:
				return exitError{exitDifferent, nil}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&o.from, "from", "", "the git revision to compare with (default HEAD)")
	cmd.Flags().StringVar(&o.against, "against", "", "a folder to compare with instead: another checkout, or the output of reggen render")
	cmd.Flags().StringVarP(&o.output, "output", "o", "text", "text, json, yaml or markdown")
	cmd.Flags().BoolVar(&exitZero, "exit-zero", false, "exit 0 when something differs, too")
	cmd.MarkFlagsMutuallyExclusive("from", "against")
	fixed(cmd, "output", "text", "json", "yaml", "markdown")
	return cmd
}

// changes is one set of differences and the environments that have it.
type changes struct {
	Environments []string      `json:"environments"`
	Objects      []diff.Object `json:"objects"`
	publicChanges
}

// diff compares what dirs stand for with the other side. What is the same on
// both is not in the result.
func (w *World) diff(ctx context.Context, dirs []string, o diffOptions) (all []changes, err error) {
	if !slices.Contains([]string{"text", "json", "yaml", "markdown"}, o.output) {
		return nil, problem.Problem{Path: "-o", What: fmt.Sprintf("%q is no output", o.output), Want: "text, json, yaml or markdown"}
	}
	old, base, cleanup, err := w.otherSide(ctx, o)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	places, err := w.places(old, base, dirs)
	if err != nil {
		return nil, err
	}
	compared := make([]comparison, len(places))
	bar := w.progress("comparing", len(places))
	defer bar.done()
	w.eachEnvironment(ctx, len(places), func(i int, build builder) {
		compared[i] = w.compare(build, old, base, places[i])
		bar.step()
	})
	bar.done()
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	var l problem.List
	for _, c := range compared {
		_, _ = io.WriteString(w.Stderr, c.warnings)
		l.Join(c.err)
		if len(c.Objects) > 0 || !c.publicChanges.empty() {
			all = append(all, c.changes)
		}
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	all = once(all)
	slices.SortStableFunc(all, func(a, b changes) int {
		return min(1, len(b.Readers)+len(b.Older)) - min(1, len(a.Readers)+len(a.Older))
	})
	return all, nil
}

// comparison is what is found about one environment.
type comparison struct {
	changes
	warnings string
	err      error
}

// compare builds one environment on both sides; where it is on one only, all
// its objects were added or removed.
func (w *World) compare(build builder, old *World, base, rel string) comparison {
	dir, then := filepath.Join(base, rel), filepath.Join(old.Dir, rel)
	c := comparison{changes: changes{Environments: []string{w.show(dir)}}}
	is, was := hasKustomization(dir), hasKustomization(then)
	var now, before side
	if is {
		now, c.err = oneSide(build, w.Dir, dir)
		c.warnings = now.warnings
	}
	if c.err == nil && was {
		if before, c.err = oneSide(build, old.Dir, then); c.err != nil {
			var list problem.List
			list.Join(c.err)
			for i := range list {
				list[i].What = "on the other side: " + list[i].What
			}
			if hint := revision.Hint(old.left); hint != "" && len(list) > 0 {
				list[len(list)-1].What += "; git has no content there for " + hint
			}
			c.err = list
		}
	}
	if c.err != nil {
		return c
	}
	c.publicChanges = w.changedPublic(old, before.specs, now.specs)
	c.Older = w.olderFiles(old, base, now.specs)
	if is && !was {
		c.Readers = w.changedReaders(old, nil, now.specs) // all of them come
	}
	if !bytes.Equal(before.text, now.text) {
		c.Objects, c.err = compareTexts(before.text, now.text)
	}
	return c
}

// side is one side of a comparison.
type side struct {
	text     []byte
	specs    []publicSpec
	warnings string
}

// oneSide builds an environment, stale sealed files included: what a diff is
// for comes before the seal.
func oneSide(build builder, base, dir string) (side, error) {
	b := build(order{Base: base, Dir: dir, Stale: "warn"})
	return side{b.Text, b.Registries, b.Warnings}, b.Problems.Err()
}

func compareTexts(before, now []byte) ([]diff.Object, error) {
	a, err := object.Parse("the build", before)
	if err != nil {
		return nil, err
	}
	b, err := object.Parse("the build", now)
	if err != nil {
		return nil, err
	}
	return diff.Compare(a, b)
}

// once puts environments with the same changes together.
func once(all []changes) []changes {
	var out []changes
	at := map[string]int{}
	for _, c := range all {
		key, err := json.Marshal(changes{Objects: c.Objects, publicChanges: c.publicChanges})
		if i, ok := at[string(key)]; ok && err == nil {
			out[i].Environments = append(out[i].Environments, c.Environments...)
			continue
		}
		at[string(key)] = len(out)
		out = append(out, c)
	}
	return out
}

// written is a comparison in the form that was asked for.
func (w *World) written(all []changes, output string) ([]byte, error) {
	switch output {
	case "json":
		if all == nil {
			all = []changes{}
		}
		return jsonText(all)
	case "yaml":
		if all == nil {
			all = []changes{}
		}
		return yamlText(all)
	case "markdown":
		return []byte(markdown(all)), nil
	}
	return []byte(w.plainText(all)), nil
}
