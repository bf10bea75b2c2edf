package inspect

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/seal"
	"github.com/reggen/reggen/internal/terminal"
)

// Task is the name of what a worker does for a check.
const Task = "check"

// order is one kustomization to look at, and look is what came of it. Both cross
// the pipes between this process and the workers, so neither has a secret in it.
type order struct {
	Base     string // the working directory of the process that asks
	Dir      string // absolute
	Doubtful bool   // it may be no environment
	Allow    kustomize.Allow
	Older    *olderSide
	Public   bool // no key is looked for
	Only     bool // there is no other, so that its own progress is shown
}

// olderSide is the unpacked revision that files are held against, and the folder
// here that corresponds to it.
type olderSide struct{ Dir, Base string }

type look struct {
	Is          bool         // an environment, as far as that was in doubt
	Doubt       problem.List // why that can't be told
	Notes       string       // for stderr
	Interrupted bool
	Spent       bool // it went out of bounds: nothing more can be built in that process

	Told     []check.Finding // what was found on the way, in that order
	Each     []check.Finding // by the rules on one environment
	Objects  []check.Finding // by those on objects
	Subjects []check.Subject // for the rules on all environments
	Counts   Report
	Borrows  bool
}

func (l *look) judgement() repository.Judgement {
	return repository.Judgement{Is: l.Is, Err: l.Doubt.Err()}
}

// orders are what is to be looked at: what was named, and what may be an
// environment.
func (w *Work) orders(c repository.Candidates, r *Report) (out []order) {
	named := map[string]bool{}
	for _, dir := range c.Named() {
		named[dir] = true
		out = append(out, order{Dir: dir})
	}
	for _, dir := range c.Doubtful() {
		if !named[dir] {
			out = append(out, order{Dir: dir, Doubtful: true})
		}
	}
	slices.SortFunc(out, func(a, b order) int { return strings.Compare(a.Dir, b.Dir) })
	for i := range out {
		out[i].Base, out[i].Allow, out[i].Older, out[i].Public = w.Repo.Dir, w.Repo.Allow, r.older, r.public
		out[i].Only = len(out) == 1
	}
	return out
}

// lookAll looks at all of them, in as many processes as there may be, and says
// how many count: what goes out of bounds is the last.
func (w *Work) lookAll(ctx context.Context, orders []order) (looks []look, done int) {
	looks = make([]look, len(orders))
	bar := w.Tell.Progress("checking", len(orders))
	defer bar.Done()
	crew := deliver.Crew[order, look]{Task: Task, Reads: true, Here: func(o order) look { return w.look(ctx, o) }, Over: func(l look) bool { return l.Spent }}
	done = deliver.Each(ctx, w.Builds, crew, len(orders), func(i int, do func(order) look) {
		looks[i] = do(orders[i])
		if looks[i].Interrupted && ctx.Err() == nil {
			looks[i] = crew.Here(orders[i]) // somebody ended that process alone
		}
		bar.Step()
	})
	return looks, done
}

// Answer does an order that came through a pipe.
func (w *Work) Answer(ctx context.Context, text json.RawMessage) (any, error) {
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, err
	}
	return w.look(ctx, o), nil
}

// look looks at one kustomization: its build, and each environment in it.
func (w *Work) look(ctx context.Context, o order) (l look) {
	var notes bytes.Buffer
	side := w.beside(w.Tell.Beside(&notes), o)
	if o.Only {
		side.Seals.Shows = w.Tell
	}
	defer func() { l.Notes, l.Spent = notes.String(), kustomize.Spent() != nil }()
	if o.Doubtful {
		j := side.Repo.Judge(o.Dir)
		l.Is = j.Is
		l.Doubt.Join(j.Err)
		if !l.Is {
			return l
		}
	}
	r := Report{older: o.Older, public: o.Public}
	objects, subjects, err := side.checkOne(ctx, o.Dir, &r)
	l.Interrupted = err != nil
	l.Told, l.Borrows, l.Counts = r.findings, r.borrows, r
	for _, s := range subjects {
		if s.Registry != nil && s.Registry.Spec.Auth.Anonymous {
			objects.Anonymous = append(objects.Anonymous, s.Registry.Metadata.Name)
		}
		l.Each = append(l.Each, check.Each(s)...)
		l.Subjects = append(l.Subjects, s.Public())
	}
	l.Objects = objects.Run()
	return l
}

// beside is the same work told to another terminal, on files that are taken to
// stay as they are.
func (w *Work) beside(t *terminal.Terminal, o order) *Work {
	repo := w.Repo.At(o.Base).Remembering()
	repo.Allow = o.Allow.Remembering()
	builds := w.Builds.Beside(t, repo)
	side := &Work{Tell: t, Repo: repo, Keys: builds.Keys, Builds: builds}
	side.Seals = &seal.Work{Tell: t, Repo: repo, Keys: builds.Keys, Builds: builds}
	side.Compares = &compare.Work{Tell: t, Repo: repo, Keys: builds.Keys, Builds: builds}
	side.People = &people.Work{Tell: t, Repo: repo, Keys: builds.Keys, Seals: side.Seals}
	return side
}

// add takes over what was counted and found about one kustomization.
func (r *Report) add(l *look) {
	r.findings = append(r.findings, l.Told...)
	r.borrows = r.borrows || l.Borrows
	r.Environments += l.Counts.Environments
	r.Passwords.Verified += l.Counts.Passwords.Verified
	r.Passwords.Locked += l.Counts.Passwords.Locked
	r.Sealed.Compared += l.Counts.Sealed.Compared
	r.Sealed.Files += l.Counts.Sealed.Files
}

// noteOnce tells what there is to note about an environment. What is about the
// repository is told for the first alone.
func (w *Work) noteOnce(notes string, told map[string]bool) {
	for line := range strings.Lines(notes) {
		if strings.HasPrefix(line, "note: ") && told[line] {
			continue
		}
		told[line] = true
		w.Tell.Note("%s", strings.TrimSuffix(line, "\n"))
	}
}
