package cli

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
)

func (w *World) userRetire(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "retire NAME",
		Short: "End a user whom a rotation has replaced",
		Long: `End the user whom reggen user rotate has replaced: its credential file is
deleted, and the next seal takes it out of the htpasswd file. It is refused
while a pull secret names the user, without a successor, and before the
successor was sealed. What reggen can't know is whether the sealed files were
rolled out and everything logs in as the successor: the registry's log says who
still uses the old name. Needs no key. Run again, it finds nothing to do.`,
		Example: "  reggen user retire ci --dir overlays/prod",
		Args:    exactly("the user's name"),
		RunE: func(_ *cobra.Command, args []string) error {
			return w.retireUser(*dir, args[0])
		},
	}
}

func (w *World) retireUser(dir, name string) error {
	e, err := w.chosen(dir)
	if err != nil {
		return err
	}
	unlock, err := w.lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	set, err := w.credentials(e)
	if err != nil {
		return err
	}
	root := quoteArg(w.show(e.root))
	u, ok := set.User(name)
	if !ok {
		if heirs := heirs(set, name); len(heirs) > 0 {
			w.note("nothing to do: user %q is gone, %q took its place", name, heirs[len(heirs)-1].User)
			w.note("next, if not done yet: reggen seal %s", root)
			return nil
		}
		_, _, err := w.user(dir, name)
		return err
	}
	if err := w.retirable(e, set, u); err != nil {
		return err
	}
	path := w.abs(u.File)
	if err := w.delete(path); err != nil {
		return err
	}
	w.note("%s: deleted; its password opens the registry until the next seal is rolled out", u.File)
	w.note("next: reggen seal %s   # then commit it and roll it out", root)
	return nil
}

// heirs are the users whom rotations made from a user that may be gone.
func heirs(set credential.Set, name string) []credential.Public {
	gone := credential.Public{User: name}
	for _, x := range set.Users {
		if x.Origin != "" && generation(x.Origin, name) > 0 {
			gone.Origin = x.Origin
			if out := successors(set, gone); len(out) > 0 {
				return out
			}
		}
	}
	return nil
}

// retirable says why a user can't be retired, with the way out.
func (w *World) retirable(e environment, set credential.Set, u credential.Public) error {
	at := " --dir " + quoteArg(w.show(e.root))
	sharers := []environment{e}
	if rel, err := filepath.Rel(e.root, w.abs(u.File)); err != nil || !filepath.IsLocal(rel) {
		var err error
		if sharers, err = w.sharers(e, w.abs(u.File)); err != nil {
			return err
		}
	}
	var l problem.List
	for _, s := range sharers {
		for _, pull := range pullSecretsOf(s.registry, u.User) {
			l.Add(problem.Problem{File: w.show(s.root), Path: "spec.pullSecrets." + pull + ".user", What: fmt.Sprintf("is still %q", u.User),
				Next: "reggen user rotate " + quoteArg(u.User) + " --dir " + quoteArg(w.show(s.root)) + "   # points it at a successor"})
		}
	}
	if err := l.Err(); err != nil {
		return err
	}
	later := successors(set, u)
	if len(later) == 0 {
		return problem.Problem{File: u.File, What: fmt.Sprintf("user %q has no successor", u.User),
			Next: "reggen user rotate " + quoteArg(u.User) + at + "   # makes one\nreggen user remove " + quoteArg(u.User) + at + "   # ends the user with nobody in its place"}
	}
	newest := later[len(later)-1]
	for _, s := range sharers {
		if !w.isSealed(s, newest.User) {
			return problem.Problem{File: w.show(s.sealedDir()), What: fmt.Sprintf("%q can't log in yet: it is not in the sealed files", newest.User),
				Next: "reggen seal " + quoteArg(w.show(s.root)) + "   # commit it, roll it out, and only then retire " + strconv.Quote(u.User)}
		}
	}
	return nil
}

// isSealed says whether the sealed htpasswd file knows a user and every pull
// secret of the user is sealed with it, by their records.
func (w *World) isSealed(e environment, user string) bool {
	missing := map[string]bool{}
	for _, pull := range pullSecretsOf(e.registry, user) {
		missing[string(secret.PullRef(pull))] = true
	}
	known := false
	_, files, err := w.folder(e.root)(e.registry.Spec.Secrets.Sealed)
	if err != nil {
		return false
	}
	for _, f := range files {
		parsed, err := sealed.Parse(f.Path, f.Data)
		if err != nil {
			continue
		}
		for _, fact := range parsed.Record.Facts {
			switch {
			case fact.Ref == secret.HTPasswd && fact.Name == "user/"+user:
				known = true
			case fact.Name == "user" && fact.Value == user:
				delete(missing, string(fact.Ref))
			}
		}
	}
	return known && len(missing) == 0
}

// sharers are the environments of the repository that read a credential file:
// it lies outside of e, so others may.
func (w *World) sharers(e environment, file string) ([]environment, error) {
	top := e.root
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, ".git")) || exists(filepath.Join(dir, ".sops.yaml")) {
			top = dir
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	roots, err := w.below(top)
	if err != nil {
		return nil, err
	}
	all, err := w.environments(roots)
	if err != nil {
		return nil, err
	}
	var out []environment
	for _, s := range all {
		for _, dir := range s.registry.Spec.Secrets.Credentials {
			if filepath.Join(s.root, dir) == filepath.Dir(file) {
				out = append(out, s)
			}
		}
	}
	if len(out) == 0 {
		out = []environment{e}
	}
	return out, nil
}
