package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/kustomize"
)

func (w *World) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [DIR...]",
		Short: "Look for what would go wrong: staleness, recipients, hosts, schemas, passwords",
		Long: `Check environments before they are deployed; without DIR all of them below this
folder. Needs no key for most of it; with a key that opens the credentials and
the sealed files, every password is verified against what the registry and the
kubelet will read. Exits 1 when anything was found.`,
		Example: "  reggen check\n  reggen check overlays/*",
		RunE: func(cmd *cobra.Command, dirs []string) error {
			return w.check(cmd.Context(), orAll(dirs))
		},
	}
}

// tally counts what a check looked at.
type tally struct{ environments, verified, locked int }

func (w *World) check(ctx context.Context, dirs []string) error {
	roots, err := w.discover(dirs)
	if len(roots) == 0 {
		return err
	}
	var l problem.List
	l.Join(err) // the others are checked all the same
	var subjects []check.Subject
	var findings []check.Finding
	var count tally
	bar := w.progress("checking", len(roots))
	defer bar.done()
	for _, dir := range roots {
		if err := interrupted(ctx); err != nil {
			return err
		}
		objects, found, err := w.checkOne(ctx, dir, &count)
		findings = append(findings, objects.Run()...)
		subjects = append(subjects, found...)
		l.Join(err)
		bar.step()
	}
	bar.done()
	if count.environments == 0 && len(l) == 0 {
		return problem.Problem{What: "no environment here", Next: "reggen init"}
	}
	if err := l.Err(); err != nil {
		w.note("%s", w.told(err))
	}
	findings = append(check.Run(subjects), findings...)
	for _, f := range findings {
		w.note("%s", f.Error())
	}
	if count.locked > 0 {
		w.note("note: %d password%s not verified: no key here opens the credentials or the sealed files", count.locked, map[bool]string{true: " was", false: "s were"}[count.locked == 1])
	}
	if n := len(l) + len(findings); n > 0 {
		return exitError{exitFail, problem.Problem{What: fmt.Sprintf("check found %d problem%s", n, plural(n))}}
	}
	w.note("%d environment%s checked, %d password%s verified: nothing found", count.environments, plural(count.environments), count.verified, plural(count.verified))
	return nil
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// unique drops problems that two steps both met.
func unique(l problem.List) problem.List {
	seen := map[problem.Problem]bool{}
	var out problem.List
	for _, p := range l {
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

// checkOne looks at one kustomization: its build, and each environment in it.
// The rules on objects see this build's objects only, and none where it fails.
func (w *World) checkOne(ctx context.Context, dir string, count *tally) (check.Rendered, []check.Subject, error) {
	var l problem.List
	shown := w.show(dir)
	whole := check.Rendered{From: shown}
	text, err := w.build(ctx, []string{shown}, buildOptions{})
	l.Join(err)
	if err == nil {
		whole.Objects, err = check.Parse("the build", text)
		l.Join(err)
	}
	found, err := kustomize.Find(dir)
	if err != nil || len(found) == 0 {
		// Told by the build; or a kustomization of something else.
		return whole, nil, unique(l).Err()
	}
	envs, err := w.environments([]string{shown})
	l.Join(err)
	var subjects []check.Subject
	for _, e := range envs {
		count.environments++
		s := check.Subject{Root: w.show(e.root), Registry: e.registry, Objects: whole.Objects}
		var credentials []generator.File
		for _, dir := range e.registry.Spec.Secrets.Credentials {
			credentials = append(credentials, w.encrypted(e, dir, &s.Credentials, &l)...)
			l = append(l, w.strays(filepath.Join(e.root, dir))...)
		}
		sealed := w.encrypted(e, e.registry.Spec.Secrets.Sealed, &s.Sealed, &l)
		subjects = append(subjects, s)
		v := verification{w: w, seen: map[string]bool{}}
		v.run(ctx, credentials, sealed)
		count.verified, count.locked = count.verified+len(v.seen), count.locked+v.locked
		l.Join(w.at(e.root, v.problems.Err()))
		if err := interrupted(ctx); err != nil {
			return whole, nil, err
		}
	}
	return whole, subjects, unique(l).Err()
}

// strays are files of a credentials folder that no build reads, so that nobody
// would notice a readable password in one.
func (w *World) strays(dir string) problem.List {
	var l problem.List
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		name := entry.Name()
		ext := filepath.Ext(name)
		if entry.IsDir() || name == "README.md" || name == ".gitkeep" || !strings.HasPrefix(name, ".") && (ext == ".yaml" || ext == ".yml") {
			continue
		}
		l.Add(problem.Problem{File: filepath.Join(dir, name), What: "is no credential that reggen reads, in a folder of credentials",
			Next: "move it away; if it holds a password, take that for leaked if it was ever committed"})
	}
	return l
}

// encrypted collects the recipients of every file of a folder and of the rule
// meant for it.
func (w *World) encrypted(e environment, dir string, to *[]check.Encrypted, l *problem.List) []generator.File {
	_, files, err := w.folder(e.root)(dir)
	if err != nil {
		return nil // what is missing is told by the build
	}
	for _, f := range files {
		meta, err := sops.Inspect(f.Data)
		if err != nil {
			continue // told by the build
		}
		rule, err := sops.FindRule(filepath.Join(e.root, dir, filepath.Base(f.Path)))
		if err != nil {
			l.Join(err)
			continue
		}
		*to = append(*to, check.Encrypted{File: f.Path, Recipients: rule.Named(meta.Recipients), Rule: rule.Recipients(), Regrouped: !sops.SameRecipients(meta, rule)})
	}
	return files
}

// verification proves that the users' passwords are what is sealed.
type verification struct {
	w        *World
	problems problem.List
	seen     map[string]bool // users whose password was verified
	locked   int             // passwords that no key here opens
}

// run opens what a key at hand opens. Every user's password must be accepted
// by the hash in the credential and by every sealed file that is about the
// user; a user known by a hash alone must be sealed with that hash; and
// nobody else may be in the htpasswd file.
func (v *verification) run(ctx context.Context, credentials, sealed []generator.File) {
	known := map[string]map[string]string{} // user -> stringData
	complete := true
	for _, f := range credentials {
		p, err := credential.Parse(f.Path, f.Data)
		if err != nil || p.Type != credential.User {
			continue
		}
		o, err := v.w.openCredential(ctx, v.w.abs(f.Path), f.Data)
		if err != nil {
			complete = false
			if p.Has(credential.Password) {
				v.locked++
			}
			if !errors.Is(err, sops.ErrNoKey) {
				v.problems.Join(err)
			}
			continue
		}
		known[p.User] = o.doc.StringData
		password, has := o.doc.StringData[credential.Password]
		if hash := o.doc.StringData[credential.Hash]; has && hash != "" && !credential.Verify(hash, password) {
			v.problems.Add(problem.Problem{File: f.Path, Path: "stringData.hash", What: fmt.Sprintf("is not the hash of the password of user %q", p.User),
				Next: "delete hash and hashOf with sops edit, then run reggen seal"})
		}
	}
	for _, f := range sealed {
		data, err := openSealed(ctx, f.Data)
		if err != nil {
			continue // told by the build, or no key: then there is nothing to compare with
		}
		for key, encoded := range data {
			value, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				v.problems.Add(problem.Problem{File: f.Path, Path: "data[" + key + "]", What: "does not hold base64", Next: "reggen seal"})
				continue
			}
			v.value(f.Path, key, string(value), known, complete)
		}
	}
	for user, data := range known {
		if _, has := data[credential.Password]; has && !v.seen[user] {
			v.locked++ // its sealed file could not be opened
		}
	}
	v.problems.Sort()
}

// value compares one value of a sealed file with what the credentials say.
func (v *verification) value(file, key, value string, known map[string]map[string]string, complete bool) {
	forged := func(what string, args ...any) {
		v.problems.Add(problem.Problem{File: file, Path: "data[" + key + "]", What: fmt.Sprintf(what, args...),
			Next: "reggen seal --check " + filepath.Dir(filepath.Dir(file)) + "   # says more; then find out who changed it"})
	}
	for user, data := range known {
		password, has := data[credential.Password]
		if has {
			if ok, concerns := proves(key, value, user, password); concerns && ok {
				v.seen[user] = true
			} else if concerns {
				forged("does not accept the password of user %q", user)
			}
		}
	}
	if key == generator.DockerConfigKey {
		return
	}
	for line := range strings.Lines(value) {
		user, hash, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if _, what := credential.CheckHash(hash); what != "" {
			return // no htpasswd file
		}
		data, is := known[user]
		_, has := data[credential.Password]
		switch {
		case !is && complete:
			forged("lets a user in who has no credential: %q", user)
		case is && !has && data[credential.Hash] != hash:
			forged("holds another hash of user %q than the credential", user)
		}
	}
}
