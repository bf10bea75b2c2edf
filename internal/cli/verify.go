package cli

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
)

// verification proves that the users' passwords are what is sealed.
type verification struct {
	w        *World
	registry *spec.Registry
	compared int // sealed files whose whole content was compared
	problems problem.List
	seen     map[string]bool // users whose password was verified
	locked   int             // passwords that no key here opens
	stale    map[string]bool // sealed files, absolute, that the build finds wanting: what is in them is old, not forged
}

// verification begins one, of a Registry's environment.
func (w *World) verification(r *spec.Registry) verification {
	return verification{w: w, registry: r, seen: map[string]bool{}, stale: map[string]bool{}}
}

// whole derives every sealed file again, as seal --check does, and compares all
// of their content: keys of a storage, secret settings and logins as well as
// passwords. False when a key is missing for that, or something else: then what
// can be compared one by one is.
func (v *verification) whole(ctx context.Context, e environment, files int) bool {
	s := sealing{w: v.w, env: e, sealOptions: sealOptions{check: true}, bar: v.w.silent()}
	if err := s.derive(ctx); err != nil || s.locked || len(s.unread) > 0 {
		return false
	}
	told := map[string]bool{}
	for _, p := range s.found {
		v.problems.Add(p)
		told[p.File] = true
	}
	for _, c := range s.changes {
		if at := v.w.show(c.path); !told[at] && !v.stale[c.path] && !strings.Contains(c.why, "recipient") {
			v.problems.Add(problem.Problem{File: at, What: "is not what the credentials say: " + c.why, Next: "reggen seal"})
			told[at] = true
		}
	}
	v.compared = files
	for _, u := range s.users {
		v.seen[u] = true
	}
	v.problems.Sort()
	return true
}

// specify says more of what whole has found, where there is more to say: whose
// password it is, or who was added.
func (v *verification) specify(ctx context.Context, credentials, sealed []generator.File) {
	general := v.problems
	v.problems = nil
	v.run(ctx, credentials, sealed)
	for _, p := range general {
		if !slices.ContainsFunc(v.problems, func(said problem.Problem) bool { return said.File == p.File }) {
			v.problems.Add(p)
		}
	}
	v.problems.Sort()
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
	old := false
	for _, f := range sealed {
		if v.stale[v.w.abs(f.Path)] {
			old = true
			continue
		}
		data, err := v.w.openSealed(ctx, f.Path, f.Data)
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
		if _, has := data[credential.Password]; has && !v.seen[user] && !old {
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
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		pull, is := v.registry.Spec.PullSecrets[name]
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
