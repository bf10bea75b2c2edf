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
	"github.com/reggen/reggen/generator/rules"
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
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home) // Windows
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("AppData", t.TempDir())
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

func ruleOf(t testing.TB, body string) *rules.Rule {
	t.Helper()
	r, err := rules.For(rules.ConfigName, []byte("creation_rules:\n  - "+body+"\n"), "a.yaml")
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

func seal(t testing.TB, doc string, rule *rules.Rule, opt Options) string {
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
	f, err := Open(context.Background(), []byte(text), Keys{})
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

// changed are the lines of b that a does not have.
func changed(a, b string) []string {
	var out []string
	have := strings.Split(a, "\n")
	for _, l := range strings.Split(b, "\n") {
		if !slices.Contains(have, l) {
			key, _, _ := strings.Cut(strings.TrimSpace(l), ":")
			out = append(out, key)
		}
	}
	return out
}

// aged makes a file look an hour old, so that lastmodified must change.
func aged(t *testing.T, doc string, rule *rules.Rule, opt Options) string {
	t.Helper()
	clock = func() time.Time { return time.Now().Add(-time.Hour) }
	defer func() { clock = time.Now }()
	return seal(t, doc, rule, opt)
}

func TestReuseKeepsLines(t *testing.T) {
	one, r1 := newKey(t)
	_, r2 := newKey(t)
	hold(t, one)
	rule := ruleOf(t, "age: "+r1)
	both := ruleOf(t, "age: "+r2+","+r1)
	newer := strings.Replace(secretDoc, canary+"-A", canary+"-B", 1)
	for _, only := range []bool{false, true} {
		text := aged(t, secretDoc, rule, Options{MACOnlyEncrypted: only})
		file := open(t, text)
		same := seal(t, secretDoc, rule, Options{MACOnlyEncrypted: only, Reuse: file})
		if got := changed(text, same); !slices.Equal(got, []string{"lastmodified", "mac"}) {
			t.Errorf("sealing the same again changed %q", got)
		}
		proof := Vouch(dataKeyParts(file.key, file.meta)...)
		got := changed(text, seal(t, newer, rule, Options{MACOnlyEncrypted: only, Reuse: file, Proof: proof}))
		if !slices.Equal(got, []string{"A", "lastmodified", "mac"}) {
			t.Errorf("one new value changed %q", got)
		}
		wider := seal(t, secretDoc, both, Options{MACOnlyEncrypted: only, Reuse: file})
		if got := changed(text, wider); slices.Contains(got, "a2") || !strings.Contains(wider, encOf(t, text, r1)) {
			t.Errorf("a new recipient changed %q or the other's wrapped key", got)
		}
		open(t, wider)
		rotated := seal(t, secretDoc, rule, Options{MACOnlyEncrypted: only, Reuse: open(t, wider), NewDataKey: true})
		for _, key := range []string{"_y", "a2", "a10", `"9"`, "A"} {
			if !slices.Contains(changed(wider, rotated), key) {
				t.Errorf("a new data key left the ciphertext of %s", key)
			}
		}
		if bytes.Equal(open(t, rotated).key, file.key) || strings.Contains(rotated, encOf(t, text, r1)) {
			t.Error("the old data key is still there")
		}
		if !bytes.Equal(open(t, wider).key, file.key) {
			t.Error("a new recipient changed the data key")
		}
	}
}

// encOf is the first line in which the data key is wrapped for a recipient.
func encOf(t *testing.T, text, recipient string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.Contains(l, "recipient: "+recipient) {
			for j := i; j > 0; j-- {
				if strings.Contains(lines[j], "BEGIN AGE") {
					return lines[j+2]
				}
			}
		}
	}
	t.Fatalf("no wrapped key for %s", recipient)
	return ""
}

// A Secret that went through kustomize has another namespace and name, labels,
// and its keys sorted; one with the MAC over everything may only be sorted.
func TestMACSurvivesKustomize(t *testing.T) {
	identity, recipient := newKey(t)
	hold(t, identity)
	rule := ruleOf(t, "age: "+recipient)
	for _, c := range []struct {
		only, rename, ok bool
	}{{true, true, true}, {true, false, true}, {false, false, true}, {false, true, false}} {
		var doc map[string]any
		if err := sigsyaml.Unmarshal([]byte(seal(t, secretDoc, rule, Options{MACOnlyEncrypted: c.only})), &doc); err != nil {
			t.Fatal(err)
		}
		if c.rename {
			meta := doc["metadata"].(map[string]any)
			meta["namespace"], meta["name"], meta["labels"] = "shop", "x-regcred", map[string]any{"a": "b"}
		}
		text, err := sigsyaml.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sopsdecrypt.Data(text, "yaml"); (err == nil) != c.ok {
			t.Errorf("%+v: SOPS opens it: %v", c, err == nil)
		}
		if _, err := Open(context.Background(), text, Keys{}); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrMAC) {
			t.Errorf("%+v: Open: %v", c, err)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	_, recipient := newKey(t)
	rule := ruleOf(t, "age: "+recipient)
	for name, c := range map[string]struct{ doc, want string }{
		"a number":            {"data: {pin: 1234, pass: canary-Pa55word}\n", "data.pin: not a string"},
		"a truth value":       {"stringData: {on: true, pass: canary-Pa55word}\n", "stringData.on: not a string"},
		"a numeric key":       {"data: {1: canary-Pa55word}\n", "a key that is not a string"},
		"null":                {"data: {pass: canary-Pa55word, x: null}\n", "data.x: not a string"},
		"a mapping":           {"data: {x: {pass: canary-Pa55word}}\n", "data.x: not a string"},
		"a list":              {"data: [canary-Pa55word]\n", "data: not a mapping"},
		"a stray data":        {"metadata: {labels: {data: canary-Pa55word}}\n", "metadata.labels.data: SOPS would encrypt it"},
		"a stray in a list":   {"x: [{stringData: canary-Pa55word}]\n", "x[].stringData: SOPS would encrypt it"},
		"encrypted already":   {"data: {a: canary-Pa55word}\nsops: {mac: x}\n", "sops: the document is encrypted already"},
		"a key twice":         {"data: {a: canary-Pa55word, a: x}\n", "a key stands twice"},
		"two documents":       {"data: {a: canary-Pa55word}\n---\ndata: {}\n", "more than one YAML document"},
		"no mapping":          {"- canary-Pa55word\n", "not a YAML mapping"},
		"not YAML":            {"data: {a: canary-Pa55word\n", "not valid YAML"},
		"a conflict":          {"data:\n<<<<<<< HEAD\n  a: canary-Pa55word\n", "an unresolved merge conflict"},
		"nothing":             {"", "not a YAML mapping"},
		"an alias to a list":  {"x: &x [canary-Pa55word]\ndata: {a: *x}\n", "data.a: not a string"},
		"an alias to itself":  {"x: &x [*x]\ndata: {a: canary-Pa55word}\n", ""},
		"an unwalkable value": {"x: 18446744073709551615\ndata: {a: canary-Pa55word}\n", "encrypting failed"},
	} {
		out, err := Seal(context.Background(), []byte(c.doc), rule, Options{})
		if err == nil || out != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error quotes the input", name)
		}
	}
	if _, err := Seal(context.Background(), []byte(secretDoc), nil, Options{}); err == nil {
		t.Error("sealed for nobody")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Seal(ctx, []byte(secretDoc), rule, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}

func TestKeyGroups(t *testing.T) {
	var ids, rs []string
	for range 3 {
		i, r := newKey(t)
		ids, rs = append(ids, i), append(rs, r)
	}
	rule := ruleOf(t, fmt.Sprintf("shamir_threshold: 2\n    key_groups: [{age: [%s]}, {age: [%s]}, {age: [%s]}]", rs[0], rs[1], rs[2]))
	hold(t, ids[0], ids[2])
	text := seal(t, secretDoc, rule, Options{})
	file := open(t, text)
	m, err := Inspect([]byte(text))
	if err != nil || m.Threshold != 2 || len(m.Groups) != 3 || !rule.Same(m.Readers) {
		t.Errorf("%+v, %v", m, err)
	}
	again := seal(t, secretDoc, rule, Options{Reuse: file})
	if !strings.Contains(again, encOf(t, text, rs[1])) {
		t.Error("the shares were made anew for the same groups")
	}
	all := ruleOf(t, fmt.Sprintf("key_groups: [{age: [%s]}, {age: [%s]}, {age: [%s]}]", rs[0], rs[1], rs[2]))
	if all.Threshold != 3 || all.Same(m.Readers) {
		t.Error("a threshold that is not said is not all groups")
	}
	hold(t, ids[0])
	if _, err := Open(context.Background(), []byte(text), Keys{}); !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), "2 of these groups") {
		t.Errorf("with one key of two: %v", err)
	}
}

func TestVersionIsThatOfGoMod(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mod), "github.com/getsops/sops/v3 v"+version+"\n") && !strings.Contains(string(mod), "github.com/getsops/sops/v3 v"+version+" ") {
		t.Errorf("go.mod has another SOPS than %s", version)
	}
}

// can't-encrypt errors name the recipient and what to do, and nothing else.
func TestRecipientsThatCannotBeReached(t *testing.T) {
	alone(t)
	t.Setenv("PATH", t.TempDir())
	_, recipient := newKey(t)
	rule := ruleOf(t, "age: "+recipient+"\n    pgp: FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4")
	_, err := Seal(context.Background(), []byte(secretDoc), rule, Options{})
	var l problem.List
	if !errors.As(err, &l) || len(l) != 1 || !strings.Contains(l[0].What, "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4") || !strings.HasPrefix(l[0].Next, "gpg ") {
		t.Errorf("%v", err)
	}
}
