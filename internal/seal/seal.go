package seal

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Options is how a seal goes about its work.
type Options struct {
	Check      bool     // write nothing, compare
	RotateKeys bool     // new data keys for every file
	Renew      []string // Secrets, or addresses, whose certificates, keys and hashes of the chart's making are made anew
	// rotated are the credentials that this run has given new data keys: a
	// second environment that shares one must not make the first stale again.
	Rotated map[string]bool
	Own     string // the credential that this very command has changed, absolute
}

// Seal works through the environments; a failure of one does not stop the
// others, and all failures are told.
func (w *Work) Seal(ctx context.Context, dirs []string, o Options) error {
	envs, err := w.Repo.Environments(dirs)
	if err != nil {
		return err
	}
	if len(envs) == 0 && !o.Check {
		w.Tell.Note("nothing to seal: the ImagePullSecrets here take what another environment sealed")
	}
	o.Rotated = map[string]bool{}
	if len(envs) == 1 { // its credentials are counted, not the environments
		if err := terminal.Interrupted(ctx); err != nil {
			return err
		}
		err = w.Repo.InSpec(envs[0].Root, envs[0].Config, w.sealOne(ctx, envs[0], o, nil))
	} else if len(envs) > 1 {
		err = w.sealMany(ctx, envs, o)
	}
	if o.Check && err == nil {
		// What is proven is deployed only if the build still holds it.
		_, err = w.Builds.Build(ctx, dirs, deliver.BuildOptions{})
	}
	return err
}

func (w *Work) sealOne(ctx context.Context, e repository.Environment, o Options, bar *terminal.Progress) error {
	if !o.Check {
		unlock, err := w.Repo.Lock(e)
		if err != nil {
			return err
		}
		defer unlock()
	}
	return w.SealHeld(ctx, e, o, bar)
}

// SealHeld is sealOne for a caller who holds the lock.
func (w *Work) SealHeld(ctx context.Context, e repository.Environment, o Options, bar *terminal.Progress) error {
	if !o.Check {
		w.Repo.Sweep(e)
	}
	s := sealing{w: w, env: e, Options: o, bar: bar}
	if err := s.admit(s.existing()); err != nil {
		return err
	}
	if err := s.derive(ctx); w.later && (len(s.locked) > 0 || s.shut) {
		return errLater // there may be a key that asks for its passphrase
	} else if err != nil {
		return err
	}
	if o.Check {
		return s.report()
	}
	if err := s.admitRest(); err != nil {
		return err
	}
	s.tellMoved(slices.DeleteFunc(s.moved(), func(m generator.Moved) bool { return o.Own != "" && m.File != "" && s.w.Repo.Abs(m.File) == o.Own }))
	return s.write(ctx)
}

// moved says whose values were changed since the last seal.
func (s *sealing) moved() []generator.Moved {
	set, err := s.w.Repo.Credentials(s.env)
	if err != nil {
		return nil // the seal said what is wrong
	}
	last := generator.LastSeal{Held: s.held}
	_, texts, _ := s.w.Repo.Folder(s.env.Root)(s.env.Spec.Secrets.Sealed)
	for _, f := range texts {
		// A file that was changed by hand still says what it was made from.
		if file, _ := sealed.Parse(f.Path, f.Data); len(file.Record.Facts) > 0 {
			last.Files = append(last.Files, file)
		}
	}
	return s.plan.Moved(set, s.values, last)
}

// tellMoved names them: a seal takes over whatever a credential says.
func (s *sealing) tellMoved(moved []generator.Moved) {
	if len(moved) == 0 || len(s.changes) == 0 {
		return
	}
	var what, files []string
	for _, m := range moved {
		what = append(what, problem.Shown(m.What))
		if file := problem.QuoteArg(m.File); m.File != "" && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		files = []string{problem.QuoteArg(s.w.Repo.Show(s.env.CredentialsDir()))}
	}
	s.w.Tell.Note("%s: changed since the last seal, and not by this one: %s\n  who did it: git log -- %s", s.w.Repo.Show(s.env.Root), strings.Join(what, "; "), strings.Join(files, " "))
}

