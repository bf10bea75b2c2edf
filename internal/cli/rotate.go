package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

func (w *World) userRotate(dir *string) *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Give a robot a new password, by way of a second user beside the first",
		Long: `Give a user that programs log in as a new password without a moment in which
none works: a second user, NAME-2, gets a random password, and the pull secrets
that name the first one are pointed at it. Both can log in until reggen user
retire NAME ends the first. The next rotation, of NAME-2, makes NAME-3. Of the
spec only the entries of those pull secrets are changed, in this environment's
own files: what stands in a base is overridden there. Stopped in the middle, the
same command finishes.

A person keeps the name and gets a new password with reggen credential set NAME
--field password (or --field hash, where only the hash is known).`,
		Example: `  reggen user rotate ci --dir overlays/prod
  reggen seal overlays/prod      # commit, roll out; both passwords are good
  reggen user retire ci --dir overlays/prod`,
		Args: exactly("the user's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return w.rotateAlone(cmd.Context(), *dir, args[0], newUser{password: stdin, generate: !stdin})
		},
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the new password from stdin instead of making one")
	w.accepting(cmd)
	return cmd
}

// rotateAlone rotates one user of one environment, and says what comes next.
func (w *World) rotateAlone(ctx context.Context, dir, name string, o newUser) error {
	e, _, err := w.user(dir, name)
	if err != nil {
		return err
	}
	unlock, err := w.lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	to, err := w.rotateUser(ctx, e, name, o)
	if err != nil {
		return err
	}
	root := quoteArg(w.show(e.root))
	w.note("next: reggen seal %s   # commit it and roll it out: from then on %s and %s can both log in", root, quoteArg(name), quoteArg(to))
	w.note("then, once everything logs in as %s: reggen user retire %s --dir %s", quoteArg(to), quoteArg(name), root)
	return nil
}

// rotateUser makes the successor of a user and points the pull secrets at it.
// The caller holds the lock. The credential is written first, so that a run
// that is cut off is finished by the next one.
func (w *World) rotateUser(ctx context.Context, e environment, name string, o newUser) (successor string, err error) {
	set, err := w.credentials(e)
	if err != nil {
		return "", err
	}
	u, _ := set.User(name)
	next := "reggen credential set " + quoteArg(u.Name) + " --dir " + quoteArg(w.show(e.root))
	switch auth := e.registry.Spec.Auth; {
	case auth.Anonymous:
		return "", problem.Problem{Path: "spec.auth.anonymous", What: "is true: nobody is asked for a password, so there is nothing to rotate"}
	case auth.ExistingSecret != nil:
		return "", problem.Problem{Path: "spec.auth.existingSecret", What: "brings the users, so reggen can't add one beside " + strconv.Quote(name),
			Next: "give that Secret the new password, then: " + next + " --field password"}
	case !u.Has(credential.Password):
		return "", problem.Problem{File: u.File, What: fmt.Sprintf("of user %q only the hash is known, so this is a person, who keeps the name", name),
			Next: "htpasswd -nB " + quoteArg(name) + " | cut -d: -f2 | " + next + " --field hash --stdin"}
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
		sweep(filepath.Dir(c.path))
		if err := w.write(c.path, c.data, 0o644); err != nil {
			return "", err
		}
		w.note("%s: %s", w.show(c.path), c.why)
	}
	if len(pullSecretsOf(e.registry, name)) == 0 && len(later) == 0 {
		w.note("no pull secret names %q: what logs in with it has to be given the new name and password", name)
	}
	w.tellSharers(e, w.abs(u.File))
	if len(later) > 0 && len(changes) == 0 {
		w.note("nothing to do: %q takes the place of %q already, and no pull secret names %q", successor, name, name)
	}
	return successor, nil
}

// tellSharers names the other environments that read a credential's folder:
// they get the new user too.
func (w *World) tellSharers(e environment, file string) {
	if rel, err := filepath.Rel(e.root, file); err == nil && filepath.IsLocal(rel) {
		return
	}
	sharers, err := w.sharers(e, file)
	if err != nil {
		return
	}
	for _, s := range sharers {
		if s.root != e.root {
			w.note("%s reads these credentials too: reggen seal %s", w.show(s.root), quoteArg(w.show(s.root)))
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
		if !taken[strings.ToLower(name)] && !taken[fileName(name)] {
			return name
		}
	}
}

// writeSuccessor makes the credential of a successor, beside that of u.
func (w *World) writeSuccessor(ctx context.Context, e environment, u credential.Public, name string, o newUser) error {
	if what := credential.CheckUser(name); what != "" {
		return problem.Problem{What: what}
	}
	path := filepath.Join(filepath.Dir(w.abs(u.File)), fileName(name)+".enc.yaml")
	if exists(path) {
		return problem.Problem{File: w.show(path), What: "is there already; nothing was written", Next: "rename or remove that file"}
	}
	if err := w.admit(e, []string{path}); err != nil {
		return err
	}
	doc, said, err := w.newUser(name, o)
	if err != nil {
		return err
	}
	doc.Metadata = spec.Metadata{Name: fileName(name), Annotations: map[string]string{spec.RotationOf: origin(u)}}
	if doc.Metadata.Name != name {
		doc.User = name
	}
	text, err := w.sealCredential(ctx, path, doc, nil, false)
	if err != nil {
		return err
	}
	if err := w.write(path, text, 0o644); err != nil {
		return err
	}
	w.note("%s: user %q, %s", w.show(path), name, said)
	w.tellFor([]string{path})
	return nil
}
