package generator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/refuse"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
)

// needs decides from the spec and the credentials' public side which secrets a
// build has, and what is public about each. Whatever is missing or at odds is
// told at once, with the command that mends it.
func (p *Plan) needs() (map[secret.Ref]secret.Facets, []Pull, error) {
	var l problem.List
	refs := map[secret.Ref]secret.Facets{}
	reg, creds := p.Spec.Registry.Spec, p.Credentials

	dir := p.credentialsDir()

	switch {
	case reg.Auth.Anonymous && len(creds.Users) > 0:
		l.Add(problem.Problem{Path: "spec.auth.anonymous", What: fmt.Sprintf("is true, but there are users in %s", dir),
			Want: "one of the two: with anonymous access nobody is asked for a password"})
	case reg.Auth.Anonymous:
	case reg.Auth.ExistingSecret != nil:
		pullers := map[string]bool{}
		for _, ps := range reg.PullSecrets {
			pullers[ps.User] = true
		}
		for _, u := range creds.Users {
			if !pullers[u.User] {
				l.Add(problem.Problem{File: u.File, What: fmt.Sprintf("user %q has no effect: spec.auth.existingSecret brings the users", u.User)})
			}
		}
	case len(creds.Users) == 0:
		l.Add(problem.Problem{File: dir, What: "no users: nobody could log in",
			Want: "a RegistryCredential of type user a file, or spec.auth.anonymous: true said aloud",
			Next: "reggen user add NAME"})
	default:
		f := secret.Facets{}
		for _, u := range creds.Users {
			f["user/"+u.User] = fmt.Sprintf("cost=%d from=%s", u.Cost, u.Fingerprint(credential.Password, credential.Hash))
		}
		refs[secret.HTPasswd] = f
	}

	p.storageNeeds(dir, refs, &l)
	p.proxyNeeds(refs, &l)
	p.configNeeds(refs, &l)
	for _, c := range creds.Generic {
		l.Add(problem.Problem{File: c.File, What: "has no effect: a Registry takes nothing from a generic credential"})
	}

	if creds.Machine == nil {
		l.Add(noMachine(dir))
	} else {
		refs[secret.HTTPSecret] = secret.Facets{"from": creds.Machine.Fingerprint(credential.HTTPSecret)}
	}

	var pulls []Pull
	for _, name := range sortedKeys(reg.PullSecrets) {
		pull := Pull{name, reg.PullSecrets[name]}
		facets := p.pullNeeds(pull, "spec.pullSecrets."+name+".user", &l)
		if facets == nil {
			continue
		}
		refs[secret.PullRef(name)] = facets
		pulls = append(pulls, pull)
	}
	return refs, pulls, l.Err()
}

// pullNeeds is what is public about a pull secret; nil where it can't be made,
// which is told at the path that names the user.
func (p *Plan) pullNeeds(pull Pull, path string, l *problem.List) secret.Facets {
	u, ok := p.Credentials.User(pull.User)
	if !ok {
		l.Add(problem.Problem{Path: path, What: fmt.Sprintf("no credential of a user %q in %s", pull.User, p.credentialsDir()),
			Near: nearUser(pull.User, p.Credentials), Next: "reggen user add " + problem.QuoteArg(pull.User)})
		return nil
	}
	if !u.Has(credential.Password) {
		l.Add(problem.Problem{File: u.File, Path: path, What: fmt.Sprintf("user %q has only a hash; a pull secret needs the password", pull.User),
			Next: "name a user whose password is in its credential, one made for pulling"})
		return nil
	}
	return secret.Facets{"server": pull.Server, "user": pull.User, "email": pull.Email, "from": u.Fingerprint(credential.Password)}
}

func nearUser(name string, creds credential.Set) string {
	var names []string
	for _, u := range creds.Users {
		names = append(names, u.User)
	}
	return problem.Nearest(name, names)
}

