package people

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/internal/repository"
)

// RetireUser deletes the credential of a user whom a rotation has replaced.
func (w *Work) RetireUser(dir, name string) error {
	e, err := w.Repo.Chosen(dir)
	if err != nil {
		return err
	}
	unlock, err := w.Repo.Lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	set, err := w.Repo.Credentials(e)
	if err != nil {
		return err
	}
	root := problem.QuoteArg(w.Repo.Show(e.Root))
	u, ok := set.User(name)
	if !ok {
		if heirs := heirs(set, name); len(heirs) > 0 {
			w.Tell.Note("nothing to do: user %q is gone, %q took its place", name, heirs[len(heirs)-1].User)
			w.Tell.Note("next, if not done yet: reggen seal %s", root)
			return nil
		}
		_, _, err := w.user(dir, name)
		return err
	}
	if err := w.retirable(e, set, u); err != nil {
		return err
	}
	if err := w.retire(u); err != nil {
		return err
	}
	w.Tell.Note("next: reggen seal %s   # then commit it and roll it out", root)
	return nil
}

// retire deletes the credential of a user who is retirable.
func (w *Work) retire(u credential.Public) error {
	if err := w.Repo.Delete(w.Repo.Abs(u.File)); err != nil {
		return err
	}
	w.Tell.Note("%s: deleted; its password opens the registry until the next seal is rolled out", u.File)
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
func (w *Work) retirable(e repository.Environment, set credential.Set, u credential.Public) error {
	at := " --dir " + problem.QuoteArg(w.Repo.Show(e.Root))
	sharers := []repository.Environment{e}
	if rel, err := filepath.Rel(e.Root, w.Repo.Abs(u.File)); err != nil || !filepath.IsLocal(rel) {
		var err error
		if sharers, err = w.sharers(e, w.Repo.Abs(u.File)); err != nil {
			return err
		}
	}
	var l problem.List
	for _, s := range sharers {
		for _, pull := range pullSecretsOf(s.Spec, u.User) {
			l.Add(problem.Problem{File: w.Repo.Show(s.Root), Path: "spec.pullSecrets." + pull + ".user", What: fmt.Sprintf("is still %q", u.User),
				Next: "reggen user rotate " + problem.QuoteArg(u.User) + " --dir " + problem.QuoteArg(w.Repo.Show(s.Root)) + "   # points it at a successor"})
		}
	}
	if err := l.Err(); err != nil {
		return err
	}
	later := successors(set, u)
	if len(later) == 0 {
		return problem.Problem{File: u.File, What: fmt.Sprintf("user %q has no successor", u.User),
			Next: "reggen user rotate " + problem.QuoteArg(u.User) + at + "   # makes one\nreggen user remove " + problem.QuoteArg(u.User) + at + "   # ends the user with nobody in its place"}
	}
	newest := later[len(later)-1]
	for _, s := range sharers {
		if !w.isSealed(s, newest.User) {
			return problem.Problem{File: w.Repo.Show(s.SealedDir()), What: fmt.Sprintf("%q can't log in yet: it is not in the sealed files", newest.User),
				Next: "reggen seal " + problem.QuoteArg(w.Repo.Show(s.Root)) + "   # commit it, roll it out, and only then retire " + strconv.Quote(u.User)}
		}
	}
	return nil
}

// isSealed says whether the sealed htpasswd file knows a user and every pull
// secret of the user is sealed with it, by their records.
func (w *Work) isSealed(e repository.Environment, user string) bool {
	missing := map[string]bool{}
	for _, pull := range pullSecretsOf(e.Spec, user) {
		missing[string(secret.PullRef(pull))] = true
	}
	known := false
	_, files, err := w.Repo.Folder(e.Root)(e.Spec.Secrets.Sealed)
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
func (w *Work) sharers(e repository.Environment, file string) ([]repository.Environment, error) {
	top := e.Root
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		if repository.Exists(filepath.Join(dir, ".git")) || repository.Exists(filepath.Join(dir, ".sops.yaml")) {
			top = dir
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	roots, err := w.Repo.Below(top)
	if err != nil {
		return nil, err
	}
	all, err := w.Repo.Environments(roots)
	if err != nil {
		return nil, err
	}
	var out []repository.Environment
	for _, s := range all {
		for _, dir := range s.Spec.Secrets.Credentials {
			if filepath.Join(s.Root, dir) == filepath.Dir(file) {
				out = append(out, s)
			}
		}
	}
	if len(out) == 0 {
		out = []repository.Environment{e}
	}
	return out, nil
}
