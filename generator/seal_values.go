package generator

import (
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
)

// Opened are decrypted credentials: file -> field -> value.
type Opened map[string]map[string]string

// Revealed are the real values of a plan's refs, and what random values are
// drawn from.
type Revealed struct {
	Values map[secret.Ref]string
	Seed   []byte
	Kept   map[secret.Ref]secret.Kept
}

// Reveal derives the real value of every ref of the plan, and the seed, from
// opened credentials. Its errors name files and users, never values.
func (p Plan) Reveal(opened Opened) (Revealed, error) {
	var l problem.List
	out := map[secret.Ref]string{}
	var kept map[secret.Ref]secret.Kept
	field := func(c *credential.Public, name string) string {
		v := opened[c.File][name]
		if v == "" {
			l.Add(problem.Problem{File: c.File, Path: "stringData." + name, What: "decrypts to nothing"})
		}
		return v
	}
	check := func(c *credential.Public, name string, why func(string) string) string {
		v := field(c, name)
		if what := why(v); v != "" && what != "" {
			l.Add(problem.Problem{File: c.File, Path: "stringData." + name, What: what, Next: "reggen credential set " + problem.QuoteArg(c.Name)})
		}
		return v
	}
	if _, ok := p.Refs[secret.HTPasswd]; ok {
		var entries []credential.Entry
		for _, u := range p.Credentials.Users {
			u := u
			entries = append(entries, credential.Entry{User: u.User, Hash: field(&u, credential.Hash)})
		}
		out[secret.HTPasswd] = credential.HTPasswd(entries)
	}
	for t := range p.Credentials.Others {
		for _, v := range credential.Fixed(t) {
			if _, ok := p.Refs[v.Ref]; !ok {
				continue
			}
			text := check(p.Credentials.Others[t], v.Field, v.Check)
			if v.Form != nil {
				text = v.Form(text)
			}
			out[v.Ref] = text
		}
	}
	for _, c := range p.Credentials.All() {
		for name := range c.Fields {
			if ref := secret.FieldRef(c.Name, name); p.Refs[ref] != nil {
				out[ref] = field(&c, name)
			}
		}
	}
	if c := p.Credentials.Others[credential.Config]; c != nil {
		for _, name := range sortedKeys(c.Fields) {
			out[secret.ConfigRef(name)] = credential.ConfigForm(name, check(c, name, credential.CheckLine))
		}
	}
	var seed []byte
	if m := p.Credentials.Machine; m != nil {
		out[secret.HTTPSecret] = check(m, credential.HTTPSecret, credential.CheckHTTPSecret)
		seed = []byte(field(m, credential.Seed))
		var err error
		if kept, err = credential.ReadKept(opened[m.File]); err != nil {
			l.Add(problem.Problem{File: m.File, What: err.Error(), Next: "restore the file from git"})
		}
	}
	for _, s := range p.Slots {
		if s.Pull == nil {
			continue
		}
		u, _ := p.Credentials.User(s.Pull.User)
		config, err := credential.DockerConfig(s.Pull.Server, u.User, field(&u, credential.Password), s.Pull.Email)
		if err != nil {
			l.Add(problem.Problem{File: u.File, What: err.Error()})
			continue
		}
		out[secret.PullRef(s.Pull.Name)] = string(config)
	}
	return Revealed{out, seed, kept}, l.Err()
}
