package people

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/seal"
	"github.com/reggen/reggen/internal/terminal"
)

// OffboardOptions is what an offboarding does beyond what it has to.
type OffboardOptions struct {
	Rotate, DryRun bool
}

// leaving is one offboarding on its way.
type leaving struct {
	w       *Work
	name    string // as given
	o       OffboardOptions
	roots   []string
	envs    []repository.Environment
	top     string            // the folder of the outermost .sops.yaml
	configs map[string][]byte // .sops.yaml -> its text, old, then new
	changed []string          // those that change
	report  offboarding
	resumed bool
}

// Offboard takes a recipient out and reports what that means. Until finish is
// called, the journal stands: the report is the only place that says what the
// recipient has read.
func (w *Work) Offboard(ctx context.Context, name string, dirs []string, o OffboardOptions) (r departed, finish func() error, err error) {
	if strings.Contains(strings.ToUpper(name), "AGE-SECRET-KEY-") {
		return r, nil, problem.Problem{What: "a private key stands where a public one belongs; take it for leaked: it is in your shell's history", Want: "the public key, as .sops.yaml writes it"}
	}
	l := &leaving{w: w, name: name, o: o, configs: map[string][]byte{}}
	where := dirs
	if len(where) == 0 {
		where = []string{w.Repo.Ruled()}
	}
	if l.roots, err = w.Repo.Discover(where); err != nil {
		return r, nil, err
	}
	if l.envs, err = w.Repo.Environments(l.roots); err != nil {
		return r, nil, err
	}
	if len(dirs) > 0 {
		l.report.Folders = l.roots
	}
	if err := l.rules(); err != nil {
		return r, nil, err
	}
	if err := l.plan(); err != nil {
		return r, nil, err
	}
	if o.DryRun {
		return l.departed(), func() error { return nil }, nil
	}
	if err := l.able(ctx); err != nil {
		return r, nil, err
	}
	if err := l.carryOut(ctx); err != nil {
		var all problem.List
		all.Join(err)
		all.Add(problem.Problem{What: "the offboarding is not finished; every file is whole, old or new", Next: "mend that, then: " + w.again(l.name, l.report)})
		return r, nil, all
	}
	l.report.Done = true
	return l.departed(), func() error { return w.Repo.Delete(l.journal()) }, nil
}

// again is the command that finishes what was begun.
func (w *Work) again(name string, o offboarding) string {
	out := "reggen offboard " + problem.QuoteArg(name)
	for _, f := range o.Folders {
		out += " " + problem.QuoteArg(w.Repo.Show(f))
	}
	if o.Rotated {
		out += " --rotate"
	}
	return out
}

