package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
)

func (w *World) sealCommand() *cobra.Command {
	var o sealOptions
	cmd := &cobra.Command{
		Use:   "seal [DIR...]",
		Short: "Derive the sealed files of environments from their credentials",
		Long: `Derive sealed/ from the spec and credentials/: hash passwords that have no
hash yet, render the chart with the real values, and encrypt the Secrets that
come out for the recipients that .sops.yaml names. Only what changed is
written. Needs a key that opens the credentials. Without DIR it is this folder,
or the only environment below overlays/.

It names the users, keys and settings whose values were changed since the last
seal, and not by this one. With --check it writes nothing, derives everything
again, compares, and proves that the finished build holds what is sealed.

With --rotate-keys every credential and every sealed file gets a new data key,
for when an old one may be known: all ciphertexts change, no value does, and no
pod rolls. It does not take back what somebody has read, nor the old files in
git: reggen offboard and reggen user rotate are for that.`,
		Example: `  reggen seal overlays/prod
  reggen seal --check overlays/prod   # prove that sealed/ is what the credentials say`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			dirs, err := w.orOnly(dirs)
			if err != nil {
				return err
			}
			return w.seal(cmd.Context(), dirs, o)
		},
	}
	cmd.Flags().BoolVar(&o.check, "check", false, "write nothing; derive everything again, compare, and fail when anything differs")
	cmd.Flags().BoolVar(&o.rotateKeys, "rotate-keys", false, "encrypt every credential and sealed file anew with a new data key; no value changes")
	cmd.MarkFlagsMutuallyExclusive("check", "rotate-keys")
	w.accepting(cmd)
	return cmd
}

// sealOptions is how a seal goes about its work.
type sealOptions struct {
	check      bool // write nothing, compare
	rotateKeys bool // new data keys for every file
	// rotated are the credentials that this run has given new data keys: a
	// second environment that shares one must not make the first stale again.
	rotated map[string]bool
}

// change is one file that a seal writes or deletes, and why.
type change struct {
	path string
	data []byte // nil deletes
	why  string
}

// seal works through the environments; a failure of one does not stop the
// others, and all failures are told.
func (w *World) seal(ctx context.Context, dirs []string, o sealOptions) error {
	envs, err := w.environments(dirs)
	if err != nil {
		return err
	}
	o.rotated = map[string]bool{}
	var l problem.List
	// Of one environment the credentials are counted, of several these.
	var bar *progress
	if len(envs) > 1 {
		bar = w.progress("sealing", len(envs))
		defer bar.done()
	}
	for _, e := range envs {
		if err := interrupted(ctx); err != nil {
			return err
		}
		l.Join(w.at(e.root, w.sealOne(ctx, e, o, bar)))
		if bar != nil {
			bar.step()
		}
	}
	if o.check && len(l) == 0 {
		// What is proven is deployed only if the build still holds it.
		_, err := w.build(ctx, dirs, buildOptions{})
		return err
	}
	return l.Err()
}

func (w *World) sealOne(ctx context.Context, e environment, o sealOptions, bar *progress) error {
	if !o.check {
		unlock, err := w.lock(e)
		if err != nil {
			return err
		}
		defer unlock()
	}
	return w.sealHeld(ctx, e, o, bar)
}

// sealHeld is sealOne for a caller who holds the lock.
func (w *World) sealHeld(ctx context.Context, e environment, o sealOptions, bar *progress) error {
	if !o.check {
		w.sweep(e)
	}
	s := sealing{w: w, env: e, sealOptions: o, bar: bar}
	if err := s.admit(s.existing()); err != nil {
		return err
	}
	if err := s.derive(ctx); err != nil {
		return err
	}
	if o.check {
		return s.report()
	}
	if err := s.admitRest(); err != nil {
		return err
	}
	s.tellMoved(s.moved())
	return s.write(ctx)
}

// moved says whose values were changed since the last seal.
func (s *sealing) moved() []generator.Moved {
	set, err := s.w.credentials(s.env)
	if err != nil {
		return nil // the seal said what is wrong
	}
	last := generator.LastSeal{Held: s.held}
	_, texts, _ := s.w.folder(s.env.root)(s.env.registry.Spec.Secrets.Sealed)
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
		if file := quoteArg(m.File); m.File != "" && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		files = []string{quoteArg(s.w.show(s.env.credentialsDir()))}
	}
	s.w.note("%s: changed since the last seal, and not by this one: %s\n  who did it: git log -- %s", s.w.show(s.env.root), strings.Join(what, "; "), strings.Join(files, " "))
}

