// Package secret is all there is to know about placeholders: what stands in
// a render where a secret goes, and what is public about that secret.
//
// A chart is rendered twice from one values function: once with Placeholders
// (a build, which has no key) and once with the Real values (a seal, which has). What
// the two renders may differ in is exactly the content of Secrets.
package secret

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Ref names one secret value that a render may need.
type Ref string

// The refs that the spec knows.
const (
	HTPasswd    Ref = "htpasswd"     // the whole htpasswd file
	S3AccessKey Ref = "s3.accessKey" // the S3 access key id
	S3SecretKey Ref = "s3.secretKey" // the S3 secret access key
	HTTPSecret  Ref = "http.secret"  // signs upload state; equal on all replicas

	AzureAccountKey Ref = "azure.accountKey" // the storage account's key
	GCSKey          Ref = "gcs.key"          // the service account's key file, JSON on one line
	SwiftUsername   Ref = "swift.username"   // in YAML's quotes, for the registry's variables
	SwiftPassword   Ref = "swift.password"   // in YAML's quotes
	ProxyUsername   Ref = "proxy.username"   // in YAML's quotes
	ProxyPassword   Ref = "proxy.password"   // in YAML's quotes
)

// PullRef is the docker config of the pull secret of that name.
func PullRef(name string) Ref { return Ref("pull/" + name) }

// ConfigRef is a field of the config credential.
func ConfigRef(field string) Ref { return Ref("config/" + field) }

// Facets is what is public about a ref: users and their cost, host, and the
// ciphertext fingerprint of the credential it comes from.
type Facets map[string]string

// Source answers a render's questions for secret values.
type Source interface {
	// Value returns what stands for ref: a placeholder or the real value.
	// set is false when no credential supplies it, which is known without
	// a key from the credential's readable key names.
	Value(ref Ref) (value string, set bool)
	// Refs are those that are set, sorted.
	Refs() []Ref
}

const alphabet = "abcdefghijklmnopqrstuvwxyz234567"

var letters = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// Placeholder is the fixed text that stands for ref in a build. It depends on
// nothing but the ref, has a fixed length, starts with a letter, and is valid
// where its value goes: for the htpasswd file it is a syntactically valid line.
func Placeholder(ref Ref) string {
	sum := sha256.Sum256([]byte("reggen placeholder 1\x00" + string(ref)))
	text := "rgph" + letters.EncodeToString(sum[:])[:36]
	if ref == HTPasswd {
		more := sha256.Sum256(sum[:])
		return text + ":$2y$05$" + (letters.EncodeToString(sum[:]) + letters.EncodeToString(more[:]))[:53] + "\n"
	}
	return text
}

type placeholders map[Ref]Facets

// Placeholders is the Source of a build: every ref of the map is set, and its
// value is its Placeholder.
func Placeholders(refs map[Ref]Facets) Source { return placeholders(refs) }

func (p placeholders) Value(ref Ref) (string, bool) {
	if _, ok := p[ref]; !ok {
		return "", false
	}
	return Placeholder(ref), true
}

func (p placeholders) Refs() []Ref { return slices.Sorted(maps.Keys(p)) }

type real map[Ref]string

// Real is the Source of a seal: the real values.
func Real(values map[Ref]string) Source { return real(values) }

func (r real) Value(ref Ref) (string, bool) {
	v, ok := r[ref]
	return v, ok
}

func (r real) Refs() []Ref { return slices.Sorted(maps.Keys(r)) }

// Plain is a Secret in the clear, on its way from a seal's render to its
// encryption. It prints itself redacted, whatever the verb.
type Plain struct {
	Name string
	Type string
	Data map[string][]byte
}

// String names the Secret and its keys, never a value.
func (p Plain) String() string {
	return fmt.Sprintf("Secret %s (%d keys, redacted)", p.Name, len(p.Data))
}

// GoString is String, so that %#v shows no value either.
func (p Plain) GoString() string { return p.String() }

// Format makes every fmt verb print the redacted form.
func (p Plain) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.String())) }

// Rollout is the keyed digest of one key of a Secret: it says whether content
// changed and nothing else to anyone without the seed.
func Rollout(seed []byte, secretName, key string, content []byte) (string, error) {
	k, err := hkdf.Key(sha256.New, seed, nil, "reggen rollout 1", 32)
	if err != nil {
		return "", fmt.Errorf("deriving the rollout key: %w", err)
	}
	mac := hmac.New(sha256.New, k)
	for _, part := range [][]byte{[]byte(secretName), []byte(key), content} {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write(part)
	}
	return hex.EncodeToString(mac.Sum(nil))[:32], nil
}

// Fingerprint is the SHA-256 over the ENC[...] strings a ref is made from, in
// the order given: it changes when a ciphertext changes, and needs no key.
func Fingerprint(ciphertexts ...string) string {
	h := sha256.New()
	for _, c := range ciphertexts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(c)))
		h.Write([]byte(c))
	}
	return hex.EncodeToString(h.Sum(nil))[:40]
}

// Name writes the placeholders of refs in text as {{ref}}.
func Name(text string, refs []Ref) string {
	for _, r := range refs {
		text = strings.ReplaceAll(text, Placeholder(r), "{{"+string(r)+"}}")
	}
	return text
}

// ciphertext is how SOPS writes an encrypted value: base64 of the data, of a
// vector of 32 bytes (12 in other implementations) and of a tag of 16.
var ciphertext = regexp.MustCompile(`^ENC\[AES256_GCM,data:([A-Za-z0-9+/]+={0,2}),iv:([A-Za-z0-9+/]+={0,2}),tag:([A-Za-z0-9+/]{22}==),type:(str|int|float|bool|bytes|comment)\]$`)

// IsCiphertext says whether text has the form of a value that SOPS encrypted.
// Whether it is one only a key can tell.
func IsCiphertext(text string) bool {
	m := ciphertext.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	for _, part := range m[1:4] {
		if _, err := base64.StdEncoding.DecodeString(part); err != nil {
			return false
		}
	}
	return true
}
