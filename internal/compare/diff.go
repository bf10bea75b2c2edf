package compare

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/diff"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/revision"
	"github.com/reggen/reggen/internal/terminal"
)

// Options say what to compare with, and in which form the result is written.
type Options struct {
	From, Against, Output string
	Since                 string // a revision: only what a change since then can have touched
}

// Changes is one set of differences and the environments that have it.
type Changes struct {
	Environments []string      `json:"environments"`
	Objects      []diff.Object `json:"objects"`
	PublicChanges
}

// Diff compares what dirs stand for with the other side. What is the same on
// both is not in the result.
func (w *Work) Diff(ctx context.Context, dirs []string, o Options) (all []Changes, err error) {
	if !slices.Contains([]string{"text", "json", "yaml", "markdown"}, o.Output) {
		return nil, problem.Problem{Path: "-o", What: fmt.Sprintf("%q is no output", o.Output), Want: "text, json, yaml or markdown"}
	}
	old, base, cleanup, err := w.OtherSide(ctx, o)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	places, err := w.places(old, base, dirs)
	if err != nil {
		return nil, err
	}
	if o.Since != "" {
		if places, err = w.touched(ctx, o.Since, base, places); err != nil {
			return nil, err
		}
	}
	compared := make([]comparison, len(places))
	bar := w.Tell.Progress("comparing", len(places))
	defer bar.Done()
	done := w.Builds.EachEnvironment(ctx, len(places), func(i int, build deliver.Builder) {
		compared[i] = w.compare(build, old, base, places[i])
		bar.Step()
	})
	bar.Done()
	if err := terminal.Interrupted(ctx); err != nil {
		return nil, err
	}
	var l problem.List
	for _, c := range compared[:done] {
		_, _ = io.WriteString(w.Tell.Stderr, c.warnings)
		l.Join(c.err)
		if len(c.Objects) > 0 || !c.PublicChanges.empty() {
			all = append(all, c.Changes)
		}
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	all = once(all)
	slices.SortStableFunc(all, func(a, b Changes) int {
		return min(1, len(b.Readers)+len(b.Older)) - min(1, len(a.Readers)+len(a.Older))
	})
	return all, nil
}

// comparison is what is found about one environment.
type comparison struct {
	Changes
	warnings string
	err      error
}

// compare builds one environment on both sides; where it is on one only, all
// its objects were added or removed.
func (w *Work) compare(build deliver.Builder, old *Work, base, rel string) comparison {
	w, old = w.remembering(), old.remembering()
	dir, then := filepath.Join(base, rel), filepath.Join(old.Repo.Dir, rel)
	c := comparison{Changes: Changes{Environments: []string{w.Repo.Show(dir)}}}
	is, was := repository.HasKustomization(dir), repository.HasKustomization(then)
	var now, before side
	if is {
		now, c.err = oneSide(build, w.Repo.Dir, dir)
		c.warnings = now.warnings
	}
	if c.err == nil && was {
		if before, c.err = oneSide(build, old.Repo.Dir, then); c.err != nil {
			var list problem.List
			list.Join(c.err)
			for i := range list {
				list[i].What = "on the other side: " + list[i].What
			}
			if hint := revision.Hint(old.Repo.Left); hint != "" && len(list) > 0 {
				list[len(list)-1].What += "; git has no content there for " + hint
			}
			c.err = list
		}
	}
	if c.err != nil {
		return c
	}
	c.PublicChanges = w.changedPublic(old, before.specs, now.specs)
	c.Older = w.OlderFiles(old, base, now.specs)
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
	specs    []deliver.PublicSpec
	warnings string
}

// oneSide builds an environment, stale sealed files included: what a diff is
// for comes before the seal.
func oneSide(build deliver.Builder, base, dir string) (side, error) {
	b := build(deliver.Order{Base: base, Dir: dir, Stale: "warn"})
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
func once(all []Changes) []Changes {
	var out []Changes
	at := map[string]int{}
	for _, c := range all {
		key, err := json.Marshal(Changes{Objects: c.Objects, PublicChanges: c.PublicChanges})
		if i, ok := at[string(key)]; ok && err == nil {
			out[i].Environments = append(out[i].Environments, c.Environments...)
			continue
		}
		at[string(key)] = len(out)
		out = append(out, c)
	}
	return out
}

// Written is a comparison in the form that was asked for.
func (w *Work) Written(all []Changes, output string) ([]byte, error) {
	switch output {
	case "json":
		if all == nil {
			all = []Changes{}
		}
		return terminal.JSONText(all)
	case "yaml":
		if all == nil {
			all = []Changes{}
		}
		return terminal.YAMLText(all)
	case "markdown":
		return []byte(Markdown(all)), nil
	}
	return []byte(w.PlainText(all)), nil
}