// write makes the changes, each file whole or not at all.
func (s *sealing) write(ctx context.Context) error {
	w := s.w
	var fresh []string
	for i, c := range s.changes {
		if c.Data != nil && (s.RotateKeys || !repository.Exists(c.Path)) {
			fresh = append(fresh, c.Path)
		}
		if err := terminal.Interrupted(ctx); err != nil {
			return err
		}
		if c.Data == nil {
			if err := w.Repo.Delete(c.Path); err != nil {
				return err
			}
		} else if err := w.Repo.Write(c.Path, c.Data, 0o644); err != nil {
			var l problem.List
			l.Join(err)
			l[len(l)-1].Next = fmt.Sprintf("mend that and run reggen seal again; %d of %d files were written, each whole", i, len(s.changes))
			return l
		}
		if s.RotateKeys {
			s.Rotated[real(c.Path)] = true
		}
		w.Tell.Note("%s: %s", w.Repo.Show(c.Path), c.Why)
	}
	w.TellFor(fresh)
	if len(s.changes) == 0 {
		w.Tell.Note("%s: nothing to do", w.Repo.Show(s.env.Root))
	}
	return nil
}

// real is a path without links: two environments may come to a folder by two ways.
func real(path string) string {
	if at, err := filepath.EvalSymlinks(path); err == nil {
		return at
	}
	return path
}

// sealing is one environment's seal on its way.
type sealing struct {
	w   *Work
	env repository.Environment
	Options
	bar     *terminal.Progress // of several environments; nil for one
	each    bool               // bar counts the credentials
	changes []repository.Change
	// admitted are the files whose readers are known, or were said yes to.
	admitted map[string]bool
	plan     generator.Plan
	values   map[secret.Ref]string        // what the credentials say
	held     map[string]map[string][]byte // what the opened sealed files held, by Secret and key
	found    problem.List                 // what --check found
	locked   map[string]bool              // the credentials that no key at hand opens, by their paths
	users    []string                     // whose password is the one of the hash
	judge    func(file, user, password string)
	unread   []string // sealed files, as shown, that could not be opened
	shut     bool     // no key at hand opens one of them
}

func (s *sealing) differ(path, what string) {
	s.found.Add(problem.Problem{File: s.w.Repo.Show(path), What: what, Next: "reggen seal"})
}

// report turns the changes that a seal would make into the errors of --check.
func (s *sealing) report() error {
	told := map[string]bool{}
	for _, p := range s.found {
		told[p.File] = true
	}
	for _, c := range s.changes {
		if !told[s.w.Repo.Show(c.Path)] {
			s.differ(c.Path, "is not what the credentials say: "+c.Why)
		}
	}
	if err := s.found.Err(); err != nil {
		return err
	}
	s.w.Tell.Note("%s: sealed files are what the spec and the credentials say", s.w.Repo.Show(s.env.Root))
	return nil
}

// derive fills changes: credentials first, then sealed files, then deletions,
// so that a run that is cut off leaves what the next one can finish.
func (s *sealing) derive(ctx context.Context) error {
	store := &credentialStore{w: s.w, env: s.env, locked: map[string]bool{}}
	if err := store.load(ctx, s); err != nil {
		s.locked = store.locked
		return err
	}
	for _, f := range store.files {
		if password, has := f.Doc.StringData[credential.Password]; has && f.public.Type == credential.User {
			s.users = append(s.users, f.public.User)
			if s.judge != nil {
				s.judge(f.public.File, f.public.User, password)
			}
		}
	}
	in := s.w.Builds.Input(ctx, s.env)
	in.Folder = store.folder(in.Folder)
	plan, err := generator.Prepare(in)
	if err != nil {
		return err
	}
	if err := s.admit(s.unsealed(plan), store.readers()...); err != nil {
		return err
	}
	plan, revealed, made, err := s.compose(ctx, store, plan, in)
	s.plan, s.values, s.held = plan, revealed.Values, map[string]map[string][]byte{}
	if err != nil {
		return err
	}
	var l problem.List
	keep := map[string]bool{}
	for _, sec := range made.Sealings {
		if err := terminal.Interrupted(ctx); err != nil {
			return err
		}
		path := filepath.Join(s.env.SealedDir(), sec.Plain.Name+".yaml")
		keep[path] = true
		l.Join(s.sealSecret(ctx, path, sec))
	}
	if err := l.Err(); err != nil {
		return err
	}
	return s.orphans(plan.Owner, keep)
}
