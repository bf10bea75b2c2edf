package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
)

func (w *World) userVerify(dir *string) *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{
		Use: "verify NAME", Short: "Prove that a password is the one the registry accepts",
		Long: `Compare a user's password with the hash in the sealed htpasswd file, the one
that the registry reads, and with every pull secret of that user. The password
is the one in the credential or, with --password-stdin, the one you have. Needs
a key that opens the sealed files.`,
		Example: `  reggen user verify puller
  pass registry/alice | reggen user verify alice --password-stdin`,
		Args: exactly("the user's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			proven, err := w.verifyUser(cmd.Context(), *dir, args[0], stdin)
			if err != nil {
				return err
			}
			w.note("user %q: the password is right in %d sealed file%s", args[0], proven, plural(proven))
			return nil
		},
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from stdin instead of the credential")
	return cmd
}

// verifyUser proves a password, and says in how many sealed files it is right.
func (w *World) verifyUser(ctx context.Context, dir, name string, stdin bool) (proven int, err error) {
	e, u, err := w.user(dir, name)
	if err != nil {
		return 0, err
	}
	var password string
	switch {
	case stdin:
		password, err = w.piped("the password of " + u.User)
	case u.Has(credential.Password):
		var o openedCredential
		if o, err = w.readCredential(ctx, w.abs(u.File)); err == nil {
			password = o.doc.StringData[credential.Password]
		}
	case w.StdinIsTerm:
		password, err = w.hidden("password of " + u.User)
	default:
		err = problem.Problem{File: u.File, What: "holds only a hash, so there is no password to verify", Want: "--password-stdin"}
	}
	if err != nil {
		return 0, err
	}
	var l problem.List
	_, files, err := w.folder(e.root)(e.registry.Spec.Secrets.Sealed)
	if err != nil {
		return 0, problem.Problem{File: w.show(e.sealedDir()), What: "no sealed files to verify against", Next: "reggen seal " + quoteArg(w.show(e.root))}
	}
	for _, f := range files {
		data, err := w.openSealed(ctx, f.Path, f.Data)
		if err != nil {
			if !errors.Is(err, sops.ErrNoKey) {
				l.Join(w.in(w.abs(f.Path), err))
				continue
			}
			return 0, w.in(w.abs(f.Path), err)
		}
		for key, encoded := range data {
			value, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				continue // told by seal --check
			}
			ok, concerns := proves(key, string(value), u.User, password)
			if concerns && !ok {
				p := problem.Problem{File: f.Path, Path: "data[" + key + "]", What: fmt.Sprintf("does not accept this password of user %q", u.User)}
				if !stdin {
					p.Next = "reggen seal " + quoteArg(w.show(e.root))
				}
				l.Add(p)
			}
			if concerns && ok {
				proven++
			}
		}
	}
	if len(l) == 0 && proven == 0 {
		l.Add(problem.Problem{File: w.show(e.sealedDir()), What: fmt.Sprintf("user %q is in no sealed file yet", u.User), Next: "reggen seal " + quoteArg(w.show(e.root))})
	}
	l.Sort()
	return proven, l.Err()
}

// proves compares a password with one value of a sealed file. concerns is
// false when the value is not about that user.
func proves(key, value, user, password string) (ok, concerns bool) {
	if key == generator.DockerConfigKey {
		login, err := credential.ReadDockerConfig([]byte(value))
		return err == nil && login.Password == password, err == nil && login.User == user
	}
	for line := range strings.Lines(value) {
		if hash, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), user+":"); found {
			if _, what := credential.CheckHash(hash); what == "" {
				return credential.Verify(hash, password), true
			}
		}
	}
	return false, false
}
