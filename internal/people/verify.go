package people

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/seal"
)

// VerifyUser proves a password, and says in how many sealed files it is right.
func (w *Work) VerifyUser(ctx context.Context, dir, name string, stdin bool) (proven int, err error) {
	e, u, err := w.user(dir, name)
	if err != nil {
		return 0, err
	}
	var password string
	switch {
	case stdin:
		password, err = w.Tell.Piped("the password of " + u.User)
	case u.Has(credential.Password):
		var o keyring.OpenedCredential
		if o, err = w.Keys.ReadCredential(ctx, w.Repo.Abs(u.File)); err == nil {
			password = o.Doc.StringData[credential.Password]
		}
	case w.Tell.StdinIsTerm:
		password, err = w.Tell.Hidden("password of "+u.User, nil)
	default:
		err = problem.Problem{File: u.File, What: "holds only a hash, so there is no password to verify", Want: "--password-stdin"}
	}
	if err != nil {
		return 0, err
	}
	var l problem.List
	_, files, err := w.Repo.Folder(e.Root)(e.Spec.Secrets.Sealed)
	if err != nil {
		return 0, problem.Problem{File: w.Repo.Show(e.SealedDir()), What: "no sealed files to verify against", Next: "reggen seal " + problem.QuoteArg(w.Repo.Show(e.Root))}
	}
	for _, f := range files {
		data, err := w.Keys.OpenSealed(ctx, f.Path, f.Data)
		if err != nil {
			if !errors.Is(err, sops.ErrNoKey) {
				l.Join(w.Repo.InFile(w.Repo.Abs(f.Path), err))
				continue
			}
			return 0, w.Repo.InFile(w.Repo.Abs(f.Path), err)
		}
		for key, encoded := range data {
			value, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				continue // told by seal --check
			}
			ok, concerns := seal.Proves(key, string(value), u.User, password)
			if concerns && !ok {
				p := problem.Problem{File: f.Path, Path: "data[" + key + "]", What: fmt.Sprintf("does not accept this password of user %q", u.User)}
				if !stdin {
					p.Next = "reggen seal " + problem.QuoteArg(w.Repo.Show(e.Root))
				}
				l.Add(p)
			}
			if concerns && ok {
				proven++
			}
		}
	}
	if len(l) == 0 && proven == 0 {
		l.Add(problem.Problem{File: w.Repo.Show(e.SealedDir()), What: fmt.Sprintf("user %q is in no sealed file yet", u.User), Next: "reggen seal " + problem.QuoteArg(w.Repo.Show(e.Root))})
	}
	l.Sort()
	return proven, l.Err()
}
