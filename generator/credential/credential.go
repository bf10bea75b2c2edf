// Package credential is the credential file: what is public about it, what
// may stand in it, and what is made from it (htpasswd lines, docker configs).
//
// Its public side needs no key: names of fields and the ENC[...] strings are
// readable, values are not. Sources of the formats: the registry's htpasswd
// reader (bcrypt only, one entry a line, '#' starts a comment, the first ':'
// ends the name) and kubectl's docker-registry secret.
package credential

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
)

// Type says what a credential is for.
type Type string

// The types of this version.
const (
	User    Type = "user"    // one person or robot that logs in
	S3      Type = "s3"      // the bucket's static keys
	Azure   Type = "azure"   // the storage account's key
	GCS     Type = "gcs"     // a service account's key file
	Swift   Type = "swift"   // a user of the object store
	Proxy   Type = "proxy"   // the login of a cache to the registry behind it
	Config  Type = "config"  // secret settings of the registry, by variable
	Machine Type = "machine" // values nobody types: the http secret and the seed
)

// The fields of stringData.
const (
	Password   = "password"
	Hash       = "hash"
	HashedFrom = "hashOf"
	AccessKey  = "accessKey"
	SecretKey  = "secretKey"
	HTTPSecret = "httpSecret"
	Seed       = "seed"
	AccountKey = "accountKey"
	KeyFile    = "key"
	Username   = "username"
)

// fields lists what each type takes; those that must be there come first.
var fields = map[Type]struct{ required, optional []string }{
	User:    {nil, []string{Password, Hash, HashedFrom}},
	S3:      {[]string{AccessKey, SecretKey}, nil},
	Azure:   {[]string{AccountKey}, nil},
	GCS:     {[]string{KeyFile}, nil},
	Swift:   {[]string{Username, Password}, nil},
	Proxy:   {[]string{Username, Password}, nil},
	Config:  {nil, nil}, // IsConfigField says which
	Machine: {[]string{HTTPSecret, Seed}, nil},
}

// later are types that the design knows and this version does not.
var later = []string{"chart"}

// Public is the side of a credential that needs no key.
type Public struct {
	File   string // as named in errors
	Name   string // metadata.name
	Type   Type
	User   string            // for type user; metadata.name unless said
	Origin string            // for type user: the first user of its rotations, spec.RotationOf; "" for others
	Cost   int               // for type user: the bcrypt cost
	Fields map[string]string // field of stringData -> its ENC[...] string
}

// Has says whether the field is there.
func (p Public) Has(field string) bool { return p.Fields[field] != "" }

// Fingerprint is the ciphertext fingerprint over the fields named, those that
// are missing counting as empty.
func (p Public) Fingerprint(names ...string) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = p.Fields[n]
	}
	return secret.Fingerprint(parts...)
}

// Document is the file's shape, in the clear or encrypted.
type Document struct {
	APIVersion string            `json:"apiVersion" yaml:"apiVersion"`
	Kind       string            `json:"kind" yaml:"kind"`
	Metadata   spec.Metadata     `json:"metadata" yaml:"metadata"`
	Type       Type              `json:"type" yaml:"type"`
	User       string            `json:"user,omitempty" yaml:"user,omitempty"`
	Cost       int               `json:"cost,omitempty" yaml:"cost,omitempty"`
	StringData map[string]string `json:"stringData" yaml:"stringData"`
}

// HasConflict says whether data holds the markers of an unfinished git merge.
func HasConflict(data []byte) bool {
	return bytes.HasPrefix(data, []byte("<<<<<<< ")) || bytes.Contains(data, []byte("\n<<<<<<< ")) ||
		bytes.Contains(data, []byte("\n>>>>>>> "))
}

// Parse reads the public side of a credential file. Any readable value, any
// unknown or missing field is an error; all of a file's are reported at once.
func Parse(file string, data []byte) (Public, error) {
	if HasConflict(data) {
		return Public{}, problem.List{{
			File: file, What: "holds the markers of an unfinished git merge",
			Next: "take one side whole (git checkout --ours or --theirs), then run reggen seal",
		}}
	}
	var root, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&root); err != nil || len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		return Public{}, problem.List{{File: file, What: "not a YAML mapping", Want: "a RegistryCredential encrypted with SOPS"}}
	}
	if err := d.Decode(&more); err != io.EOF {
		return Public{}, problem.List{{File: file, What: "holds more than one YAML document", Want: "one credential a file"}}
	}
	r := reader{file: file}
	p := r.document(root.Content[0])
	r.problems.Sort()
	return p, r.problems.Err()
}

type reader struct {
	file     string
	problems problem.List
}

func (r *reader) addf(n *yaml.Node, path, next, format string, args ...any) {
	r.problems.Add(problem.Problem{File: r.file, Line: n.Line, Path: path, What: fmt.Sprintf(format, args...), Next: next})
}

