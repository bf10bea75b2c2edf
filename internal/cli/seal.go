package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/sops"
)

func (w *World) sealCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "seal [DIR...]",
		Short: "Derive the sealed files of environments from their credentials",
		Long: `Derive sealed/ from the spec and credentials/: hash passwords that have no
hash yet, render the chart with the real values, and encrypt the Secrets that
come out for the recipients that .sops.yaml names. Only what changed is
written. Needs a key that opens the credentials. Without DIR it is this folder,
or the only environment below overlays/.`,
		Example: `  reggen seal overlays/prod
  reggen seal --check overlays/prod   # prove that sealed/ is what the credentials say`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			dirs, err := w.orOnly(dirs)
			if err != nil {
				return err
			}
			return w.seal(cmd.Context(), dirs, check)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; derive everything again, compare, and fail when anything differs")
	return cmd
}

// change is one file that a seal writes or deletes, and why.
type change struct {
	path string
	data []byte // nil deletes
	why  string
}

// seal works through the environments; a failure of one does not stop the
// others, and all failures are told.
func (w *World) seal(ctx context.Context, dirs []string, check bool) error {
	envs, err := w.environments(dirs)
	if err != nil {
		return err
	}
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
		l.Join(w.at(e.root, w.sealOne(ctx, e, check, bar)))
		if bar != nil {
			bar.step()
		}
	}
	return l.Err()
}

func (w *World) sealOne(ctx context.Context, e environment, check bool, bar *progress) error {
	if !check {
		unlock, err := w.lock(e)
		if err != nil {
			return err
		}
		defer unlock()
		w.sweep(e)
	}
	s := sealing{w: w, env: e, check: check, bar: bar}
	if err := s.derive(ctx); err != nil {
		return err
	}
	if check {
		return s.report()
	}
	for i, c := range s.changes {
		if err := interrupted(ctx); err != nil {
			return err
		}
		if c.data == nil {
			if err := os.Remove(c.path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return w.fileProblem("can't delete", c.path, err)
			}
		} else if err := w.write(c.path, c.data, 0o644); err != nil {
			var l problem.List
			l.Join(err)
			l[len(l)-1].Next = fmt.Sprintf("mend that and run reggen seal again; %d of %d files were written, each whole", i, len(s.changes))
			return l
		}
		w.note("%s: %s", w.show(c.path), c.why)
	}
	if len(s.changes) == 0 {
		w.note("%s: nothing to do", w.show(e.root))
	}
	return nil
}