// storageNeeds are the secrets of the storage, unless the spec takes them from
// elsewhere. A credential of another storage has no effect, and is told.
func (p Plan) storageNeeds(dir string, refs map[secret.Ref]secret.Facets, l *problem.List) {
	kind, own := p.Spec.Registry.Spec.Storage.Keys()
	for _, t := range slices.Sorted(maps.Keys(credential.Storages)) {
		c := p.Credentials.Others[t]
		switch mine := string(t) == kind; {
		case mine && own && c == nil:
			l.Add(problem.Problem{File: dir, What: fmt.Sprintf("no %s credential for spec.storage.%s", t, t),
				Want: elsewhere(t), Next: "reggen credential set " + string(t)})
		case mine && own:
			for _, v := range credential.Storages[t] {
				refs[v.Ref] = secret.Facets{"from": c.Fingerprint(v.Field)}
			}
		case mine && c != nil:
			l.Add(problem.Problem{File: c.File, What: "has no effect: the spec takes the storage's keys from elsewhere (existingSecret or ambientCredentials)"})
		case c != nil:
			l.Add(problem.Problem{File: c.File, What: fmt.Sprintf("has no effect: spec.storage is not %s", t)})
		}
	}
}

// elsewhere says where the keys of a storage can come from.
func elsewhere(t credential.Type) string {
	existing := fmt.Sprintf("spec.storage.%s.existingSecret", t)
	switch t {
	case credential.Swift:
		return "its user, or " + existing
	case credential.S3:
		return "the bucket's keys, " + existing + ", or ambientCredentials: true"
	}
	return "its key, " + existing + ", or ambientCredentials: true"
}

// proxyNeeds are the login of a cache, which it may have.
func (p Plan) proxyNeeds(refs map[secret.Ref]secret.Facets, l *problem.List) {
	c, proxy := p.Credentials.Others[credential.Proxy], p.Spec.Registry.Spec.Proxy
	switch {
	case c == nil:
	case proxy == nil:
		l.Add(problem.Problem{File: c.File, What: "has no effect: there is no spec.proxy"})
	case proxy.ExistingSecret != nil:
		l.Add(problem.Problem{File: c.File, What: "has no effect: spec.proxy.existingSecret brings the login"})
	default:
		for _, v := range credential.Fixed(credential.Proxy) {
			refs[v.Ref] = secret.Facets{"from": c.Fingerprint(v.Field)}
		}
	}
}

// configNeeds are the secret settings. A variable that says what the spec says
// would overrule it, and a header of an endpoint that isn't there goes nowhere.
func (p Plan) configNeeds(refs map[secret.Ref]secret.Facets, l *problem.List) {
	c := p.Credentials.Others[credential.Config]
	if c == nil {
		return
	}
	endpoints := map[string]spec.Endpoint{}
	if n := p.Spec.Registry.Spec.Notifications; n != nil {
		endpoints = n.Endpoints
	}
	for _, name := range sortedKeys(c.Fields) {
		path := "stringData." + name
		if endpoint, _, is := credential.HeaderOf(name); is {
			if _, there := endpoints[endpoint]; !there {
				l.Add(problem.Problem{File: c.File, Path: path, What: fmt.Sprintf("has no effect: spec.notifications has no endpoint %q", endpoint), Near: problem.Nearest(endpoint, sortedKeys(endpoints))})
				continue
			}
		} else if strings.HasPrefix(name, "REGISTRY_REDIS_") && p.Spec.Registry.Spec.Redis == nil && p.Spec.Registry.Spec.Config["redis"] == nil {
			l.Add(problem.Problem{File: c.File, Path: path, What: "has no effect: there is no spec.redis"})
			continue
		} else if field := refuse.Models(name); field != "" {
			l.Add(problem.Problem{File: c.File, Path: path, What: "would overrule the spec", Want: field})
			continue
		} else if e := p.Spec.Registry.Spec.Extra; e != nil && slices.ContainsFunc(e.Env, func(v spec.EnvVar) bool { return v.Name == name }) {
			l.Add(problem.Problem{File: c.File, Path: path, What: "spec.extra.env sets it too", Want: "one of the two"})
			continue
		}
		refs[secret.ConfigRef(name)] = secret.Facets{"from": c.Fingerprint(name)}
	}
}
