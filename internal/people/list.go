package people

import (
	"fmt"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/repository"
)

// listedUser is what is public about a user, and the pull secrets that log in
// as that user.
type listedUser struct {
	credential.Public
	Pulls []string
}

// ListUsers are the users of an environment, by name.
func (w *Work) ListUsers(dir string) ([]listedUser, error) {
	e, err := w.Repo.Chosen(dir)
	if err != nil {
		return nil, err
	}
	set, err := w.Repo.Credentials(e)
	if err != nil {
		return nil, err
	}
	var out []listedUser
	for _, u := range set.Users {
		out = append(out, listedUser{u, pullSecretsOf(e.Spec, u.User)})
	}
	return out, nil
}

func pullSecretsOf(d spec.Decoded, user string) []string {
	var out []string
	for _, name := range repository.SortedKeys(d.Pulls()) {
		if d.Pulls()[name].User == user {
			out = append(out, name)
		}
	}
	return out
}

// RemoveUser deletes the credential of a user whom no pull secret needs.
func (w *Work) RemoveUser(dir, name string) error {
	e, u, err := w.user(dir, name)
	if err != nil {
		return err
	}
	if pulls := pullSecretsOf(e.Spec, u.User); len(pulls) > 0 {
		return problem.Problem{File: w.Repo.Show(e.Root), Path: "spec.pullSecrets." + pulls[0] + ".user", What: fmt.Sprintf("is %q: the pull secret would lose its user", u.User),
			Next: "name another user there first"}
	}
	if c := e.Spec.Chart; c != nil {
		for _, path := range repository.SortedKeys(c.Spec.SecretValues) {
			if c.Spec.SecretValues[path].Credential == u.Name {
				return problem.Problem{File: w.Repo.Show(e.Root), Path: problem.Below("spec.secretValues", path) + ".credential", What: fmt.Sprintf("is %q: the chart would lose a value", u.Name), Next: "name another credential there first"}
			}
		}
	}
	unlock, err := w.Repo.Lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	if err := w.Repo.Delete(w.Repo.Abs(u.File)); err != nil {
		return err
	}
	w.Tell.Note("%s: deleted; git keeps its ciphertext, so a password used elsewhere too should be changed there", u.File)
	w.Tell.Note("next: reggen seal %s", problem.QuoteArg(w.Repo.Show(e.Root)))
	return nil
}

// user finds one user of one environment.
func (w *Work) user(dir, name string) (repository.Environment, credential.Public, error) {
	e, err := w.Repo.Chosen(dir)
	if err != nil {
		return e, credential.Public{}, err
	}
	set, err := w.Repo.Credentials(e)
	if err != nil {
		return e, credential.Public{}, err
	}
	u, ok := set.User(name)
	if !ok {
		near := ""
		var all []string
		for _, x := range set.Users {
			all = append(all, x.User)
			if strings.EqualFold(x.User, name) || x.Name == name {
				near = x.User
			}
		}
		if later := heirs(set, name); near == "" && len(later) > 0 {
			near = later[len(later)-1].User
		}
		return e, u, problem.Problem{File: w.Repo.Show(e.CredentialsDir()), What: fmt.Sprintf("no user %q; there are: %s", name, strings.Join(all, ", ")), Near: near}
	}
	return e, u, nil
}
