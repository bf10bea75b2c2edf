package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Task is the name of what a worker does for a seal.
const Task = "seal"

// order is environments to seal one after the other, and answer what came of
// them. Both cross the pipes between this process and the workers, so neither
// has a secret in it: whoever seals an environment opens and writes its files.
type order struct {
	Repo         repository.Repository // as the process that asks has it
	Environments []environment
	Options      Options
	Accept       []string
	Asks         bool // that process can ask a person
}

// environment is one that the process that asks has found.
type environment struct {
	Root   string
	Config []byte
}

type answer struct {
	Outcomes []outcome // of the first ones: who has to be asked about one stops there
	Rotated  []string  // the credentials with new data keys
}

type outcome struct {
	Notes       string // for stderr
	Problems    problem.List
	Asks        bool // nothing was written: a person has to say who may read it
	Interrupted bool
}

// errLater is the error of a seal that needs an answer where nobody is asked.
var errLater = errors.New("a person has to say who may read it")

// sealMany seals environments in as many processes as there may be. What is
// told, and what is wrong, comes in their order. Of those for which somebody
// has to be asked nothing is written until the others are done; then this
// process asks.
func (w *Work) sealMany(ctx context.Context, envs []repository.Environment, o Options) error {
	bar := w.Tell.Progress("sealing", len(envs))
	defer bar.Done()
	t := &telling{w: w, bar: bar, outcomes: make([]*outcome, len(envs))}
	groups := sharing(envs)
	crew := deliver.Crew[order, answer]{Task: Task, Here: func(o order) answer { return w.work(ctx, o) }, Over: func(answer) bool { return false }}
	deliver.Each(ctx, w.Builds, crew, len(groups), func(i int, do func(order) answer) {
		out := order{Repo: *w.Repo, Options: o, Accept: w.Accept, Asks: w.Tell.StdinIsTerm}
		out.Options.Rotated = nil // of each group its own
		for _, n := range groups[i] {
			out.Environments = append(out.Environments, environment{envs[n].Root, envs[n].Config})
		}
		a := do(out)
		if slices.ContainsFunc(a.Outcomes, func(o outcome) bool { return o.Interrupted }) && ctx.Err() == nil {
			a = crew.Here(out) // somebody ended that process alone
		}
		t.take(groups[i], a, o.Rotated)
	})
	t.rest()
	var l problem.List
	for i, e := range envs {
		out := t.outcomes[i]
		if out == nil || out.Asks {
			if err := terminal.Interrupted(ctx); err != nil {
				return err
			}
			bar.Aside(func() { l.Join(w.Repo.InSpec(e.Root, e.Config, w.sealOne(ctx, e, o, w.Tell.Silent()))) })
			bar.Step()
			continue
		}
		if out.Interrupted {
			return terminal.Interruption
		}
		l = append(l, out.Problems...)
	}
	return l.Err()
}

// sharing are the places of environments in a list, those together that share
// a folder of credentials, whose files two processes would each write, or what
// is locked.
func sharing(envs []repository.Environment) (groups [][]int) {
	of := map[string]int{} // the group of a path
	for i, e := range envs {
		into := len(groups)
		groups = append(groups, []int{i})
		shared := []string{e.LockPath()} // two Registries of one root have one
		for _, rel := range e.Spec.Secrets.Credentials {
			shared = append(shared, filepath.Join(e.Root, rel))
		}
		for _, path := range shared {
			if path == "" {
				continue
			}
			path = real(path)
			other, known := of[path]
			of[path] = into
			if !known || other == into {
				continue
			}
			groups[into] = append(groups[into], groups[other]...)
			groups[other] = nil
			for p, g := range of {
				if g == other {
					of[p] = into
				}
			}
		}
	}
	groups = slices.DeleteFunc(groups, func(g []int) bool { return len(g) == 0 })
	for _, g := range groups {
		slices.Sort(g)
	}
	return groups
}

// Answer does an order that came through a pipe.
func (w *Work) Answer(ctx context.Context, text json.RawMessage) (any, error) {
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, err
	}
	return w.work(ctx, o), nil
}

// work seals the environments of an order.
func (w *Work) work(ctx context.Context, o order) (a answer) {
	rotated := map[string]bool{}
	o.Options.Rotated = rotated
	for _, e := range o.Environments {
		out := w.workOne(ctx, o, e)
		a.Outcomes = append(a.Outcomes, out)
		if out.Asks || out.Interrupted {
			break // what shares its credentials is sealed after it
		}
	}
	a.Rotated = repository.SortedKeys(rotated)
	return a
}

func (w *Work) workOne(ctx context.Context, o order, e environment) (out outcome) {
	var notes bytes.Buffer
	builds := w.Builds.Beside(w.Tell.Beside(&notes), &o.Repo)
	side := &Work{Tell: builds.Tell, Repo: builds.Repo, Keys: builds.Keys, Builds: builds, Accept: slices.Clone(o.Accept), later: o.Asks}
	d, err := spec.DecodeAny(e.Config, "")
	if err == nil {
		err = side.sealOne(ctx, repository.Environment{Root: e.Root, Config: e.Config, Spec: d}, o.Options, side.Tell.Silent())
	}
	if errors.Is(err, errLater) {
		return outcome{Asks: true}
	}
	out.Interrupted = ctx.Err() != nil && err != nil
	out.Problems.Join(side.Repo.InSpec(e.Root, e.Config, err))
	out.Notes = notes.String()
	return out
}

// telling tells what became of environments, in their order.
type telling struct {
	w        *Work
	bar      *terminal.Progress
	mu       sync.Mutex
	outcomes []*outcome // nil where there is none yet
	next     int        // the first that nothing was told of
}

// take takes over what became of a group. rotated remembers new data keys.
func (t *telling) take(group []int, a answer, rotated map[string]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, path := range a.Rotated {
		rotated[path] = true
	}
	for i, n := range group {
		t.outcomes[n] = &outcome{Asks: true}
		if i < len(a.Outcomes) {
			t.outcomes[n] = &a.Outcomes[i]
		}
		if !t.outcomes[n].Asks {
			t.bar.Step()
		}
	}
	for ; t.next < len(t.outcomes) && t.outcomes[t.next] != nil; t.next++ {
		t.tell(t.outcomes[t.next])
	}
}

// rest tells what an interruption left behind a gap.
func (t *telling) rest() {
	for _, out := range t.outcomes[t.next:] {
		if out != nil {
			t.tell(out)
		}
	}
}

// tell tells the notes of one. What is about the repository is told once.
func (t *telling) tell(out *outcome) {
	if out.Notes == "" {
		return
	}
	t.bar.Aside(func() {
		for line := range strings.Lines(out.Notes) {
			line = strings.TrimSuffix(line, "\n")
			if note, is := strings.CutPrefix(line, "note: "); is && slices.Contains(t.w.named, note) {
				continue
			} else if is {
				t.w.named = append(t.w.named, note)
			}
			t.w.Tell.Note("%s", line)
		}
	})
}
