package seal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// credentialStore is an environment's credentials, opened, with what a seal
// changes in them.
type credentialStore struct {
	locked map[string]bool // those that no key at hand opens, by their paths
	w      *Work
	env    repository.Environment
	files  []*storedCredential
}

type storedCredential struct {
	path   string // absolute
	public credential.Public
	raw    []byte
	keyring.OpenedCredential
	dir string // the spec's name of its folder
	new []byte // its new text, when a seal changes it

	made bool // by this seal, so that nobody has said yes to what it says
}

// load reads and opens every credential, makes a machine credential in an
// environment that never had one, hashes what has no hash, and encrypts anew
// what has other recipients than its rule says.
func (c *credentialStore) load(ctx context.Context, s *sealing) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := c.machine(ctx, s); err != nil {
		return err
	}
	bar := s.bar
	if bar == nil {
		bar = c.w.Tell.Progress("opening credentials", len(c.files))
		defer bar.Done()
	}
	var mu sync.Mutex
	var l problem.List
	g := errgroup.Group{}
	g.SetLimit(terminal.Parallel())
	why := make([]string, len(c.files))
	for i, f := range c.files {
		g.Go(func() error {
			if s.bar == nil || s.each {
				defer bar.Step()
			}
			if ctx.Err() != nil {
				return nil
			}
			reason, err := c.settle(ctx, f, s)
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, sops.ErrNoKey) {
				c.locked[f.path] = true
			}
			why[i] = reason
			l.Join(err)
			return nil
		})
	}
	_ = g.Wait()
	if err := terminal.Interrupted(ctx); err != nil {
		return err
	}
	l.Sort()
	if err := l.Err(); err != nil {
		return err
	}
	for i, f := range c.files {
		if why[i] != "" {
			s.changes = append(s.changes, repository.Change{Path: f.path, Data: f.new, Why: why[i]})
		}
	}
	return nil
}

func (c *credentialStore) read() error {
	var l problem.List
	for _, dir := range c.env.Spec.Secrets.Credentials {
		abs := filepath.Join(c.env.Root, dir)
		_, files, err := c.w.Repo.Folder(c.env.Root)(dir)
		if err != nil && !os.IsNotExist(err) {
			l.Join(c.w.Repo.FileProblem("can't read", abs, err))
			continue
		}
		for _, f := range files {
			p, err := credential.Parse(f.Path, f.Data)
			if err != nil {
				l.Join(err)
				continue
			}
			c.files = append(c.files, &storedCredential{path: filepath.Join(abs, filepath.Base(f.Path)), public: p, raw: f.Data, dir: dir})
		}
	}
	return l.Err()
}

// machine makes the machine credential of a new environment. An environment
// whose sealed files carry a record once had one: a new seed would roll every
// pod, so that one is to be restored.
func (c *credentialStore) machine(ctx context.Context, s *sealing) error {
	for _, f := range c.files {
		if f.public.Type == credential.Machine {
			return nil
		}
	}
	dir, err := filepath.Rel(c.env.Root, c.env.MachineDir())
	if err != nil {
		return err
	}
	path := filepath.Join(c.env.Root, dir, repository.MachineName)
	if repository.Exists(path) {
		return problem.List{{File: path, What: "is where the machine credential belongs, and is none", Next: "rename that file"}}
	}
	if _, files, err := c.w.Repo.Folder(c.env.Root)(c.env.Spec.Secrets.Sealed); err == nil {
		for _, f := range files {
			if parsed, err := sealed.Parse(f.Path, f.Data); err == nil && len(parsed.Record.Rollout) > 0 {
				return problem.List{{File: c.w.Repo.Show(path), What: "no machine credential, but sealed files that were made with one; a new one would roll every pod",
					Next: "git log --diff-filter=D -- " + problem.QuoteArg(c.w.Repo.Show(path)) + "   # then restore it: git checkout REV^ -- FILE\nor, to accept new values, delete the sealed files and run reggen seal"}}
			}
		}
	}
	var sealedFor []string
	if rule, err := rules.Find(filepath.Join(c.env.SealedDir(), c.env.Spec.Metadata.Name+".yaml")); err == nil {
		sealedFor = rule.Recipients()
	}
	if err := s.admit([]string{path}); err != nil {
		return err
	}
	rule, err := c.ruleFor(path, s)
	if err != nil {
		return err
	}
	raw, err := c.w.NewMachine(ctx, c.env, path, rule, "", sealedFor, true)
	if err != nil {
		return err
	}
	p, err := credential.Parse(c.w.Repo.Show(path), raw)
	if err != nil {
		return err
	}
	c.files = append(c.files, &storedCredential{path: path, public: p, raw: raw, dir: dir, made: true})
	s.changes = append(s.changes, repository.Change{Path: path, Data: raw, Why: made(c.env.Spec)})
	return nil
}

