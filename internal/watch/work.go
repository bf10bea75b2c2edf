// Package watch runs a command anew whenever a file changes that it can have
// read. Each run is a process of its own, as if a person had started it: it knows
// nothing of what was read before, and what one run breaks no other suffers. This
// process builds nothing and opens no credential.
package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/revision"
	"github.com/reggen/reggen/internal/terminal"
)

// Work is what watching works with.
type Work struct {
	Tell   *terminal.Terminal
	Repo   *repository.Repository
	Builds *deliver.Work
}

// Plan is a command that is run again and again.
type Plan struct {
	Args      []string            // the command line, without --watch
	Dirs      []string            // the environments that it names
	Only      bool                // where it names none, the only one is meant
	None      bool                // it is about no environment at all
	Against   string              // another folder in which these environments are read
	Given     []string            // files that the command line names
	Revisions []string            // that it compares with
	Said      func(code int) Said // an exit status in words
	Between   string              // what stands between two outputs where no person sees them
}

// Said is what a run came to.
type Said struct {
	Words string
	Look  terminal.Attribute
}

// Watch runs the command, and again after each change, until the context is
// done, which is no error. Where there is nothing to watch from the beginning it
// returns the exit status of the only run.
func (w *Work) Watch(ctx context.Context, p Plan) (code int, err error) {
	var s *watcher
	defer func() { s.close() }()
	for first := true; ; first = false {
		next, err := w.look(ctx, p)
		if s.close(); ctx.Err() != nil {
			next.close()
			return 0, nil
		}
		if s = next; err != nil {
			return 0, err
		}
		if !first && !w.Tell.StdoutIsTerm {
			_, _ = io.WriteString(w.Tell.Stdout, p.Between)
		}
		began := w.Tell.Now()
		code, err := w.Builds.Again(ctx, p.Args)
		switch {
		case ctx.Err() != nil:
			return 0, nil
		case err != nil:
			return 0, err
		case first && code != 0 && s.count == 0:
			return code, nil
		}
		said := p.Said(code)
		w.Tell.Marked("--- "+said.Words, said.Look, " in %s; watching %d file%s in %d folder%s; Ctrl-C ends it", w.Tell.Now().Sub(began).Round(10*time.Millisecond),
			s.count, terminal.Plural(s.count), len(s.watched), terminal.Plural(len(s.watched)))
		what, err := w.changed(ctx, p, s)
		if ctx.Err() != nil {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		w.Tell.Note("\n--- %s %s", w.Tell.Now().Format(time.TimeOnly), what)
	}
}

// changed waits for a change that counts, and words it.
func (w *Work) changed(ctx context.Context, p Plan, s *watcher) (string, error) {
	for {
		names, git, err := s.wait(ctx)
		switch {
		case err != nil || ctx.Err() != nil:
			return "", err
		case len(names) > 0 && names[0] == "":
			return "more changed at once than the system tells", nil
		case len(names) > 0:
			what := w.Repo.Show(names[0])
			if more := len(names) - 1; more > 0 {
				what += fmt.Sprintf(" and %d more", more)
			}
			return what + " changed", nil
		case git && w.commits(ctx, p) != s.commits:
			return "git has another commit there", nil
		}
	}
}

// commits are the ids of the revisions that the command compares with.
func (w *Work) commits(ctx context.Context, p Plan) (ids string) {
	if len(p.Revisions) == 0 {
		return ""
	}
	git, err := revision.Find(ctx, w.Repo.Dir, false, false)
	if err != nil {
		return ""
	}
	for _, rev := range p.Revisions {
		id, _ := git.Commit(ctx, rev)
		ids += id + "\n"
	}
	return ids
}

// Task is the name of the task by which another process finds out what
// environments reach: to know it kustomize has to run, which can end a process.
const Task = "reach"

// order asks for what a command can read.
type order struct {
	Base, Against string
	Dirs          []string
	Only          bool
	Allow         kustomize.Allow
}

type answer struct {
	Reaches  []repository.Reach
	Problems problem.List
}

// Answer does that task.
func (w *Work) Answer(_ context.Context, text json.RawMessage) (any, error) {
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, err
	}
	return w.answer(o, false), nil
}

func (w *Work) answer(o order, blind bool) (a answer) {
	repo := w.Repo.At(o.Base)
	repo.Allow = o.Allow
	dirs := o.Dirs
	if o.Only {
		if only, err := repo.OrOnly(dirs); err == nil {
			dirs = only
		}
	}
	dirs = repository.OrAll(dirs)
	reach, err := repo.Reach(dirs, blind)
	a.Problems.Join(err)
	a.Reaches = append(a.Reaches, reach)
	if o.Against != "" {
		reach, err := repo.At(repo.Abs(o.Against)).Reach(dirs, blind)
		a.Problems.Join(err)
		a.Reaches = append(a.Reaches, reach)
	}
	return a
}

// reach is what the command can read now. Where a process for it can't be
// started, or dies of what it reads, it is what can be told without kustomize.
func (w *Work) reach(ctx context.Context, p Plan) ([]repository.Reach, error) {
	o := order{w.Repo.Dir, p.Against, p.Dirs, p.Only, w.Repo.Allow}
	var a answer
	if p.None {
	} else if err := w.Builds.Ask(ctx, Task, o, &a); ctx.Err() != nil {
		return nil, ctx.Err()
	} else if err != nil {
		a = w.answer(o, true)
	}
	for _, name := range p.Given {
		a.Reaches = append(a.Reaches, repository.Reach{Files: []string{w.Repo.Abs(name)}, Count: 1})
	}
	return a.Reaches, a.Problems.Err()
}
