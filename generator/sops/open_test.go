package sops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/config"
	sopsyaml "github.com/getsops/sops/v3/stores/yaml"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/seen"
	"github.com/reggen/reggen/internal/needs"
)

var ciphertext = regexp.MustCompile(`data:[^,]+,`)

func TestTampering(t *testing.T) {
	identity, recipient := newKey(t)
	hold(t, identity)
	rule := ruleOf(t, "age: "+recipient)
	all := seal(t, secretDoc, rule, Options{})
	only := seal(t, secretDoc, rule, Options{MACOnlyEncrypted: true})
	line := func(text, key string) string {
		for _, l := range strings.Split(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(l), key+":") {
				return l + "\n"
			}
		}
		t.Fatalf("no line %s", key)
		return ""
	}
	cut := func(text, old, new string) string {
		if strings.Count(text, old) == 0 {
			t.Fatalf("nothing to replace")
		}
		return strings.Replace(text, old, new, 1)
	}
	a2, a10 := line(only, "a2"), line(only, "a10")
	for name, c := range map[string]struct {
		text string
		kind error
		path string
	}{
		"a byte of a ciphertext":     {cut(only, ciphertext.FindString(a2), "data:AAAA,"), ErrMAC, "data.a2"},
		"two values exchanged":       {cut(cut(only, a2, "  a2:"+a10[6:]), a10, "  a10:"+a2[5:]), ErrMAC, "data."},
		"a value removed":            {cut(only, a2, ""), ErrMAC, ""},
		"two lines exchanged":        {cut(cut(only, a2, ""), a10, a10+a2), ErrMAC, ""},
		"an empty value added":       {cut(only, "data:\n", "data:\n  zz: ''\n"), nil, ""},
		"plaintext added":            {cut(only, "data:\n", "data:\n  b: "+canary+"\n"), ErrFormat, "data.b"},
		"a number added":             {cut(only, "data:\n", "data:\n  b: 12\n"), ErrFormat, ""},
		"a name, all in the MAC":     {cut(all, "name: regcred", "name: other"), ErrMAC, ""},
		"a name, outside the MAC":    {cut(only, "name: regcred", "name: other"), nil, ""},
		"the MAC of another":         {cut(only, line(only, "mac"), line(all, "mac")), ErrMAC, ""},
		"the MAC removed":            {cut(only, line(only, "mac"), ""), ErrMAC, ""},
		"the MAC emptied":            {cut(only, line(only, "mac"), "  mac: ''\n"), ErrMAC, ""},
		"mac_only_encrypted added":   {cut(all, "  mac:", "  mac_only_encrypted: true\n  mac:"), ErrMAC, ""},
		"mac_only_encrypted removed": {cut(only, "  mac_only_encrypted: true\n", ""), ErrMAC, ""},
		"lastmodified changed":       {cut(only, line(only, "lastmodified"), "  lastmodified: \"2001-01-01T00:00:00Z\"\n"), ErrMAC, ""},
		"lastmodified broken":        {cut(only, line(only, "lastmodified"), "  lastmodified: "+canary+"\n"), ErrFormat, "sops"},
		"recipients removed":         {only[:strings.Index(only, "  age:")] + only[strings.Index(only, "  encrypted_regex:"):], ErrFormat, "sops"},
		"encrypted_regex removed":    {cut(only, line(only, "encrypted_regex"), ""), ErrFormat, ""},
		"not encrypted":              {secretDoc, ErrFormat, ""},
		"a conflict":                 {cut(only, "data:\n", "data:\n<<<<<<< HEAD\n"), ErrFormat, ""},
		"not YAML":                   {"{" + canary, ErrFormat, ""},
		"two documents":              {only + "---\na: " + canary + "\n", ErrFormat, ""},
		"sops is a string":           {"a: b\nsops: " + canary + "\n", ErrFormat, "sops"},
		"an enc that is none":        {cut(only, "-----BEGIN AGE", canary), ErrNoKey, ""},
	} {
		f, err := Open(context.Background(), []byte(c.text), Keys{})
		var p problem.Problem
		switch {
		case c.kind == nil && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.kind == nil:
		case !errors.Is(err, c.kind) || f != nil:
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		case !errors.As(err, &p) || !strings.HasPrefix(p.Path, c.path):
			t.Errorf("%s: names %q, want %q", name, p.Path, c.path)
		case strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, p), canary):
			t.Errorf("%s: the error quotes the input", name)
		}
	}
}