// unknown reports a key that nothing reads, and what was probably meant.
func (r *reader) unknown(k *yaml.Node, path string, known []string) {
	if problem.Secretish(k.Value) {
		path = strings.TrimSuffix(path, k.Value) + problem.Key(k.Value)
	}
	r.problems.Add(problem.Problem{File: r.file, Line: k.Line, Path: path, What: "unknown field",
		Want: strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1], Near: problem.Nearest(k.Value, known)})
}

// each calls f for every entry of a mapping and reports duplicate keys.
func (r *reader) each(m *yaml.Node, path string, f func(key string, k, v *yaml.Node)) {
	if m.Kind != yaml.MappingNode {
		r.addf(m, path, "", "is not a mapping")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k, v := m.Content[i], m.Content[i+1]
		if seen[k.Value] {
			r.addf(k, join(path, k.Value), "", "stands there twice")
			continue
		}
		seen[k.Value] = true
		f(k.Value, k, v)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (r *reader) document(m *yaml.Node) Public {
	p := Public{File: r.file, Fields: map[string]string{}}
	var apiVersion, kind string
	var data, costNode *yaml.Node
	typeNode := m
	sealed := false
	r.each(m, "", func(key string, k, v *yaml.Node) {
		switch key {
		case "apiVersion":
			apiVersion = v.Value
		case "kind":
			kind = v.Value
		case "type":
			p.Type, typeNode = Type(v.Value), v
		case "user":
			p.User = v.Value
			if v.Kind != yaml.ScalarNode || v.Tag != "!!str" {
				r.addf(v, "user", "", "is not text; put it in quotes")
			}
		case "cost":
			costNode = v
			if err := v.Decode(&p.Cost); err != nil {
				r.addf(v, "cost", "", "is not a number")
			}
		case "metadata":
			p.Name, p.Origin = r.metadata(v)
		case "stringData":
			data = v
		case "sops":
			sealed = isBlock(v)
		default:
			r.unknown(k, key, []string{"apiVersion", "kind", "metadata", "type", "user", "cost", "stringData"})
		}
	})
	if apiVersion != spec.APIVersion || kind != spec.KindCredential {
		r.addf(m, "", "", "is not a %s of %s", spec.KindCredential, spec.APIVersion)
		return p
	}
	if !sealed {
		r.addf(m, "", "encrypt it in place: sops --encrypt --in-place "+problem.QuoteArg(r.file)+"\nand take what was readable for leaked if it was ever committed", "is not encrypted: it has no sops block")
	}
	r.fieldsOf(&p, m, typeNode, data)
	if p.Type == User {
		if p.User == "" {
			p.User = p.Name
		}
		if what := CheckUser(p.User); what != "" && p.Name != "" {
			r.addf(m, "user", "", "%s", what)
		}
		if costNode != nil && (p.Cost < MinCost || p.Cost > MaxCost) {
			r.addf(costNode, "cost", "", "is outside %d to %d", MinCost, MaxCost)
		}
	}
	return p
}

func (r *reader) metadata(m *yaml.Node) (name, origin string) {
	r.each(m, "metadata", func(key string, k, v *yaml.Node) {
		switch key {
		case "name":
			name = v.Value
		case "annotations":
			for i := 0; i+1 < len(v.Content); i += 2 {
				if v.Content[i].Value == spec.RotationOf {
					origin = v.Content[i+1].Value
				}
			}
		case "labels", "namespace":
		default:
			r.unknown(k, "metadata."+key, []string{"name", "annotations", "labels", "namespace"})
		}
	})
	if name == "" {
		r.addf(m, "metadata.name", "", "is missing")
	}
	return name, origin
}

func (r *reader) fieldsOf(p *Public, m, typeNode, data *yaml.Node) {
	known, ok := fields[p.Type]
	if !ok {
		for _, l := range later {
			if string(p.Type) == l {
				r.addf(typeNode, "type", "", "%s credentials are not supported by this version of reggen", l)
				return
			}
		}
		r.problems.Add(problem.Problem{File: r.file, Line: typeNode.Line, Path: "type", What: "is not a type of credential",
			Want: "user, s3, azure, gcs, swift, proxy, config or machine", Near: problem.Nearest(string(p.Type), []string{"user", "s3", "azure", "gcs", "swift", "proxy", "config", "machine"})})
		return
	}
	if data == nil {
		r.addf(m, "stringData", "", "is missing")
		return
	}
	allowed := append(append([]string{}, known.required...), known.optional...)
	r.comments(data)
	r.each(data, "stringData", func(key string, k, v *yaml.Node) {
		path := "stringData." + key
		r.comments(k)
		r.comments(v)
		switch {
		case v.Kind != yaml.ScalarNode:
			r.addf(v, path, "", "is not text")
		case v.Value == "":
			r.addf(v, path, "", "is empty")
		case !secret.IsCiphertext(v.Value):
			r.addf(v, path, "encrypt it in place: sops --encrypt --in-place "+problem.QuoteArg(r.file)+"\nand take this value for leaked if it was ever committed", "is readable: not encrypted")
		case p.Type == Config && !IsConfigField(key):
			r.addf(k, path, "write a variable of the registry, or notifications.<endpoint>.<header>", "is no field of a config credential")
		case p.Type != Config && !contains(allowed, key):
			r.unknown(k, path, allowed)
		default:
			p.Fields[key] = v.Value
		}
	})
	for _, f := range known.required {
		if !mentions(data, f) {
			r.addf(data, "stringData."+f, "", "is missing")
		}
	}
	if p.Type == Config && len(data.Content) == 0 {
		r.addf(data, "stringData", "", "is empty")
	}
	if p.Type == User && !mentions(data, Password) && !mentions(data, Hash) {
		r.addf(data, "stringData", "", "has neither a password nor a hash")
	}
}

// comments refuses what a person wrote beside the secrets: SOPS encrypts those
// comments, and a readable one may hold what belongs in a value.
func (r *reader) comments(n *yaml.Node) {
	for _, c := range []string{n.HeadComment, n.LineComment, n.FootComment} {
		for line := range strings.Lines(c) {
			if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#ENC[") {
				r.addf(n, "stringData", "take the comment out, and what it said for leaked if it was a secret and ever committed", "has a readable comment")
				return
			}
		}
	}
}

// isBlock says that a node is a sops block: with a MAC, a time and a version.
// Whether the MAC is right only a key can tell.
func isBlock(n *yaml.Node) bool {
	var block struct {
		MAC          string `yaml:"mac"`
		LastModified string `yaml:"lastmodified"`
		Version      string `yaml:"version"`
	}
	return n.Decode(&block) == nil && secret.IsCiphertext(block.MAC) && block.LastModified != "" && block.Version != ""
}

func contains(l []string, s string) bool {
	for _, e := range l {
		if e == s {
			return true
		}
	}
	return false
}

func mentions(m *yaml.Node, key string) bool {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return true
		}
	}
	return false
}