// write makes the changes, each file whole or not at all.
func (s *sealing) write(ctx context.Context) error {
	w := s.w
	var fresh []string
	for i, c := range s.changes {
		if c.data != nil && (s.rotateKeys || !exists(c.path)) {
			fresh = append(fresh, c.path)
		}
		if err := interrupted(ctx); err != nil {
			return err
		}
		if c.data == nil {
			if err := w.delete(c.path); err != nil {
				return err
			}
		} else if err := w.write(c.path, c.data, 0o644); err != nil {
			var l problem.List
			l.Join(err)
			l[len(l)-1].Next = fmt.Sprintf("mend that and run reggen seal again; %d of %d files were written, each whole", i, len(s.changes))
			return l
		}
		if s.rotateKeys {
			s.rotated[c.path] = true
		}
		w.note("%s: %s", w.show(c.path), c.why)
	}
	w.tellFor(fresh)
	if len(s.changes) == 0 {
		w.note("%s: nothing to do", w.show(s.env.root))
	}
	return nil
}

// temporary is the name of a file that a killed run left behind: the hidden
// name under which renameio writes before it renames.
var temporary = regexp.MustCompile(`^\.(.+\.yaml|\` + markerName + `|\` + journalName + `)\d+$`)

// sweep deletes what killed runs left in the environment's own folders. The
// lock is held, so nobody is writing there. What can't be deleted harms nobody.
func (w *World) sweep(e environment) {
	dirs := []string{e.sealedDir()}
	for _, d := range e.registry.Spec.Secrets.Credentials {
		if filepath.IsLocal(d) {
			dirs = append(dirs, filepath.Join(e.root, d))
		}
	}
	sweep(dirs...)
}

func sweep(dirs ...string) {
	for _, dir := range dirs {
		if inside(dir) != nil {
			continue
		}
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			if entry.Type().IsRegular() && temporary.MatchString(entry.Name()) {
				_ = os.Remove(filepath.Join(dir, entry.Name()))
			}
		}
	}
}

// sealing is one environment's seal on its way.
type sealing struct {
	w   *World
	env environment
	sealOptions
	bar     *progress // of several environments; nil for one
	changes []change
	// admitted are the files whose readers are known, or were said yes to.
	admitted map[string]bool
	plan     generator.Plan
	values   map[secret.Ref]string        // what the credentials say
	held     map[string]map[string][]byte // what the opened sealed files held, by Secret and key
	found    problem.List                 // what --check found
	locked   bool                         // no key at hand opens a credential
	users    []string                     // whose password is the one of the hash
	unread   []string                     // sealed files, as shown, that no key at hand opens
}

func (s *sealing) differ(path, what string) {
	s.found.Add(problem.Problem{File: s.w.show(path), What: what, Next: "reggen seal"})
}

// report turns the changes that a seal would make into the errors of --check.
func (s *sealing) report() error {
	told := map[string]bool{}
	for _, p := range s.found {
		told[p.File] = true
	}
	for _, c := range s.changes {
		if !told[s.w.show(c.path)] {
			s.differ(c.path, "is not what the credentials say: "+c.why)
		}
	}
	if err := s.found.Err(); err != nil {
		return err
	}
	s.w.note("%s: sealed files are what the spec and the credentials say", s.w.show(s.env.root))
	return nil
}

// derive fills changes: credentials first, then sealed files, then deletions,
// so that a run that is cut off leaves what the next one can finish.
func (s *sealing) derive(ctx context.Context) error {
	store := &credentialStore{w: s.w, env: s.env}
	if err := store.load(ctx, s); err != nil {
		s.locked = store.locked
		return err
	}
	for _, f := range store.files {
		if _, has := f.doc.StringData[credential.Password]; has && f.public.Type == credential.User {
			s.users = append(s.users, f.public.User)
		}
	}
	in := s.w.input(s.env)
	in.Folder = store.folder(in.Folder)
	plan, err := generator.Prepare(in)
	if err != nil {
		return err
	}
	if err := s.admit(s.unsealed(plan), store.readers()...); err != nil {
		return err
	}
	values, seed, err := plan.Reveal(store.opened())
	if err != nil {
		return err
	}
	s.plan, s.values, s.held = plan, values, map[string]map[string][]byte{}
	secrets, err := plan.Compose(values, seed)
	if err != nil {
		return err
	}
	var l problem.List
	keep := map[string]bool{}
	for _, sec := range secrets {
		if err := interrupted(ctx); err != nil {
			return err
		}
		path := filepath.Join(s.env.sealedDir(), sec.Plain.Name+".yaml")
		keep[path] = true
		l.Join(s.sealSecret(ctx, path, sec))
	}
	if err := l.Err(); err != nil {
		return err
	}
	return s.orphans(plan.Owner, keep)
}
