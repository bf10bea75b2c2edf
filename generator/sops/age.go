package sops

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	fage "filippo.io/age"

	"github.com/reggen/reggen/generator/problem"
)

// NewAgeKey makes an age key. identity is the text of a key file as age-keygen
// writes it, private; recipient is the public key.
func NewAgeKey(now time.Time) (identity, recipient string, err error) {
	id, err := fage.GenerateX25519Identity()
	if err != nil {
		return "", "", problem.Problem{What: "no randomness to make a key from"}
	}
	recipient = id.Recipient().String()
	identity = fmt.Sprintf("# created: %s\n# public key: %s\n%s\n", now.Format(time.RFC3339), recipient, id)
	return identity, recipient, nil
}

// AgeRecipient is the public key of the first identity in an age key file.
// Errors never quote the file.
func AgeRecipient(identityFile []byte) (string, error) {
	const next = "age-keygen -o FILE makes one that works"
	if bytes.HasPrefix(identityFile, []byte("age-encryption")) || bytes.HasPrefix(identityFile, []byte("-----BEGIN AGE")) {
		return "", problem.Problem{What: "the key file is encrypted with a passphrase, so its public key can't be read from it", Next: "name the public key itself"}
	}
	for i, line := range strings.Split(string(identityFile), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		switch {
		case strings.HasPrefix(line, "AGE-PLUGIN-"):
			return "", problem.Problem{Line: i + 1, What: "the key belongs to an age plugin, so only the plugin knows its public key", Next: "name the public key itself"}
		case strings.HasPrefix(line, "-----BEGIN "):
			return "", problem.Problem{Line: i + 1, What: "not an age key file", Want: "an age key; of an SSH key name the public key itself"}
		case strings.HasPrefix(line, "age1"):
			return "", problem.Problem{Line: i + 1, What: "a public key stands where the private one belongs", Want: "a file with AGE-SECRET-KEY-1...", Next: next}
		case strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1"):
			if id, err := fage.ParseHybridIdentity(line); err == nil {
				return id.Recipient().String(), nil
			}
		default:
			if id, err := fage.ParseX25519Identity(line); err == nil {
				return id.Recipient().String(), nil
			}
		}
		return "", problem.Problem{Line: i + 1, What: "not an age private key", Want: "a line AGE-SECRET-KEY-1..., whole", Next: next}
	}
	return "", problem.Problem{What: "no key in the key file", Want: "a line AGE-SECRET-KEY-1...", Next: next}
}
