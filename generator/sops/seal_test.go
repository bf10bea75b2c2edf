package sops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getsops/sops/v3/config"
	sopsdecrypt "github.com/getsops/sops/v3/decrypt"
	sopsyaml "github.com/getsops/sops/v3/stores/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/problem"
)

// canary is the secret that tests look for where it must not be.
const canary = "canary-Pa55word"

// alone takes away every key of whoever runs the tests.
func alone(t testing.TB) {
	t.Helper()
	for _, name := range []string{"SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_CMD"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("GNUPGHOME", t.TempDir())
}

// newKey makes an age key.
func newKey(t testing.TB) (identity, recipient string) {
	t.Helper()
	identity, recipient, err := NewAgeKey(time.Unix(0, 0).UTC())
	if err != nil {
		t.Fatal(err)
	}
	return identity, recipient
}

// hold gives the test the keys that SOPS then finds.
func hold(t testing.TB, identities ...string) {
	t.Helper()
	alone(t)
	path := filepath.Join(t.TempDir(), "keys.txt")
	if err := os.WriteFile(path, []byte(strings.Join(identities, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOPS_AGE_KEY_FILE", path)
}

func ruleOf(t testing.TB, body string) *Rule {
	t.Helper()
	r, err := RuleFor(ConfigName, []byte("creation_rules:\n  - "+body+"\n"), "a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const secretDoc = `kind: Secret
apiVersion: v1
metadata:
  name: regcred
  annotations: {b: "1", a: "2"}
type: Opaque
data:
  a10: canary-Pa55word-10
  a2: canary-Pa55word-2
  A: canary-Pa55word-A
  "9": canary-Pa55word-9
  _y: canary-Pa55word-y
  empty: ""
`

func seal(t testing.TB, doc string, rule *Rule, opt Options) string {
	t.Helper()
	out, err := Seal(context.Background(), []byte(doc), rule, opt)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), canary) {
		t.Fatal("plaintext in the sealed file")
	}
	return string(out)
}

func open(t testing.TB, text string) *File {
	t.Helper()
	f, err := Open(context.Background(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRoundTrip(t *testing.T) {
	identity, recipient := newKey(t)
	hold(t, identity)
	text := seal(t, secretDoc, ruleOf(t, "age: "+recipient), Options{})
	f := open(t, text)
	data, err := f.Strings("data")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"_y": canary + "-y", "9": canary + "-9", "A": canary + "-A", "a2": canary + "-2", "a10": canary + "-10", "empty": ""}
	if fmt.Sprint(data) != fmt.Sprint(want) {
		t.Error("other data")
	}
	back, err := sigsyaml.YAMLToJSON(f.Plain())
	orig, _ := sigsyaml.YAMLToJSON([]byte(secretDoc))
	if err != nil || !bytes.Equal(back, orig) {
		t.Error("another document came back")
	}
	if _, err := sopsdecrypt.Data([]byte(text), "yaml"); err != nil {
		t.Error("SOPS's own decrypt refuses the file")
	}
	var order []string
	for _, l := range strings.Split(text, "\n") {
		if key, _, ok := strings.Cut(l, ":"); ok && !strings.HasPrefix(key, "    ") && key != "    " {
			order = append(order, strings.TrimSpace(key))
		}
	}
	wantOrder := []string{"apiVersion", "data", "_y", `"9"`, "A", "a2", "a10", "empty", "kind", "metadata", "annotations", "name", "type", "sops"}
	if !slices.Equal(order[:len(wantOrder)], wantOrder) {
		t.Errorf("keys stand in the order %q", order)
	}
	tree, err := sopsyaml.NewStore(&config.YAMLStoreConfig{Indent: 2}).LoadEncryptedFile([]byte(text))
	if err != nil {
		t.Fatal("SOPS's own store can't read the file")
	}
	again, err := sopsyaml.NewStore(&config.YAMLStoreConfig{Indent: 2}).EmitEncryptedFile(tree)
	if err != nil || string(again) != text {
		t.Error("SOPS's own store would write it in another layout")
	}
}

var _ = errors.Is
var _ problem.Problem
