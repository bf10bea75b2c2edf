package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Options say what a check looks at and how it reports.
type Options struct {
	Output   string
	FailOn   string
	Rendered []string
	From     string // a git revision to hold the files against
	Public   bool   // the public side alone: no key is looked for
}

// Judge says what is wrong with the options themselves.
func (o Options) Judge() error {
	if !slices.Contains([]string{"text", "json", "sarif"}, o.Output) {
		return terminal.Misuse{Err: problem.Problem{Path: "--output", What: "is no format of check", Want: "text, json or sarif"}}
	}
	if !slices.Contains(check.Severities, check.Severity(o.FailOn)) {
		return terminal.Misuse{Err: problem.Problem{Path: "--fail-on", What: "is no severity", Want: "error, warning or info"}}
	}
	return nil
}

// Check looks at what dirs stand for and at rendered files, and reports what it
// found. The error is about the options, or nothing could be looked at.
func (w *Work) Check(ctx context.Context, dirs []string, o Options) (r Report, err error) {
	if err := o.Judge(); err != nil {
		return r, err
	}
	r.public = o.Public
	if o.From != "" {
		old, base, cleanup, err := w.Compares.OtherSide(ctx, compare.Options{From: o.From})
		if err != nil {
			return r, err
		}
		defer cleanup()
		r.older = &olderSide{old.Repo.Dir, base}
	}
	if err := w.checkRendered(o.Rendered, &r); err != nil {
		return r, err
	}
	if len(dirs) > 0 {
		if err := w.checkEnvironments(ctx, dirs, &r); err != nil {
			return r, err
		}
		if r.Environments == 0 && !r.borrows && len(r.findings) == 0 {
			var l problem.List
			for _, dir := range dirs {
				l.Add(w.Repo.NoRegistry(dir))
			}
			return r, l.Err()
		}
	}
	w.relative(r.findings)
	r.count()
	return r, nil
}

// mostRendered is how many objects of others are checked unless more are allowed.
const mostRendered = 1_500

// checkRendered applies the rules on objects to what others rendered.
func (w *Work) checkRendered(files []string, r *Report) error {
	for _, name := range files {
		shown, data, err := name, []byte(nil), error(nil)
		if name == "-" {
			shown = "stdin"
			data, err = w.Tell.ReadInput()
		} else {
			data, err = w.Repo.ReadRendered(w.Repo.Abs(name))
		}
		if err == nil {
			err = bounded.YAML(shown, data)
		}
		switch {
		case bounded.IsProblem(err):
			return err
		case err != nil:
			return problem.Problem{File: shown, What: "can't be read", Want: "a file of rendered objects"}
		}
		objects, err := check.Parse(shown, data)
		if err != nil {
			return err
		}
		if len(objects) == 0 {
			return problem.Problem{File: shown, What: "holds no objects", Want: "what helm template or kustomize build printed"}
		}
		if len(objects) > mostRendered && !w.Repo.Allow.Large {
			return problem.Problem{File: shown, What: fmt.Sprintf("holds %d objects", len(objects)), Want: fmt.Sprintf("at most %d: the time for the rules grows with their square", mostRendered),
				Next: "if this is meant: the same command with " + kustomize.LargeFlag}
		}
		r.Files++
		r.findings = append(r.findings, check.Rendered{From: shown, Objects: objects}.Run()...)
	}
	return nil
}

func (w *Work) checkEnvironments(ctx context.Context, dirs []string, r *Report) error {
	candidates := w.Repo.Candidates(dirs)
	orders := w.orders(candidates, r)
	looks, done := w.lookAll(ctx, orders)
	if err := terminal.Interrupted(ctx); err != nil {
		return err
	}
	judged := map[string]repository.Judgement{}
	for i, o := range orders[:done] {
		judged[o.Dir] = looks[i].judgement()
	}
	roots, err := candidates.Settle(judged)
	if len(roots) == 0 {
		return err
	}
	r.told(check.RuleBuild, "", err) // the others are checked all the same
	r.told(check.RuleBuild, "", w.People.Unfinished())
	notes, of := map[string]bool{}, map[string]string{}
	var subjects []check.Subject
	var onEach, onObjects []check.Finding
	for i := range looks {
		l := &looks[i]
		if i >= done || !slices.Contains(roots, orders[i].Dir) {
			continue
		}
		w.noteOnce(l.Notes, notes)
		r.add(l)
		if l.Spent {
			return nil // that is all there is time for
		}
		onEach, onObjects = append(onEach, l.Each...), append(onObjects, l.Objects...)
		subjects = append(subjects, l.Subjects...)
		for _, s := range l.Subjects {
			of[s.Root] = orders[i].Dir
		}
	}
	r.findings = append(append(r.findings, onEach...), check.Together(subjects)...)
	r.findings = check.Silence(append(r.findings, onObjects...), subjects)
	w.placeSilences(r, of)
	return nil
}

// placeSilences says where what is wrong with a silence stands. dirs are the
// kustomizations of the environments, as they are shown.
func (w *Work) placeSilences(r *Report, dirs map[string]string) {
	for i, f := range r.findings {
		rule, is := strings.CutPrefix(f.Path, "spec.check.silence.")
		if !is || f.File != f.Root {
			continue
		}
		envs, _ := w.Repo.Environments([]string{w.Repo.Rel(dirs[f.Root])})
		for _, e := range envs {
			if c := e.Spec.Check; c != nil && c.Silence[rule] != "" && w.Repo.Show(e.Root) == f.Root {
				r.findings[i].Problem = w.Repo.Place(e, f.Problem)
				break
			}
		}
	}
}