// made says what a new machine credential is for.
func made(d spec.Decoded) string {
	if d.Chart != nil {
		return "made: the seed of rollout digests and of what the chart draws"
	}
	return "made: the registry's http secret and the seed of its rollout digests"
}

// NewMachine draws and encrypts a machine credential for a rule. sealedFor are
// those who may read the sealed files, where they are known; vouch has a key at
// hand stand behind that. httpSecret is one that a registry has already, "" for a
// new one.
func (w *Work) NewMachine(ctx context.Context, e repository.Environment, path string, rule *rules.Rule, httpSecret string, sealedFor []string, vouch bool) ([]byte, error) {
	data := map[string]string{}
	for _, field := range []string{credential.HTTPSecret, credential.Seed} {
		if field == credential.HTTPSecret && httpSecret != "" {
			data[field] = httpSecret
			continue
		}
		v, err := credential.Generate(w.Keys.Random, 43)
		if err != nil {
			return nil, err
		}
		data[field] = v
	}
	meta := spec.Metadata{Name: "machine"}
	if len(sealedFor) > 0 {
		readers := strings.Join(sealedFor, ",")
		meta.Annotations = map[string]string{spec.SealedFor: readers}
		if vouch {
			if by := sops.Vouch(e.SealedForParts(readers)...); by != "" {
				meta.Annotations[spec.VouchedFor] = by
			}
		}
	}
	return w.Keys.SealCredentialFor(ctx, path, rule, credential.Document{Metadata: meta, Type: credential.Machine, StringData: data}, nil, false)
}

// settle opens one credential and brings it up to date; why is empty when it
// is as it should be.
func (c *credentialStore) settle(ctx context.Context, f *storedCredential, s *sealing) (why string, err error) {
	if f.OpenedCredential, err = c.w.Keys.OpenCredential(ctx, f.path, f.raw); err != nil {
		return "", err
	}
	if f.public.Type == credential.User {
		if why, err = c.hash(f, s); err != nil {
			return "", err
		}
	}
	rule, err := rules.Find(f.path)
	if err != nil {
		return "", err
	}
	meta, err := sops.Inspect(f.raw)
	if err != nil {
		return "", err
	}
	newKey := false
	if !rule.Same(meta.Readers) {
		newKey = lost(rule.Named(meta.Recipients), rule.Recipients())
		why = "encrypted for other recipients"
		if newKey {
			why = "encrypted anew with a new data key: a recipient was removed"
		}
	}
	if s.RotateKeys && !s.Rotated[real(f.path)] {
		newKey, why = true, newDataKey(why)
	}
	if stays := c.sealedFor(f); f.public.Type == credential.Machine && stays != f.Doc.Metadata.Annotations[spec.SealedFor] {
		said := f.Doc.Metadata.Annotations
		if vouched := sops.Vouched(said[spec.VouchedFor], c.env.SealedForParts(said[spec.SealedFor])...); vouched {
			said[spec.VouchedFor] = sops.Vouch(c.env.SealedForParts(stays)...)
		}
		said[spec.SealedFor] = stays
		if why == "" {
			why = "names no reader of sealed files any more who is none"
		}
	}
	if why == "" {
		return "", nil
	}
	if rule, err = c.ruleFor(f.path, s); err != nil {
		return "", err
	}
	if f.new, err = c.w.Keys.SealCredentialFor(ctx, f.path, rule, f.Doc, f.File, newKey); err != nil {
		return "", err
	}
	f.public, err = credential.Parse(c.w.Repo.Show(f.path), f.new)
	return why, err
}