// temporary is the name of a file that a killed run left behind: the hidden
// name under which renameio writes before it renames.
var temporary = regexp.MustCompile(`^\.(.+\.yaml|\` + markerName + `)\d+$`)

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
	w       *World
	env     environment
	check   bool
	bar     *progress // of several environments; nil for one
	changes []change
	found   problem.List // what --check found
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
		return err
	}
	in := s.w.input(s.env)
	in.Folder = store.folder(in.Folder)
	plan, err := generator.Prepare(in)
	if err != nil {
		return err
	}
	values, seed, err := plan.Reveal(store.opened())
	if err != nil {
		return err
	}
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

// sealSecret decides whether a sealed file is as it should be and plans its
// writing when it is not.
func (s *sealing) sealSecret(ctx context.Context, path string, sec generator.Sealing) error {
	rule, err := sops.FindRule(path)
	if err != nil {
		return err
	}
	old, why := s.oldSealed(ctx, path, sec, rule)
	if why == "" {
		return nil
	}
	plain, err := sealed.Manifest(sec.Plain)
	if err != nil {
		return err
	}
	opt := sops.Options{MACOnlyEncrypted: true}
	if old != nil {
		opt.Reuse, opt.NewDataKey = old.file, old.lostRecipient
	}
	text, err := sops.Seal(ctx, plain, rule, opt)
	if err != nil {
		return s.w.in(path, err)
	}
	if text, err = sealed.WithRecord(text, sec.Record); err != nil {
		return s.w.in(path, err)
	}
	s.changes = append(s.changes, change{path, text, why})
	return nil
}

// oldFile is a sealed file that could be opened.
type oldFile struct {
	file          *sops.File
	lostRecipient bool
}

// oldSealed opens the sealed file at path and says why it must be written
// anew; why is empty when it is as it should be.
func (s *sealing) oldSealed(ctx context.Context, path string, sec generator.Sealing, rule *sops.Rule) (old *oldFile, why string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		if !os.IsNotExist(err) {
			return nil, "rebuilt: the old file could not be read"
		}
		return nil, "sealed"
	}
	meta, err := sops.Inspect(raw)
	if err != nil {
		if credential.HasConflict(raw) {
			return nil, "rebuilt: the old file held the markers of an unfinished merge"
		}
		return nil, "rebuilt: the old file was not a SOPS file"
	}
	file, err := sops.Open(ctx, raw)
	if err != nil {
		why := "rebuilt: the old file could not be opened with the keys at hand"
		if errors.Is(err, sops.ErrMAC) {
			why = "rebuilt: the old file's MAC did not match its content"
		}
		return nil, why
	}
	old = &oldFile{file: file, lostRecipient: lost(rule.Named(meta.Recipients), rule.Recipients())}
	data, err := file.Strings("data")
	if err != nil || !sameData(data, sec.Plain.Data) {
		// Told apart from a rotation only by its record: a file whose record
		// is up to date but whose content is not was forged or edited.
		if f, perr := sealed.Parse(s.w.show(path), raw); perr == nil && f.Record.Digest == sec.Record.Digest {
			s.differ(path, "holds other content than the credentials say, though its record is up to date: it was forged or edited")
		}
		return old, "its content changed"
	}
	f, err := sealed.Parse(s.w.show(path), raw)
	if err != nil {
		return old, "rebuilt: it was changed after reggen sealed it"
	}
	if f.Type != sec.Plain.Type || f.Name != sec.Plain.Name {
		return old, "its name or type changed"
	}
	record := f.Record
	record.Cipher = ""
	switch {
	case record.String() != sec.Record.String():
		return old, "its record changed"
	case !sops.SameRecipients(meta, rule) && old.lostRecipient:
		return old, "encrypted anew with a new data key: a recipient was removed"
	case !sops.SameRecipients(meta, rule):
		return old, "encrypted for other recipients"
	}
	return old, ""
}

func lost(old, now []string) bool {
	have := map[string]bool{}
	for _, r := range now {
		have[r] = true
	}
	for _, r := range old {
		if !have[r] {
			return true
		}
	}
	return false
}

func sameData(have map[string]string, want map[string][]byte) bool {
	if len(have) != len(want) {
		return false
	}
	for k, v := range want {
		raw, err := base64.StdEncoding.DecodeString(have[k])
		if err != nil || !bytes.Equal(raw, v) {
			return false
		}
	}
	return true
}

// orphans plans the deletion of sealed files that this Registry owned and no
// longer has.
func (s *sealing) orphans(owner string, keep map[string]bool) error {
	entries, err := os.ReadDir(s.env.sealedDir())
	if err != nil {
		return nil // no folder, no orphans
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	for _, entry := range entries {
		path := filepath.Join(s.env.sealedDir(), entry.Name())
		if keep[path] || entry.IsDir() || !strings.HasSuffix(entry.Name(), ".yaml") {
			continue
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return s.w.fileProblem("can't read", path, err)
		}
		f, err := sealed.Parse(s.w.show(path), raw)
		switch {
		case f.Record.Owner == owner:
			s.changes = append(s.changes, change{path, nil, "deleted: the Registry no longer has this Secret"})
		case err != nil:
			s.w.note("%s: left alone: not a sealed file that says whose it is", s.w.show(path))
		}
	}
	return nil
}
