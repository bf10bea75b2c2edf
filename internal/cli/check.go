package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
)

func (w *World) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check DIR...",
		Short: "Look for what would go wrong: staleness, recipients, hosts, schemas, passwords",
		Long: `Check environments before they are deployed. Needs no key for most of it;
with a key that opens the credentials every password is verified too. Exits 1
when anything was found.`,
		Example: "  reggen check overlays/*",
		Args:    needDirs,
		RunE:    func(cmd *cobra.Command, dirs []string) error { return w.check(cmd.Context(), dirs) },
	}
}

func (w *World) check(ctx context.Context, dirs []string) error {
	envs, err := w.environments(dirs)
	if err != nil {
		return err
	}
	var l problem.List
	var subjects []check.Subject
	verified, locked := 0, 0
	bar := w.progress("checking", len(envs)+len(dirs))
	defer bar.done()
	var objects []object.Object
	for _, dir := range dirs {
		if err := interrupted(ctx); err != nil {
			return err
		}
		text, err := w.build(ctx, []string{dir}, buildOptions{})
		bar.step()
		if err != nil {
			l.Join(err)
			continue
		}
		built, err := check.Objects(text)
		l.Join(err)
		objects = append(objects, built...)
	}
	for _, e := range envs {
		if err := interrupted(ctx); err != nil {
			return err
		}
		s := check.Subject{Root: w.show(e.root), Registry: e.registry}
		if len(objects) > 0 {
			s.Objects = objects
		}
		var credentials []generator.File
		for _, dir := range e.registry.Spec.Secrets.Credentials {
			files := w.encrypted(e, dir, &s.Credentials, &l)
			credentials = append(credentials, files...)
		}
		w.encrypted(e, e.registry.Spec.Secrets.Sealed, &s.Sealed, &l)
		subjects = append(subjects, s)
		ok, no, err := w.verifyAll(ctx, credentials)
		verified, locked = verified+ok, locked+no
		l.Join(err)
		bar.step()
	}
	bar.done()
	findings := check.Run(subjects)
	l = unique(l)
	for _, p := range l {
		w.note("%s", p.Error())
	}
	for _, f := range findings {
		w.note("%s", f.Error())
	}
	if locked > 0 {
		w.note("note: %d passwords were not verified: no key here opens their credentials", locked)
	}
	if n := len(l) + len(findings); n > 0 {
		return exitError{exitFail, problem.Problem{What: fmt.Sprintf("check found %d problem%s", n, plural(n))}}
	}
	w.note("%d environment%s checked, %d password%s verified: nothing found", len(envs), plural(len(envs)), verified, plural(verified))
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
		*to = append(*to, check.Encrypted{File: f.Path, Recipients: rule.Named(meta.Recipients), Rule: rule.Recipients()})
	}
	return files
}

// verifyAll opens every user's credential that a key at hand opens and runs
// bcrypt on it.
func (w *World) verifyAll(ctx context.Context, files []generator.File) (verified, locked int, err error) {
	var l problem.List
	for _, f := range files {
		p, err := credential.Parse(f.Path, f.Data)
		if err != nil || p.Type != credential.User || !p.Has(credential.Password) || !p.Has(credential.Hash) {
			continue
		}
		if err := interrupted(ctx); err != nil {
			return verified, locked, err
		}
		o, err := w.openCredential(ctx, w.abs(f.Path), f.Data)
		if errors.Is(err, sops.ErrNoKey) {
			locked++
			continue
		}
		if err != nil {
			l.Join(err)
			continue
		}
		if !credential.Verify(o.doc.StringData[credential.Hash], o.doc.StringData[credential.Password]) {
			l.Add(problem.Problem{File: f.Path, Path: "stringData.hash", What: fmt.Sprintf("is not the hash of the password of user %q", p.User),
				Next: "delete hash and hashOf with sops edit, then run reggen seal"})
			continue
		}
		verified++
	}
	return verified, locked, l.Err()
}