// hash makes a user's hash when it is missing or was made from something else.
// In a check it also runs bcrypt, so that a hash that somebody slipped in
// together with a matching hashOf is found.
func (c *credentialStore) hash(f *storedCredential, s *sealing) (why string, err error) {
	d := &f.Doc
	user := f.public.User
	password, hasPassword := d.StringData[credential.Password]
	hash := d.StringData[credential.Hash]
	at := problem.Problem{File: c.w.Repo.Show(f.path), Path: "stringData.password"}
	if !hasPassword {
		cost, what := credential.CheckHash(hash)
		if what != "" {
			at.Path, at.What = "stringData.hash", what
			return "", at
		}
		if d.Cost != cost {
			d.Cost = cost
			return "its cost was written beside the user's name", nil
		}
		return "", nil
	}
	if at.What = credential.CheckPassword(password); at.What != "" {
		at.Next = "reggen credential set " + problem.QuoteArg(f.public.Name) + " --field password --stdin"
		return "", at
	}
	if d.Cost == 0 {
		d.Cost = credential.PersonCost
		why = "its cost was written beside the user's name"
	}
	cost, what := credential.CheckHash(hash)
	fresh := what == "" && cost == d.Cost && d.StringData[credential.HashedFrom] == credential.HashOf(user, d.Cost, password, hash)
	if fresh && s.Check && !credential.Verify(hash, password) {
		return "", problem.Problem{File: c.w.Repo.Show(f.path), Path: "stringData.hash", What: fmt.Sprintf("is not the hash of the password of user %q", user),
			Next: "delete hash and hashOf with sops edit, then run reggen seal"}
	}
	if fresh {
		return why, nil
	}
	if what == "" && credential.Verify(hash, password) && cost == d.Cost {
		// The right hash, only not recorded: keep it, change no line more.
		d.StringData[credential.HashedFrom] = credential.HashOf(user, d.Cost, password, hash)
		return "what its hash was made from was written beside it", nil
	}
	if hash, err = credential.HashPassword(password, d.Cost); err != nil {
		return "", problem.Problem{File: c.w.Repo.Show(f.path), What: err.Error()}
	}
	d.StringData[credential.Hash] = hash
	d.StringData[credential.HashedFrom] = credential.HashOf(user, d.Cost, password, hash)
	return "the password was hashed", nil
}

// folder answers for credential folders with the texts a seal is about to
// write, and for every other folder with what is there.
func (c *credentialStore) folder(next generator.Folder) generator.Folder {
	return func(rel string) (string, []generator.File, error) {
		mine := false
		for _, dir := range c.env.Spec.Secrets.Credentials {
			mine = mine || dir == rel
		}
		if !mine {
			return next(rel)
		}
		var files []generator.File
		for _, f := range c.files {
			if f.dir != rel {
				continue
			}
			data := f.raw
			if f.new != nil {
				data = f.new
			}
			files = append(files, generator.File{Path: c.w.Repo.Show(f.path), Data: data})
		}
		sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
		return c.w.Repo.Show(filepath.Join(c.env.Root, rel)), files, nil
	}
}

// opened are the decrypted fields by file, as errors name the file.
func (c *credentialStore) opened() generator.Opened {
	out := generator.Opened{}
	for _, f := range c.files {
		out[c.w.Repo.Show(f.path)] = f.Doc.StringData
	}
	return out
}
