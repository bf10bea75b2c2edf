package sops

import (
	"fmt"
	"strings"
	"testing"
)

func TestAgeRecipient(t *testing.T) {
	identity, recipient := newKey(t)
	if !strings.HasPrefix(identity, "# created: 1970-01-01T00:00:00Z\n# public key: "+recipient+"\nAGE-SECRET-KEY-1") || !strings.HasSuffix(identity, "\n") {
		t.Error("not what age-keygen writes")
	}
	for name, c := range map[string]struct{ file, want string }{
		"a key":         {identity, ""},
		"Windows":       {strings.ReplaceAll(identity, "\n", "\r\n"), ""},
		"behind blanks": {"\n\n  " + identity, ""},
		"two keys":      {identity + canary, ""},
		"nothing":       {"# created\n", "no key"},
		"encrypted":     {"age-encryption.org/v1\n" + canary, "encrypted with a passphrase"},
		"armored":       {"-----BEGIN AGE ENCRYPTED FILE-----\n" + canary, "encrypted with a passphrase"},
		"a plugin":      {"AGE-PLUGIN-YUBIKEY-1" + canary, "age plugin"},
		"SSH":           {"-----BEGIN OPENSSH PRIVATE KEY-----\n" + canary, "not an age key file"},
		"public":        {recipient, "public key stands"},
		"cut":           {"AGE-SECRET-KEY-1" + canary, "not an age private key"},
		"hybrid, cut":   {"AGE-SECRET-KEY-PQ-1" + canary, "not an age private key"},
		"something":     {canary, "not an age private key"},
	} {
		got, err := AgeRecipient([]byte(c.file))
		switch {
		case c.want == "" && (err != nil || got != recipient):
			t.Errorf("%s: %q, %v", name, got, err)
		case c.want != "" && (err == nil || got != "" || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %q, %v", name, got, err)
		case strings.Contains(fmt.Sprint(err), canary):
			t.Errorf("%s: the error quotes the file", name)
		}
	}
}
