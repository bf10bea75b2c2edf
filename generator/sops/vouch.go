package sops

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"sort"
	"strconv"
	"strings"

	fage "filippo.io/age"
	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/age"
)

// Whoever can write into a repository can encrypt for its public keys, and can
// write anything beside what is encrypted. What only the holder of a private
// key could have written is what a digest says that is keyed with that private
// key: nobody else can make one, and to everybody else it says nothing.

// Vouch makes a digest over a text with the first age key at hand; "" without
// one. Only keys that can be read as they are count: no plugin's, no SSH key,
// none that a command prints or a passphrase locks.
func Vouch(parts ...string) string {
	for _, key := range ownKeys() {
		return digest(key, parts)
	}
	return ""
}

// Vouched says whether one of the age keys at hand made this digest over this
// text.
func Vouched(by string, parts ...string) bool {
	if by == "" {
		return false
	}
	for _, key := range ownKeys() {
		if hmac.Equal([]byte(by), []byte(digest(key, parts))) {
			return true
		}
	}
	return false
}

// dataKeyParts is what is vouched for when a data key is drawn or wrapped for
// more readers: the key itself and everybody who can have it. Without the
// readers an old file could be put back with one of them struck out.
func dataKeyParts(key []byte, meta sops.Metadata) []string {
	m := describe(meta)
	parts := []string{"data key", string(key), strconv.Itoa(m.Threshold)}
	var groups []string
	for _, g := range m.Groups {
		groups = append(groups, strings.Join(g, "\n"))
	}
	sort.Strings(groups)
	return append(parts, groups...)
}

// Made says whether proof shows that somebody with a key that is at hand drew
// this file's data key, for exactly the readers whom the file names.
func (f *File) Made(proof string) bool { return Vouched(proof, dataKeyParts(f.key, f.meta)...) }

// digest is HMAC-SHA-256 over length-prefixed parts, with a key derived from a
// private key for this use alone.
func digest(private string, parts []string) string {
	key, err := hkdf.Key(sha256.New, []byte(private), nil, "reggen vouch 1", 32)
	if err != nil {
		return "" // can't be: the length is fine
	}
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		mac.Write([]byte(p))
	}
	return hex.EncodeToString(mac.Sum(nil))[:40]
}

// ownKeys are the private age keys at hand, as text, in SOPS's order. No
// command of the environment is run for them.
func ownKeys() []string {
	var texts []string
	if keys, ok := os.LookupEnv(age.SopsAgeKeyEnv); ok {
		texts = append(texts, strings.Join(strings.Fields(uncommented(keys)), "\n"))
	}
	if path, ok := os.LookupEnv(age.SopsAgeKeyFileEnv); ok {
		texts = append(texts, string(contents(path)))
	}
	if path := userKeys(); path != "" {
		texts = append(texts, string(contents(path)))
	}
	var out []string
	for _, text := range texts {
		for _, id := range parseIdentities(text) {
			switch id := id.(type) {
			case *fage.X25519Identity:
				out = append(out, id.String())
			case *fage.HybridIdentity:
				out = append(out, id.String())
			}
		}
	}
	return out
}