// Set is every credential of one environment, sorted.
type Set struct {
	Users   []Public // by user name
	Machine *Public
	Others  map[Type]*Public // of every other type at most one
}

// All lists every credential: users first, then the others by type.
func (s Set) All() []Public {
	out := append([]Public{}, s.Users...)
	for _, t := range slices.Sorted(maps.Keys(s.Others)) {
		out = append(out, *s.Others[t])
	}
	if s.Machine != nil {
		out = append(out, *s.Machine)
	}
	return out
}

// Collect puts the credentials of an environment together. Two files for the
// same purpose, two users of one name, or names that differ only in case, are
// errors.
func Collect(all []Public) (Set, error) {
	var s Set
	var l problem.List
	sort.Slice(all, func(i, j int) bool { return all[i].File < all[j].File })
	byName, byUser := map[string]Public{}, map[string]Public{}
	for _, p := range all {
		if q, ok := byName[p.Name]; ok {
			l.Add(problem.Problem{File: p.File, Path: "metadata.name", What: fmt.Sprintf("%q is also the name of %s", p.Name, q.File)})
		}
		byName[p.Name] = p
		switch p.Type {
		case User:
			if q, ok := byUser[strings.ToLower(p.User)]; ok {
				what := fmt.Sprintf("user %q is also in %s", p.User, q.File)
				if q.User != p.User {
					what = fmt.Sprintf("user %q differs only in case from %q in %s", p.User, q.User, q.File)
				}
				l.Add(problem.Problem{File: p.File, Path: "user", What: what})
			}
			byUser[strings.ToLower(p.User)] = p
			s.Users = append(s.Users, p)
		case Machine:
			s.Machine = one(&l, s.Machine, p)
		default:
			if s.Others == nil {
				s.Others = map[Type]*Public{}
			}
			s.Others[p.Type] = one(&l, s.Others[p.Type], p)
		}
	}
	sort.Slice(s.Users, func(i, j int) bool { return s.Users[i].User < s.Users[j].User })
	return s, l.Err()
}

func one(l *problem.List, have *Public, p Public) *Public {
	if have != nil {
		l.Add(problem.Problem{File: p.File, What: fmt.Sprintf("is a second %s credential beside %s", p.Type, have.File)})
		return have
	}
	return &p
}

// User finds a user by name.
func (s Set) User(name string) (Public, bool) {
	for _, u := range s.Users {
		if u.User == name {
			return u, true
		}
	}
	return Public{}, false
}

// Settable lists the fields that a person gives a credential of that type, and
// those that a new one must have.
func Settable(t Type) (all, required []string) {
	if t == User {
		return []string{Password, Hash}, nil
	}
	f := fields[t]
	return append(append([]string{}, f.required...), f.optional...), f.required
}
