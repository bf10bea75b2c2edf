package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var record = flag.Bool("record", false, "record testdata/dockerconfig anew with this machine's kubectl")

// login is one case of a pull secret; the awkward ones are those that YAML,
// JSON, HTML escaping or a shell would mangle.
type login struct{ Server, User, Password, Email string }

var logins = []login{
	{"registry.example.com", "puller", "correct horse battery staple", ""},
	{"registry.example.com:5000", "alice@example.com", `<a href="x">&amp;</a>`, "alice@example.com"},
	{"registry.example.com/team", "true", "0755", ""},
	{"registry.example.com", "null", "1e3", ""},
	{"registry.example.com", "~", "~", ""},
	{"registry.example.com", "quotes", `"'` + "`" + `\`, ""},
	{"registry.example.com", "hash", "abc #def", ""},
	{"registry.example.com", "template", "{{ .Values }} ${HOME} $2y$05$ %s", ""},
	{"registry.example.com", "colon", "a:b:c", ""},
	{"registry.example.com", "blanks", " leading and trailing ", ""},
	{"registry.example.com", "tab", "a\tb", ""},
	{"registry.example.com", "Ünïcode-使用者", "pässwörd-密码-🔑", ""},
	{"registry.example.com", "separators", "a\u2028b\u2029c", ""},
	{"registry.example.com", "delete", "a\x7fb\u0085c", ""},
	{"registry.example.com", "seventy-two", strings.Repeat("0123456789ab", 6), ""},
	{"registry.example.com", "with space", "- [not, a] {list: yes}", ""},
}

func file(i int) string       { return fmt.Sprintf("user-%02d", i) }
func secretName(i int) string { return fmt.Sprintf("pull-%02d", i) }
func fixturePath(i int) string {
	return filepath.Join("testdata", "dockerconfig", secretName(i)+".json")
}

// Point 4: the docker config of a pull secret has the bytes that kubectl
// create secret docker-registry writes. The fixtures were recorded with
// kubectl 1.32.4 (-record); where there is a kubectl, it is asked too.
func TestDockerConfigIsKubectls(t *testing.T) {
	e := newEnvironment(t, pullsOf(logins))
	e.s3("AKIA0012345", "secret")
	for i, c := range logins {
		e.user(file(i), c.User, c.Password, 5)
	}
	e.reggen("seal", "env")
	got := e.payloads("env")
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Log("no kubectl on this machine: compared with the recorded fixtures only")
	}
	for i, c := range logins {
		t.Run(c.User, func(t *testing.T) {
			if kubectl != "" {
				live := ask(t, e.project, kubectl, c)
				if *record {
					must(t, os.MkdirAll(filepath.Dir(fixturePath(i)), 0o755))
					must(t, os.WriteFile(fixturePath(i), live, 0o644))
				}
				compare(t, "kubectl", got[secretName(i)][".dockerconfigjson"], live)
			}
			fixture, err := os.ReadFile(fixturePath(i))
			must(t, err)
			compare(t, fixturePath(i), got[secretName(i)][".dockerconfigjson"], fixture)
		})
	}
	if recorded, _ := filepath.Glob("testdata/dockerconfig/*.json"); len(recorded) != len(logins) {
		t.Errorf("%d fixtures for %d cases", len(recorded), len(logins))
	}
}

func pullsOf(logins []login) map[string]pull {
	out := map[string]pull{}
	for i, c := range logins {
		out[secretName(i)] = pull{User: c.User, Server: c.Server, Email: c.Email}
	}
	return out
}

// ask has kubectl make the docker config.
func ask(t *testing.T, p *project, kubectl string, c login) []byte {
	t.Helper()
	args := []string{"create", "secret", "docker-registry", "x", "--dry-run=client", "-o", "json",
		"--docker-server=" + c.Server, "--docker-username=" + c.User, "--docker-password=" + c.Password}
	if c.Email != "" {
		args = append(args, "--docker-email="+c.Email)
	}
	var secret map[string]any
	must(t, json.Unmarshal(p.ok("", kubectl, args...), &secret))
	return []byte(decode(t, secret)[".dockerconfigjson"])
}

// compare quotes both sides: the passwords of this test are no secrets.
func compare(t *testing.T, what, got string, want []byte) {
	t.Helper()
	if !bytes.Equal([]byte(got), want) {
		t.Errorf("%s:\n got: %s\nwant: %s", what, got, want)
	}
}
