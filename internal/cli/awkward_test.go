package cli

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/seal"
)

// awkward are texts that some format on the way could mangle.
var awkward = []string{
	"true", "no", "0755", "1e3", "~", "null", "{{ .Values }}", "{{", "$2y$05$x", "$HOME ${HOME} %s", `"'` + "`\\", "#abc", "abc #def",
	"- x", "a: b", "[", "ü-密码-🔑", " edge ", "\ttab", "a\u2028b", "a\x7fb\u0085", "ENC[x]", "|", ">", "!tag", "&a *a", "---", "%YAML", "<no value>",
	"<>&", strings.Repeat("x", 72),
}

// random texts of every kind of character.
func randomText(r *rand.Rand, most int) string {
	kinds := []func() rune{
		func() rune { return rune(' ' + r.IntN(95)) },
		func() rune { return rune(0xa1 + r.IntN(0x300)) },
		func() rune { return rune(0x4e00 + r.IntN(0x100)) },
		func() rune { return []rune("{}[]#:'\"\\$%&*!|>-~`@")[r.IntN(20)] },
	}
	var b strings.Builder
	for b.Len() < 1+r.IntN(most) {
		c := kinds[r.IntN(len(kinds))]()
		if b.Len()+len(string(c)) > most {
			break
		}
		b.WriteRune(c)
	}
	if b.Len() == 0 {
		return "x"
	}
	return b.String()
}

// TestAwkwardTextsArriveExactly: from the credential to the decrypted Secret
// to what the registry and the kubelet read, byte for byte.
func TestAwkwardTextsArriveExactly(t *testing.T) {
	seed := uint64(os.Getpid())
	r := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	e := newEnv(t, 1, 1)
	passwords := map[string]string{"puller": canary}
	add := func(i int, user, password string) {
		if credential.CheckUser(user) != "" {
			user = "user" + fmt.Sprint(i)
		}
		for other := range passwords {
			if strings.EqualFold(other, user) {
				user += fmt.Sprint(i)
			}
		}
		passwords[user] = password
		e.credential(0, fmt.Sprintf("w%02d", i), credential.Document{Type: credential.User, User: user, Cost: credential.MinCost, StringData: map[string]string{"password": password}})
	}
	for i, text := range awkward {
		add(i, text, text)
	}
	for i := range 30 {
		add(len(awkward)+i, randomText(r, 40), randomText(r, credential.MaxPassword))
	}
	// A pull secret of each: the spec names them quoted.
	pulls := map[string]any{}
	n := 0
	names := map[string]string{}
	for user := range passwords {
		name := fmt.Sprintf("pull%d", n)
		names[name] = user
		pulls[name] = map[string]any{"user": user}
		n++
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "reggen.dev/v1alpha1", "kind": "Registry", "metadata": map[string]any{"name": "docker-registry", "namespace": "registry"},
		"spec": map[string]any{"pullSecrets": pulls},
	})
	if err != nil {
		t.Fatal(err)
	}
	e.write("bases/registry/registry.yaml", string(text))
	for _, keys := range [][2]string{{"0012345", "#abc"}, {"~", "{{ }}"}, {"1e3", "a'b\"c\\"}, {"true", "$2y$ %"}} {
		e.credential(0, "s3", credential.Document{Type: credential.S3, StringData: map[string]string{"accessKey": keys[0], "secretKey": keys[1]}})
		e.ok("seal", "overlays/e0")
		got := opened(t, e)
		if a := got["docker-registry-s3"]["s3AccessKey"]; a != keys[0] {
			t.Errorf("the access key arrives changed: %q", a)
		}
		if a := got["docker-registry-s3"]["s3SecretKey"]; a != keys[1] {
			t.Errorf("the secret key arrives changed: %q", a)
		}
	}
	got := opened(t, e)
	for user, password := range passwords {
		if _, ok := seal.Proves("htpasswd", got["docker-registry-htpasswd"]["htpasswd"], user, password); !ok {
			t.Errorf("user %q is not in the htpasswd file", user)
		} else if ok, _ := seal.Proves("htpasswd", got["docker-registry-htpasswd"]["htpasswd"], user, password); !ok {
			t.Errorf("the password of user %q arrives changed", user)
		}
	}
	for name, user := range names {
		login, err := credential.ReadDockerConfig([]byte(got[name][".dockerconfigjson"]))
		if err != nil || login.User != user || login.Password != passwords[user] || login.Server != "r0.example.com" {
			t.Errorf("the pull secret of user %q arrives changed: %v", user, err)
		}
	}
	// The registry reads REGISTRY_HTTP_SECRET as YAML.
	http := got["docker-registry-http"]["haSharedSecret"]
	var read any
	if err := yaml.Unmarshal([]byte(http), &read); err != nil || read != http {
		t.Error("the http secret is another one after the registry's YAML parser")
	}
}

// opened is what the sealed files hold: Secret -> key -> text.
func opened(t *testing.T, e *testEnv) map[string]map[string]string {
	t.Helper()
	files, err := filepath.Glob(e.path("overlays/e0/sealed/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		data, err := newWorld(repository.Repository{}).Keys.OpenSealed(t.Context(), f, raw)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		out[name] = map[string]string{}
		for k, v := range data {
			text, err := base64.StdEncoding.DecodeString(v)
			if err != nil {
				t.Fatalf("%s/%s is not base64", name, k)
			}
			out[name][k] = string(text)
		}
	}
	return out
}

// What a format can't hold is refused at the door, and only that.
func TestWhatNoFormatHoldsIsRefused(t *testing.T) {
	e := newEnv(t, 1, 1)
	for i, c := range []struct {
		args  []string
		stdin string
		want  string
	}{
		{[]string{"user", "add", "a:b", "--password-stdin"}, "x", "colon"},
		{[]string{"user", "add", "a\nb", "--password-stdin"}, "x", "newline"},
		{[]string{"user", "add", "#a", "--password-stdin"}, "x", "comment"},
		{[]string{"user", "add", "a", "--password-stdin"}, "x\ny", "newline"},
		{[]string{"user", "add", "a", "--password-stdin"}, strings.Repeat("x", 73), "73 bytes"},
		{[]string{"user", "add", "a", "--password-stdin"}, strings.Repeat("ü", 37), "74 bytes"},
		{[]string{"credential", "set", "s3", "--field", "accessKey", "--stdin"}, "a\nb", "newline"},
	} {
		before := e.files()
		_, errs, code := runWith(t, e.dir, c.stdin, c.args...)
		if code == 0 || !strings.Contains(errs, c.want) {
			t.Errorf("%d %q: exit %d, %s", i, c.args, code, errs)
		}
		if changed := changedFiles(before, e.files()); len(changed) > 0 {
			t.Errorf("%q changed %v", c.args, changed)
		}
	}
	_, errs, code := runWith(t, e.dir, strings.Repeat("x", 72), "user", "add", "a", "--password-stdin")
	if code != 0 {
		t.Errorf("72 bytes are refused: %s", errs)
	}
	// A secret that the registry's YAML parser would change is refused even
	// when an editor wrote it.
	e.ok("seal", "overlays/e0")
	e.credential(0, "machine", credential.Document{Type: credential.Machine, StringData: map[string]string{"httpSecret": "#abc", "seed": "s"}})
	if _, errs, code := run(t, e.dir, "seal", "overlays/e0"); code == 0 || !strings.Contains(errs, "parses it as YAML") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
