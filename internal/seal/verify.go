package seal

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/strength"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/repository"
)

// Proves compares a password with one value of a sealed file. concerns is
// false when the value is not about that user.
func Proves(key, value, user, password string) (ok, concerns bool) {
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

// verification proves that the users' passwords are what is sealed.
type verification struct {
	w        *Work
	spec     spec.Decoded
	Compared int // sealed files whose whole content was compared
	Problems problem.List
	Weak     problem.List    // users whose password is soon guessed
	Seen     map[string]bool // users whose password was verified
	Locked   int             // passwords that no key here opens
	shut     map[string]bool // credentials, absolute, that were tried: no key here opens them
	Stale    map[string]bool // sealed files, absolute, that the build finds wanting: what is in them is old, not forged
}

// Verification begins one, of an environment.
func (w *Work) Verification(d spec.Decoded) verification {
	return verification{w: w, spec: d, Seen: map[string]bool{}, Stale: map[string]bool{}}
}

// judge notes whose password is soon guessed, once.
func (v *verification) judge(file, user, password string) {
	host := ""
	if v.spec.Registry != nil {
		host = v.spec.Registry.Spec.Host
	}
	file = v.w.Repo.Show(v.w.Repo.Abs(file))
	if why := strength.Weak(password, user, host); why != "" && !slices.ContainsFunc(v.Weak, func(p problem.Problem) bool { return p.File == file }) {
		v.Weak.Add(problem.Problem{File: file, What: fmt.Sprintf("the password of user %q is weak: %s", user, why), Want: "one that nobody thinks of, or a made one",
			Next: "reggen credential set " + problem.QuoteArg(user)})
	}
}

// Whole derives every sealed file again, as seal --check does, and compares all
// of their content: keys of a storage, secret settings and logins as well as
// passwords. False when a key is missing for that, or something else: then what
// can be compared one by one is.
func (v *verification) Whole(ctx context.Context, e repository.Environment, files int) bool {
	s := sealing{w: v.w, env: e, Options: Options{Check: true}, bar: v.w.Tell.Silent(), judge: v.judge}
	if v.w.Shows != nil {
		set, _ := v.w.Repo.Credentials(e)
		s.bar, s.each = v.w.Shows.Progress("verifying passwords", len(set.All())), true
		defer s.bar.Done()
	}
	if err := s.derive(ctx); err != nil || len(s.locked) > 0 || len(s.unread) > 0 {
		v.shut = s.locked
		return false
	}
	told := map[string]bool{}
	for _, p := range s.found {
		v.Problems.Add(p)
		told[p.File] = true
	}
	for _, c := range s.changes {
		if at := v.w.Repo.Show(c.Path); !told[at] && !v.Stale[c.Path] && !strings.Contains(c.Why, "recipient") {
			v.Problems.Add(problem.Problem{File: at, What: "is not what the credentials say: " + c.Why, Next: "reggen seal"})
			told[at] = true
		}
	}
	v.Compared = files
	for _, u := range s.users {
		v.Seen[u] = true
	}
	v.Problems.Sort()
	return true
}

// Specify says more of what whole has found, where there is more to say: whose
// password it is, or who was added.
func (v *verification) Specify(ctx context.Context, credentials, sealed []generator.File) {
	general := v.Problems
	v.Problems = nil
	v.Run(ctx, credentials, sealed)
	for _, p := range general {
		if !slices.ContainsFunc(v.Problems, func(said problem.Problem) bool { return said.File == p.File }) {
			v.Problems.Add(p)
		}
	}
	v.Problems.Sort()
}

// Run opens what a key at hand opens. Every user's password must be accepted
// by the hash in the credential and by every sealed file that is about the
// user; a user known by a hash alone must be sealed with that hash; and
// nobody else may be in the htpasswd file.
func (v *verification) Run(ctx context.Context, credentials, sealed []generator.File) {
	known := map[string]map[string]string{} // user -> stringData
	complete := true
	for _, f := range credentials {
		p, err := credential.Parse(f.Path, f.Data)
		if err != nil || p.Type != credential.User {
			continue
		}
		var o keyring.OpenedCredential
		if at := v.w.Repo.Abs(f.Path); v.shut[at] {
			err = sops.ErrNoKey // it was tried a moment ago
		} else {
			o, err = v.w.Keys.OpenCredential(ctx, at, f.Data)
		}
		if err != nil {
			complete = false
			if p.Has(credential.Password) {
				v.Locked++
			}
			if !errors.Is(err, sops.ErrNoKey) {
				v.Problems.Join(err)
			}
			continue
		}
		known[p.User] = o.Doc.StringData
		password, has := o.Doc.StringData[credential.Password]
		if has {
			v.judge(f.Path, p.User, password)
		}
		if hash := o.Doc.StringData[credential.Hash]; has && hash != "" && !credential.Verify(hash, password) {
			v.Problems.Add(problem.Problem{File: f.Path, Path: "stringData.hash", What: fmt.Sprintf("is not the hash of the password of user %q", p.User),
				Next: "delete hash and hashOf with sops edit, then run reggen seal"})
		}
	}
	old := false
	for _, f := range sealed {
		if v.Stale[v.w.Repo.Abs(f.Path)] {
			old = true
			continue
		}
		data, err := v.w.Keys.OpenSealed(ctx, f.Path, f.Data)
		if err != nil {
			continue // told by the build, or no key: then there is nothing to compare with
		}
		for key, encoded := range data {
			value, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				v.Problems.Add(problem.Problem{File: f.Path, Path: "data[" + key + "]", What: "does not hold base64", Next: "reggen seal"})
				continue
			}
			v.value(f.Path, key, string(value), known, complete)
		}
	}
	for user, data := range known {
		if _, has := data[credential.Password]; has && !v.Seen[user] && !old {
			v.Locked++ // its sealed file could not be opened
		}
	}
	v.Problems.Sort()
}

// value compares one value of a sealed file with what the credentials say.
func (v *verification) value(file, key, value string, known map[string]map[string]string, complete bool) {
	if v.spec.Chart != nil {
		return // what is in its Secrets, the chart alone knows
	}
	forged := func(what string, args ...any) {
		v.Problems.Add(problem.Problem{File: file, Path: "data[" + key + "]", What: fmt.Sprintf(what, args...),
			Next: "reggen seal --check " + filepath.Dir(filepath.Dir(file)) + "   # says more; then find out who changed it"})
	}
	for user, data := range known {
		password, has := data[credential.Password]
		if has {
			if ok, concerns := Proves(key, value, user, password); concerns && ok {
				v.Seen[user] = true
			} else if concerns {
				forged("does not accept the password of user %q", user)
			}
		}
	}
	if key == generator.DockerConfigKey {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		pull, is := v.spec.Pulls()[name]
		if login, err := credential.ReadDockerConfig([]byte(value)); is && (err != nil || login.User != pull.User || login.Server != pull.Server) {
			forged("is not the login of user %q at %s", pull.User, pull.Server)
		}
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
