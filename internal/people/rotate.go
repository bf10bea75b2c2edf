package people

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/repository"
)

// RotateAlone rotates one user of one environment, and says what comes next.
func (w *Work) RotateAlone(ctx context.Context, dir, name string, o NewUser) error {
	e, _, err := w.user(dir, name)
	if err != nil {
		return err
	}
	unlock, err := w.Repo.Lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	to, err := w.rotateUser(ctx, e, name, o)
	if err != nil {
		return err
	}
	root := problem.QuoteArg(w.Repo.Show(e.Root))
	w.Tell.Note("next: reggen seal %s   # commit it and roll it out: from then on %s and %s can both log in", root, problem.QuoteArg(name), problem.QuoteArg(to))
	w.Tell.Note("then, once everything logs in as %s: reggen user retire %s --dir %s", problem.QuoteArg(to), problem.QuoteArg(name), root)
	return nil
}

// rotateUser makes the successor of a user and points the pull secrets at it.
// The caller holds the lock. The credential is written first, so that a run
// that is cut off is finished by the next one.
func (w *Work) rotateUser(ctx context.Context, e repository.Environment, name string, o NewUser) (successor string, err error) {
	set, err := w.Repo.Credentials(e)
	if err != nil {
		return "", err
	}
	u, _ := set.User(name)
	next := "reggen credential set " + problem.QuoteArg(u.Name) + " --dir " + problem.QuoteArg(w.Repo.Show(e.Root))
	switch auth := e.Spec.Auth(); {
	case e.Spec.Chart != nil:
		return "", noUsers(w.Repo.Show(e.Root))
	case e.Spec.Images != nil:
		return "", problem.Problem{What: fmt.Sprintf("user %q is the registry's, and is rotated where that is", name), Want: "here the user and the password that come of it, in spec.user and its credential"}
	case auth.Anonymous:
		return "", problem.Problem{Path: "spec.auth.anonymous", What: "is true: nobody is asked for a password, so there is nothing to rotate"}
	case auth.ExistingSecret != nil:
		return "", problem.Problem{Path: "spec.auth.existingSecret", What: "brings the users, so reggen can't add one beside " + strconv.Quote(name),
			Next: "give that Secret the new password, then: " + next + " --field password"}
	case !u.Has(credential.Password):
		return "", problem.Problem{File: u.File, What: fmt.Sprintf("of user %q only the hash is known, so this is a person, who keeps the name", name),
			Next: "htpasswd -nB " + problem.QuoteArg(name) + " | cut -d: -f2 | " + next + " --field hash --stdin"}
	}
	later := successors(set, u)
	if len(later) > 0 {
		successor = later[0].User
	} else {
		successor = nextName(set, u)
	}
	changes, err := w.pointPulls(e, name, successor)
	if err != nil {
		return "", err
	}
	if len(later) == 0 {
		if err := w.writeSuccessor(ctx, e, u, successor, o); err != nil {
			return "", err
		}
	}
	for _, c := range changes {
		repository.Sweep(filepath.Dir(c.Path))
		if err := w.Repo.Write(c.Path, c.Data, 0o644); err != nil {
			return "", err
		}
		w.Tell.Note("%s: %s", w.Repo.Show(c.Path), c.Why)
	}
	if len(pullSecretsOf(e.Spec, name)) == 0 && len(later) == 0 {
		w.Tell.Note("no pull secret names %q: what logs in with it has to be given the new name and password", name)
	}
	w.tellSharers(e, w.Repo.Abs(u.File))
	if len(later) > 0 && len(changes) == 0 {
		w.Tell.Note("nothing to do: %q takes the place of %q already, and no pull secret names %q", successor, name, name)
	}
	return successor, nil
}

// tellSharers names the other environments that read a credential's folder:
// they get the new user too.
func (w *Work) tellSharers(e repository.Environment, file string) {
	if rel, err := filepath.Rel(e.Root, file); err == nil && filepath.IsLocal(rel) {
		return
	}
	sharers, err := w.sharers(e, file)
	if err != nil {
		return
	}
	for _, s := range sharers {
		if s.Root != e.Root {
			w.Tell.Note("%s reads these credentials too: reggen seal %s", w.Repo.Show(s.Root), problem.QuoteArg(w.Repo.Show(s.Root)))
		}
	}
}

// origin is the user that the rotations of u began with: itself, if it is not
// the work of one.
func origin(u credential.Public) string {
	if u.Origin != "" {
		return u.Origin
	}
	return u.User
}

// generation counts the rotations from origin: 1 is the first user, 2 is
// NAME-2; 0 is no name of that family.
func generation(origin, user string) int {
	if user == origin {
		return 1
	}
	number, found := strings.CutPrefix(user, origin+"-")
	n, err := strconv.Atoi(number)
	if !found || err != nil || n < 2 || strconv.Itoa(n) != number {
		return 0
	}
	return n
}

// successors are the users that rotations made after u, the earliest first.
func successors(set credential.Set, u credential.Public) []credential.Public {
	from := generation(origin(u), u.User)
	byNumber := map[int]credential.Public{}
	most := from
	for _, x := range set.Users {
		if n := generation(origin(u), x.User); x.Origin == origin(u) && n > from {
			byNumber[n] = x
			most = max(most, n)
		}
	}
	var out []credential.Public
	for n := from + 1; n <= most; n++ {
		if x, ok := byNumber[n]; ok {
			out = append(out, x)
		}
	}
	return out
}

// nextName is the first free name behind that of u: a user of that name whom
// a person made is nobody's successor.
func nextName(set credential.Set, u credential.Public) string {
	taken := map[string]bool{}
	for _, x := range set.All() {
		taken[strings.ToLower(x.User)], taken[x.Name] = true, true
	}
	for n := max(1, generation(origin(u), u.User)) + 1; ; n++ {
		name := fmt.Sprintf("%s-%d", origin(u), n)
		if !taken[strings.ToLower(name)] && !taken[FileName(name)] {
			return name
		}
	}
}

// writeSuccessor makes the credential of a successor, beside that of u.
func (w *Work) writeSuccessor(ctx context.Context, e repository.Environment, u credential.Public, name string, o NewUser) error {
	if what := credential.CheckUser(name); what != "" {
		return problem.Problem{What: what}
	}
	path := filepath.Join(filepath.Dir(w.Repo.Abs(u.File)), FileName(name)+".enc.yaml")
	if repository.Exists(path) {
		return problem.Problem{File: w.Repo.Show(path), What: "is there already; nothing was written", Next: "rename or remove that file"}
	}
	if err := w.Seals.Admit(e, []string{path}); err != nil {
		return err
	}
	doc, said, err := w.NewUser(name, o)
	if err != nil {
		return err
	}
	doc.Metadata.Name, doc.Metadata.Annotations[spec.RotationOf] = FileName(name), origin(u)
	if doc.Metadata.Name != name {
		doc.User = name
	}
	text, err := w.Keys.SealCredential(ctx, path, doc, nil, false)
	if err != nil {
		return err
	}
	if err := w.Repo.Write(path, text, 0o644); err != nil {
		return err
	}
	w.Tell.Note("%s: user %q, %s", w.Repo.Show(path), name, said)
	w.Seals.TellFor([]string{path})
	return nil
}
