package sops

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/azkv"
	"golang.org/x/crypto/ssh"
)

// A key that stays is not wrapped anew, so its cloud is not asked; and the
// version of an Azure key that the rule leaves open is not looked up.
func TestKeysThatStayTakeNoNetwork(t *testing.T) {
	identity, recipient := newKey(t)
	hold(t, identity)
	file := open(t, seal(t, secretDoc, ruleOf(t, "age: "+recipient), Options{}))
	old := &azkv.MasterKey{VaultURL: "https://sops.vault.azure.net", Name: "sops-key", Version: "abc", EncryptedKey: "wrapped-before"}
	file = &File{file.branch, sops.Metadata{KeyGroups: []sops.KeyGroup{{old}}}, file.key, &recorder{Cipher: aes.NewCipher()}}
	text := seal(t, secretDoc, ruleOf(t, "azure_keyvault: https://sops.vault.azure.net/keys/sops-key\n    age: "+recipient), Options{Reuse: file})
	for _, want := range []string{"version: abc", "enc: wrapped-before", "recipient: " + recipient} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	open(t, text)
}

func TestSSHKeys(t *testing.T) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	text := seal(t, secretDoc, ruleOf(t, "age: "+strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub)))), Options{})
	for name, c := range map[string]struct {
		block *pem.Block
		ok    bool
	}{"open": {block, true}, "behind a passphrase": {locked, false}} {
		alone(t)
		path := filepath.Join(os.Getenv("HOME"), ".ssh", "id_ed25519")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, pem.EncodeToMemory(c.block), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(context.Background(), []byte(text), Keys{}); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