func TestNoKey(t *testing.T) {
	_, r1 := newKey(t)
	other, _ := newKey(t)
	rule := ruleOf(t, "age: "+r1)
	text := seal(t, secretDoc, rule, Options{})
	places := map[string]func(){
		"nothing at all":    func() { alone(t) },
		"another key":       func() { hold(t, other) },
		"no key file":       func() { alone(t); t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(t.TempDir(), "none")) },
		"a broken key":      func() { alone(t); t.Setenv("SOPS_AGE_KEY", "AGE-SECRET-KEY-1"+canary) },
		"a failing command": func() { alone(t); t.Setenv("SOPS_AGE_KEY_CMD", "false "+canary) },
		"an encrypted key": func() {
			hold(t, "-----BEGIN AGE ENCRYPTED FILE-----\n"+canary+"\n")
		},
	}
	for name, prepare := range places {
		prepare()
		f, err := Open(context.Background(), []byte(text), Keys{})
		var p problem.Problem
		if f != nil || !errors.Is(err, ErrNoKey) || !errors.As(err, &p) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(p.Want, r1) || !strings.Contains(p.Next, "SOPS_AGE_KEY_FILE (") || !strings.Contains(p.Next, "sops/age/keys.txt") {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "SECRET-KEY-1") {
			t.Errorf("%s: the error quotes a key", name)
		}
	}
}

