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
	"time"

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
	Generic Type = "generic" // any fields, for a Chart's secretValues
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
	Generic: {nil, nil}, // any: syntax.DataKey
	Machine: {[]string{HTTPSecret, Seed}, nil},
}

// Public is the side of a credential that needs no key.
type Public struct {
	File   string // as named in errors
	Name   string // metadata.name
	Type   Type
	User   string            // for type user; metadata.name unless said
	Origin string            // for type user: the first user of its rotations, spec.RotationOf; "" for others
	Cost   int               // for type user: the bcrypt cost
	Fields map[string]string // field of stringData -> its ENC[...] string
	Notes  map[string]string // metadata.annotations
	On     time.Time         // when it was encrypted, as its sops block says
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

// SetOn notes the day on which the values were set.
func (d *Document) SetOn(now time.Time) {
	if d.Metadata.Annotations == nil {
		d.Metadata.Annotations = map[string]string{}
	}
	d.Metadata.Annotations[spec.SetOn] = now.UTC().Format(time.DateOnly)
}

// HasConflict says whether data holds the markers of an unfinished git merge.
func HasConflict(data []byte) bool {
	return bytes.HasPrefix(data, []byte("<<<<<<< ")) || bytes.Contains(data, []byte("\n<<<<<<< ")) ||
		bytes.Contains(data, []byte("\n>>>>>>> "))
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
