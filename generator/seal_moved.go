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

// LastSeal is what an environment's sealed files say of the last seal.
type LastSeal struct {
	// Held is the content of the files that a key opened: name of the Secret ->
	// key -> value.
	Held map[string]map[string][]byte
	// Files are all that can be read. What their records say of credentials is
	// under no MAC, so it counts only for what no key opened.
	Files []sealed.File
}

// Moved compares what the credentials say now with the last seal, and says whose
// values were changed, added or taken away since. creds are the credentials as
// they stand in their files, values what Reveal made of them. Nothing is told
// where nothing was sealed yet. Anybody can encrypt a credential for public
// keys: who changed one, only the repository's history knows.
func (p Plan) Moved(creds credential.Set, values map[secret.Ref]string, last LastSeal) []Moved {
	facts := map[secret.Ref]map[string]string{}
	for _, f := range last.Files {
		if f.Record.Owner != p.Owner {
			continue
		}
		for _, fact := range f.Record.Facts {
			if facts[fact.Ref] == nil {
				facts[fact.Ref] = map[string]string{}
			}
			facts[fact.Ref][fact.Name] = fact.Value
		}
	}
	if len(facts)+len(last.Held) == 0 {
		return nil
	}
	seen := p.compare(values, last.Held)
	out := seen.users(creds, facts[secret.HTPasswd], values[secret.HTPasswd])
	one := func(c credential.Public, ref secret.Ref, field, what string) {
		was, known := facts[ref]["from"]
		moved := known && was != c.Fingerprint(field)
		if state, judged := seen.refs[ref]; judged {
			known, moved = state != isNew, state == isOther
		}
		switch {
		case !known:
			out = append(out, Moved{what + ", which is new", c.File})
		case moved:
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
	for _, c := range creds.All() {
		for _, name := range sortedKeys(c.Fields) {
			if ref := secret.FieldRef(c.Name, name); p.Refs[ref] != nil {
				one(c, ref, name, "the "+name+" of "+c.Name)
			}
		}
	}
	if m := creds.Machine; m != nil && p.Spec.Registry != nil {
		one(*m, secret.HTTPSecret, credential.HTTPSecret, "the http secret")
	}
	return out
}

// state is what became of a value since the last seal.
type state int

const (
	isSame state = iota
	isOther
	isNew
)

// comparison is what the contents of sealed files show.
type comparison struct {
	refs   map[secret.Ref]state // of what an opened file holds
	hashes map[string]string    // user -> hash, of an opened htpasswd file
	pulls  map[string]bool      // users whose password a pull secret holds otherwise
}

// compare holds the values against what the opened files held.
func (p Plan) compare(values map[secret.Ref]string, held map[string]map[string][]byte) comparison {
	c := comparison{map[secret.Ref]state{}, nil, map[string]bool{}}
	for _, slot := range p.Slots {
		was, opened := held[slot.Expected.Name]
		if !opened {
			continue
		}
		for key, template := range slot.Expected.Data {
			content, had := was[key]
			for ref, value := range values {
				if !strings.Contains(template, "{{"+string(ref)+"}}") {
					continue
				}
				switch {
				case ref == secret.HTPasswd:
					c.hashes = hashesIn(string(content))
				case slot.Pull != nil:
					if !samePassword(content, value) {
						c.pulls[slot.Pull.User] = true
					}
				case !had:
					c.refs[ref] = max(c.refs[ref], isNew)
				case holds(string(content), template, ref, value):
					c.refs[ref] = max(c.refs[ref], isSame)
				default:
					c.refs[ref] = max(c.refs[ref], isOther)
				}
			}
		}
	}
	return c
}

// holds says whether content is the template with this value in it. Where what
// stands around the value is another one, the value alone is looked for.
func holds(content, template string, ref secret.Ref, value string) bool {
	before, after, _ := strings.Cut(template, "{{"+string(ref)+"}}")
	if rest, is := strings.CutPrefix(content, before); is && !strings.Contains(before+after, "{{") {
		if middle, is := strings.CutSuffix(rest, after); is {
			return slices.Contains(encodings(value), middle)
		}
	}
	return slices.ContainsFunc(encodings(value), func(e string) bool { return e != "" && strings.Contains(content, e) })
}

// samePassword says whether two docker configs hold the same password. Server,
// user and e-mail are the spec's.
func samePassword(was []byte, now string) bool {
	a, err := credential.ReadDockerConfig(was)
	b, errNow := credential.ReadDockerConfig([]byte(now))
	return err == nil && errNow == nil && (a.Password == b.Password || a.User != b.User)
}

func hashesIn(htpasswd string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(htpasswd) {
		if user, hash, found := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); found {
			out[user] = hash
		}
	}
	return out
}

// users are the users who moved: by the htpasswd file that was opened, or else
// by what its record says.
func (c comparison) users(creds credential.Set, facts map[string]string, htpasswd string) (out []Moved) {
	now, there := hashesIn(htpasswd), map[string]bool{}
	for _, u := range creds.Users {
		there[u.User] = true
		hash, known := c.hashes[u.User]
		other := hash != now[u.User]
		if c.hashes == nil {
			fact := facts["user/"+u.User]
			_, from, _ := strings.Cut(fact, "from=")
			known, other = fact != "", from != u.Fingerprint(credential.Password, credential.Hash)
		}
		switch {
		case htpasswd == "" && !c.pulls[u.User]: // nobody is asked for a password
		case htpasswd != "" && !known:
			out = append(out, Moved{fmt.Sprintf("user %q, who is new", u.User), u.File})
		case other && htpasswd != "" || c.pulls[u.User]:
			out = append(out, Moved{fmt.Sprintf("the password or hash of user %q", u.User), u.File})
		}
	}
	gone := slices.Collect(maps.Keys(c.hashes))
	if c.hashes == nil {
		for name := range facts {
			if user, is := strings.CutPrefix(name, "user/"); is {
				gone = append(gone, user)
			}
		}
	}
	slices.Sort(gone)
	for _, user := range gone {
		if !there[user] {
			out = append(out, Moved{fmt.Sprintf("user %q, who is gone", user), ""})
		}
	}
	return out
}