// The key is found in every place that needs no passphrase, as SOPS does it.
func TestKeyPlaces(t *testing.T) {
	identity, recipient := newKey(t)
	text := seal(t, secretDoc, ruleOf(t, "age: "+recipient), Options{})
	write := func(path, data string) string {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	_, comment, _ := strings.Cut(identity, "\n")
	_, bare, _ := strings.Cut(comment, "\n")
	for name, prepare := range map[string]func(){
		"SOPS_AGE_KEY":      func() { t.Setenv("SOPS_AGE_KEY", identity) },
		"two on a line":     func() { t.Setenv("SOPS_AGE_KEY", strings.Repeat(strings.TrimSpace(bare)+" ", 2)) },
		"SOPS_AGE_KEY_CMD":  func() { t.Setenv("SOPS_AGE_KEY_CMD", "cat "+write(filepath.Join(t.TempDir(), "k"), identity)) },
		"SOPS_AGE_KEY_FILE": func() { t.Setenv("SOPS_AGE_KEY_FILE", write(filepath.Join(t.TempDir(), "k"), identity)) },
		"the user's file":   func() { write(userKeys(), identity) },
		"beside a broken one": func() {
			write(userKeys(), identity)
			t.Setenv("SOPS_AGE_KEY", "broken")
		},
	} {
		if name == "SOPS_AGE_KEY_CMD" && runtime.GOOS == "windows" {
			continue // SOPS reads its backslashes as escapes, and there is no cat
		}
		alone(t)
		prepare()
		for _, somebody := range []bool{false, true} {
			interactive = func() bool { return somebody }
			if _, err := Open(context.Background(), []byte(text), Keys{}); err != nil {
				t.Errorf("%s, somebody at the terminal %v: %v", name, somebody, err)
			}
		}
		interactive = func() bool { return false }
	}
}

// A file that was inspected before is opened as one that was not, or says as well
// that no key is at hand; and what was read of it is nobody's to change.
func TestOpenWhatWasInspected(t *testing.T) {
	identity, r1 := newKey(t)
	_, r2 := newKey(t)
	hold(t, identity)
	rule := ruleOf(t, "age: "+r1)
	text := seal(t, secretDoc, rule, Options{})
	plain := string(open(t, text).Plain())
	before, err := Inspect([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			f, err := Open(context.Background(), []byte(text), Keys{})
			if err != nil || string(f.Plain()) != plain {
				t.Errorf("opened otherwise: %v", err)
				return
			}
			if _, err := Seal(context.Background(), f.Plain(), ruleOf(t, "age: '"+r1+","+r2+"'"), Options{Reuse: f}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if after, err := Inspect([]byte(text)); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("it was %+v, and is %+v, %v", before, after, err)
	}
	alone(t)
	if f, err := Open(context.Background(), []byte(text), Keys{}); f != nil || !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), r1) {
		t.Errorf("without a key: %v", err)
	}
}

// Work on many environments reads a key file once, and other work looks anew.
func TestKeyFilesAreReadOnce(t *testing.T) {
	identity, recipient := newKey(t)
	text := seal(t, secretDoc, ruleOf(t, "age: "+recipient), Options{})
	alone(t)
	path := filepath.Join(t.TempDir(), "k")
	if err := os.WriteFile(path, []byte(identity), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOPS_AGE_KEY_FILE", path)
	opens := func() bool {
		_, err := Open(context.Background(), []byte(text), Keys{})
		return err == nil
	}
	forget := seen.Remember()
	if !opens() {
		t.Fatal("the key doesn't open it")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !opens() {
		t.Error("the key was read again")
	}
	if forget(); opens() {
		t.Error("other work still had the key")
	}
}

// A key that can be read once, as bash's <(...) gives it, opens all files, whoever
// comes first.
func TestAKeyFromAPipe(t *testing.T) {
	needs.Unix(t, needs.Pipes)
	identity, recipient := newKey(t)
	text := seal(t, secretDoc, ruleOf(t, "age: "+recipient), Options{})
	alone(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := w.WriteString(identity); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOPS_AGE_KEY_FILE", fmt.Sprintf("/dev/fd/%d", r.Fd()))
	defer seen.Remember()()
	var all sync.WaitGroup
	start := make(chan bool)
	for range 32 {
		all.Go(func() {
			<-start
			if _, err := Open(context.Background(), []byte(text), Keys{}); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	all.Wait()
}

func TestNobodyIsAtTheNullDevice(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	pipe, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	defer func() { os.Stdin = stdin; _, _, _ = null.Close(), pipe.Close(), w.Close() }()
	for _, f := range []*os.File{null, pipe} {
		if os.Stdin = f; terminal() {
			t.Errorf("%s is taken for a terminal", f.Name())
		}
	}
}

// Without an age recipient no age key helps.
func TestNoKeyOfAnotherKind(t *testing.T) {
	alone(t)
	const arn = "arn:aws:kms:us-east-1:656532927350:key/920aff2e-c5f1-4040-943a-047fa387b27e"
	err := newService(context.Background(), false).noKey(Metadata{Readers: rules.ReadersOf([][]string{{arn}}, 0)}, Keys{}, false)
	if !strings.Contains(err.Error(), arn) || strings.Contains(err.Error(), "keys.txt") || !strings.Contains(err.Error(), "cloud credentials") {
		t.Errorf("%v", err)
	}
}

func TestAnEndedContextEndsTheWait(t *testing.T) {
	needs.Unix(t, needs.Scripts)
	identity, recipient := newKey(t)
	text := seal(t, secretDoc, ruleOf(t, "age: "+recipient), Options{})
	alone(t)
	t.Setenv("SOPS_AGE_KEY_CMD", "sleep 20")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := Open(ctx, []byte(text), Keys{})
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrNoKey) || time.Since(start) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
	t.Setenv("SOPS_AGE_KEY", identity)
	ended, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Open(ended, []byte(text), Keys{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestStringsAndPrinting(t *testing.T) {
	identity, recipient := newKey(t)
	hold(t, identity)
	rule := ruleOf(t, "age: "+recipient)
	text := sealRaw(t, "stringData: {pin: 1234, pass: "+canary+"}\ndata: ["+canary+"]\n", rule)
	f := open(t, text)
	for _, field := range []string{"stringData", "data"} {
		if _, err := f.Strings(field); err == nil || strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "1234") {
			t.Errorf("%s: %v", field, err)
		}
	}
	if m, err := f.Strings("missing"); err != nil || len(m) != 0 {
		t.Errorf("%v, %v", m, err)
	}
	js, _ := json.Marshal(map[string]any{"file": f})
	for _, s := range []string{fmt.Sprint(f), fmt.Sprintf("%+v %#v %s %q %x", f, f, f, f, *f), string(js)} {
		if strings.Contains(s, canary) {
			t.Error("a File prints what is in it")
		}
	}
}

// sealRaw encrypts what Seal refuses.
func sealRaw(t *testing.T, doc string, rule *rules.Rule) string {
	t.Helper()
	branch, err := parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := encrypt(context.Background(), branch, rule, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The conversion between YAML and SOPS's tree is that of SOPS's own store.
func TestTreeIsThatOfSOPS(t *testing.T) {
	store := sopsyaml.NewStore(&config.YAMLStoreConfig{Indent: 2})
	for name, doc := range map[string]string{
		"plain":       "a: b\nc: 1\nd: [1, 2.5, true, null, x]\n",
		"head":        "# one\n# two\na: b\n",
		"blank line":  "# one\n\n# two\na: b\n\n# three\nc: d\n",
		"inline":      "a: b # here\nc: # there\n  d: e\n",
		"foot":        "a: b\nc: d\n# end\n",
		"nested":      "a:\n  # in\n  b: c # x\n  # out\nd:\n  - e # y\n  # z\n  - f\n  # last\n",
		"alias":       "a: &a {b: c}\nd: *a\ne: [*a, &f g, *f]\n",
		"types":       "a: 2001-12-14\nb: 0x10\nc: 1e3\nd: ~\ne: 'on'\nf: on\n",
		"block":       "a: |\n  one\n  # two\nb: >-\n  three\n  four\n",
		"empty":       "a: {}\nb: []\nc: ''\n",
		"only notes":  "a:\n  # nothing\n  b: []\n",
		"quoted keys": "\"1\": a\n'true': b\n",
	} {
		want, err := store.LoadPlainFile([]byte(doc))
		if err != nil {
			t.Fatal(name)
		}
		got, err := parse([]byte(doc))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.EqualFunc([]sops.TreeBranch(want), []sops.TreeBranch{got}, func(a, b sops.TreeBranch) bool { return fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b) }) {
			t.Errorf("%s: the tree is\n%#v, SOPS's is\n%#v", name, got, want)
		}
		text, err := emit(got)
		wantText, werr := store.EmitPlainFile(want)
		if err != nil || werr != nil || string(text) != string(wantText) {
			t.Errorf("%s: written as\n%s, by SOPS as\n%s", name, text, wantText)
		}
	}
}