// able proves, before anything is written, that keys at hand open every
// credential, and that one of them is of those who stay.
func (l *leaving) able(ctx context.Context) error {
	var bad problem.List
	for _, e := range l.concerned() {
		for _, f := range l.w.Repo.SecretFiles(e) {
			if f.Sealed {
				continue
			}
			_, err := l.w.Keys.ReadCredential(ctx, f.Path)
			bad.Join(err)
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	for _, e := range l.concerned() {
		var paths []string
		for _, f := range l.w.Repo.SecretFiles(e) {
			paths = append(paths, f.Path)
		}
		if err := l.w.Seals.Admit(e, paths); err != nil {
			return err
		}
	}
	tried := map[string]bool{}
	for _, e := range l.concerned() {
		for _, f := range l.w.Repo.SecretFiles(e) {
			old, err := rules.Find(f.Path)
			if err != nil {
				return err
			}
			id := fmt.Sprint(old.Config, old.Index)
			if tried[id] {
				continue
			}
			tried[id] = true
			rel, err := filepath.Rel(filepath.Dir(old.Config), f.Path)
			if err != nil {
				return err
			}
			rule, err := rules.For(old.Config, l.configs[old.Config], filepath.ToSlash(rel))
			if err != nil {
				return err
			}
			probe, err := sops.Seal(ctx, []byte("data:\n  probe: nothing\n"), rule, sops.Options{Network: l.w.Repo.Allow.Network})
			if err != nil {
				return l.w.Repo.InFile(f.Path, err)
			}
			if _, err := sops.Open(ctx, probe, sops.Keys{Network: l.w.Repo.Allow.Network, Rule: rule}); err != nil {
				return problem.Problem{File: f.Path, What: "could not be opened any more: the only key at hand is the one that goes; nothing was written",
					Want: "a key of somebody who stays", Next: "let somebody who stays run: " + l.w.again(l.name, l.report)}
			}
		}
	}
	return nil
}

// carryOut writes: the journal, the rules, the rotations, then every file with
// a new data key.
func (l *leaving) carryOut(ctx context.Context) error {
	locked := map[string]bool{}
	for _, e := range l.envs {
		if locked[e.Root] {
			continue
		}
		unlock, err := l.w.Repo.Lock(e)
		if err != nil {
			return err
		}
		defer unlock()
		locked[e.Root] = true
	}
	text, err := json.MarshalIndent(l.report.out(l.top), "", "  ")
	if err != nil {
		return err
	}
	repository.Sweep(l.top)
	if err := l.w.Repo.Write(l.journal(), append(text, '\n'), 0o644); err != nil {
		return err
	}
	for _, config := range l.changed {
		if err := l.w.Repo.Write(config, l.configs[config], 0o644); err != nil {
			return err
		}
		l.w.Tell.Note("%s: the recipient is out", l.w.Repo.Show(config))
	}
	var bad problem.List
	for i := range l.report.Environments {
		for j, r := range l.report.Environments[i].Rotate {
			if !l.report.Rotated {
				continue
			}
			if err := terminal.Interrupted(ctx); err != nil {
				return err
			}
			e, err := l.environment(l.report.Environments[i])
			if err != nil {
				return err
			}
			to, err := l.w.rotateUser(ctx, e, r.User, NewUser{Generate: true})
			if err != nil {
				bad.Join(l.w.Repo.InSpec(e.Root, e.Config, err))
				continue
			}
			l.report.Environments[i].Rotate[j].Successor = to
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if l.envs, err = l.w.Repo.Environments(l.roots); err != nil { // the rotations changed the specs
		return err
	}
	o := seal.Options{RotateKeys: true, Rotated: map[string]bool{}}
	bar := l.w.Tell.Progress("encrypting anew", len(l.report.Environments))
	defer bar.Done()
	for _, e := range l.concerned() {
		if err := terminal.Interrupted(ctx); err != nil {
			return err
		}
		bad.Join(l.w.Repo.InSpec(e.Root, e.Config, l.w.Seals.SealHeld(ctx, e, o, bar)))
		bar.Step()
	}
	for _, e := range l.envs {
		for _, f := range l.w.Repo.SecretFiles(e) {
			if f.ReadableBy(l.report.Names) {
				bad.Add(problem.Problem{File: l.w.Repo.Show(f.Path), What: "is still encrypted for the recipient"})
			}
		}
	}
	return bad.Err()
}

// concerned are the environments of which the recipient could read something.
func (l *leaving) concerned() []repository.Environment {
	var out []repository.Environment
	for _, e := range l.envs {
		if slices.ContainsFunc(l.report.Environments, func(d departure) bool { return d.Dir == e.Root && d.Registry == e.Spec.Metadata.Name }) {
			out = append(out, e)
		}
	}
	return out
}

// environment is the environment of a part of the report, as it is now.
func (l *leaving) environment(part departure) (repository.Environment, error) {
	for _, e := range l.envs {
		if e.Root == part.Dir && e.Spec.Metadata.Name == part.Registry {
			return l.w.Repo.Fresh(e)
		}
	}
	return repository.Environment{}, problem.Problem{File: part.Dir, What: "is not there any more, and its offboarding is not finished", Next: "restore it, or delete " + l.journal()}
}
