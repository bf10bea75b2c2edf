package generator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
)

// Moved is a credential whose value is not what it was at the last seal.
type Moved struct {
	What string // in words: user "alice", the secretKey of s3
	File string // "" for one that is gone
}

// MovedSince compares the public side of credentials with what the sealed files
// of an owner recorded when they were sealed, and says whose values were
// changed, added or taken away since. Nothing is told where there is no record
// yet. Anybody can encrypt a credential for public keys: who changed one, only
// the repository's history knows.
func MovedSince(owner string, creds credential.Set, files []sealed.File) []Moved {
	facts := map[secret.Ref]map[string]string{}
	for _, f := range files {
		if f.Record.Owner != owner {
			continue
		}
		for _, fact := range f.Record.Facts {
			if facts[fact.Ref] == nil {
				facts[fact.Ref] = map[string]string{}
			}
			facts[fact.Ref][fact.Name] = fact.Value
		}
	}
	if len(facts) == 0 {
		return nil
	}
	out := movedUsers(creds, facts[secret.HTPasswd])
	one := func(c credential.Public, ref secret.Ref, field, what string) {
		switch was, known := facts[ref]["from"]; {
		case !known:
			out = append(out, Moved{what + ", which is new", c.File})
		case was != c.Fingerprint(field):
			out = append(out, Moved{what, c.File})
		}
	}
	for _, t := range slices.Sorted(maps.Keys(creds.Others)) {
		c := creds.Others[t]
		for _, v := range credential.Fixed(t) {
			one(*c, v.Ref, v.Field, "the "+v.Field+" of "+string(t))
		}
		if t == credential.Config {
			for _, name := range sortedKeys(c.Fields) {
				one(*c, secret.ConfigRef(name), name, "the setting "+name)
			}
		}
	}
	if m := creds.Machine; m != nil {
		one(*m, secret.HTTPSecret, credential.HTTPSecret, "the http secret")
	}
	return out
}

func movedUsers(creds credential.Set, facts map[string]string) (out []Moved) {
	if len(facts) == 0 {
		return nil
	}
	there := map[string]bool{}
	for _, u := range creds.Users {
		name := "user/" + u.User
		there[name] = true
		_, from, _ := strings.Cut(facts[name], "from=")
		switch {
		case facts[name] == "":
			out = append(out, Moved{fmt.Sprintf("user %q, who is new", u.User), u.File})
		case from != u.Fingerprint(credential.Password, credential.Hash):
			out = append(out, Moved{fmt.Sprintf("the password or hash of user %q", u.User), u.File})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		if user, is := strings.CutPrefix(name, "user/"); is && !there[name] {
			out = append(out, Moved{fmt.Sprintf("user %q, who is gone", user), ""})
		}
	}
	return out
}
