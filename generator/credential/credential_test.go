package credential

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/spec"
)

const enc = "ENC[AES256_GCM,data:AAAA,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]"

// block is what makes a document look encrypted.
const block = "sops:\n  mac: " + enc + "\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  version: 3.13.3\n"

func file(body string) string {
	return "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\n" + body + block
}

func TestParseReadsThePublicSide(t *testing.T) {
	p, err := Parse("a.yaml", []byte(file("metadata: {name: alice}\ntype: user\nuser: Alice\ncost: 10\nstringData:\n  password: "+enc+"\n  hash: "+enc+"\n")))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "alice" || p.User != "Alice" || p.Cost != 10 || !p.Has(Password) || p.Has(HashedFrom) {
		t.Errorf("got %+v", p)
	}
}

func TestParseRefuses(t *testing.T) {
	user := "metadata: {name: a}\ntype: user\n"
	for name, c := range map[string]struct{ in, want string }{
		"readable":       {file(user + "stringData:\n  password: canary-1\n"), `a.yaml:6: stringData.password: is readable: not encrypted` + "\n  next: encrypt it in place: sops --encrypt --in-place a.yaml\n        and take this value for leaked if it was ever committed"},
		"empty":          {file(user + "stringData:\n  password: \"\"\n"), `a.yaml:6: stringData.password: is empty`},
		"unknown":        {file(user + "stringData:\n  passwort: " + enc + "\n  hash: " + enc + "\n"), `a.yaml:6: stringData.passwort: unknown field; expected password, hash or hashOf; did you mean "password"?`},
		"neither":        {file(user + "stringData:\n  hashOf: " + enc + "\n"), `a.yaml:6: stringData: has neither a password nor a hash`},
		"no data":        {file(user), `a.yaml:1: stringData: is missing`},
		"twice":          {file(user + "stringData:\n  password: " + enc + "\n  password: " + enc + "\n"), `a.yaml:7: stringData.password: stands there twice`},
		"type":           {file("metadata: {name: a}\ntype: robot\nstringData: {}\n"), `a.yaml:4: type: is not a type of credential; expected user, s3, azure, gcs, swift, proxy, config, generic or machine`},
		"s3 half":        {file("metadata: {name: a}\ntype: s3\nstringData:\n  accessKey: " + enc + "\n"), `a.yaml:6: stringData.secretKey: is missing`},
		"config, a typo": {file("metadata: {name: a}\ntype: config\nstringData:\n  password: " + enc + "\n"), "a.yaml:6: stringData.password: is no field of a config credential\n  next: write a variable of the registry, or notifications.<endpoint>.<header>"},
		"config, empty":  {file("metadata: {name: a}\ntype: config\nstringData: {}\n"), "a.yaml:5: stringData: is empty"},
		"kind":           {"apiVersion: v1\nkind: Secret\nsops: {a: b}\n", `a.yaml:1: is not a RegistryCredential of reggen.dev/v1alpha1`},
		"not yaml":       {"a: [canary-1", `a.yaml: not a YAML mapping; expected a RegistryCredential encrypted with SOPS`},
		"conflict":       {"a: b\n<<<<<<< ours\nc: d\n", "a.yaml: holds the markers of an unfinished git merge\n  next: take one side whole (git checkout --ours or --theirs), then run reggen seal"},
		"user bool":      {file("user: true\n" + user + "stringData:\n  hash: " + enc + "\n"), `a.yaml:3: user: is not text; put it in quotes`},
		"colon":          {file("user: \"a:b\"\n" + user + "stringData:\n  hash: " + enc + "\n"), `a.yaml:1: user: the user name has a colon, which ends a name in htpasswd and in HTTP basic authentication`},
		"cost":           {file("cost: 31\n" + user + "stringData:\n  hash: " + enc + "\n"), `a.yaml:3: cost: is outside 5 to 12`},
		"no name":        {file("metadata: {labels: {}}\ntype: user\nstringData:\n  hash: " + enc + "\n"), `a.yaml:3: metadata.name: is missing`},
		"top":            {file(user + "userz: x\nstringData:\n  hash: " + enc + "\n"), `a.yaml:5: userz: unknown field; expected apiVersion, kind, metadata, type, user, cost or stringData; did you mean "user"?`},
		"plain file": {strings.TrimSuffix(file(user+"stringData:\n  hash: "+enc+"\n"), block),
			"a.yaml:1: is not encrypted: it has no sops block\n  next: encrypt it in place: sops --encrypt --in-place a.yaml\n        and take what was readable for leaked if it was ever committed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("a.yaml", []byte(c.in))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file("metadata: {name: a}\ntype: user\nstringData:\n  password: " + enc + "\n"))
	f.Add("stringData: {password: canary}")
	f.Fuzz(func(t *testing.T, in string) {
		p, err := Parse("f", []byte(in))
		if err != nil {
			return
		}
		for k, v := range p.Fields {
			if !strings.HasPrefix(v, "ENC[") {
				t.Errorf("field %s of an accepted file is readable", k)
			}
		}
	})
}

func TestCollectRefusesClashes(t *testing.T) {
	u := func(file, name, user string) Public { return Public{File: file, Name: name, Type: User, User: user} }
	for name, c := range map[string]struct {
		in   []Public
		want string
	}{
		"same name":  {[]Public{u("a", "x", "x"), u("b", "x", "y")}, `b: metadata.name: "x" is also the name of a`},
		"same user":  {[]Public{u("a", "x", "x"), u("b", "y", "x")}, `b: user: user "x" is also in a`},
		"case":       {[]Public{u("a", "x", "X"), u("b", "y", "x")}, `b: user: user "x" differs only in case from "X" in a`},
		"second s3":  {[]Public{{File: "a", Name: "p", Type: S3}, {File: "b", Name: "q", Type: S3}}, `b: is a second s3 credential beside a`},
		"no problem": {[]Public{u("a", "x", "x"), u("b", "y", "y")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Collect(c.in)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

var awkward = []string{
	"true", "0755", "1e3", "~", "null", "{{ }}", "{{ .Values }}", "$2y$10$abc", `"quoted"`, `it's`, "a#b", "#a", "ü—日本", " spaced ", "<&>",
	"a: b", "- a", "|", "%", "\t", "\u2028", strings.Repeat("x", 72), `\n`, "yes", "0x1F", "1_000", "2001-01-01", "!!str x", "*a", "&a",
}

func TestAwkwardPasswordsSurviveHashAndDockerConfig(t *testing.T) {
	for _, pw := range awkward {
		t.Run(fmt.Sprintf("%q", pw), func(t *testing.T) {
			hash, err := HashPassword(pw, MinCost)
			if err != nil {
				t.Fatal(err)
			}
			if !Verify(hash, pw) || Verify(hash, pw+"x") {
				t.Error("the hash does not tell this password from another")
			}
			if cost, what := CheckHash(hash); cost != MinCost || what != "" {
				t.Errorf("CheckHash: %d %s", cost, what)
			}
			config, err := DockerConfig("h:5000", "u", pw, "")
			if err != nil {
				t.Fatal(err)
			}
			login, err := ReadDockerConfig(config)
			if err != nil || login != (Login{"h:5000", "u", pw, ""}) {
				t.Errorf("docker config does not read back: %v", err)
			}
		})
	}
}

func TestPasswordsThatTheFormatCantHoldAreRefused(t *testing.T) {
	for pw, want := range map[string]string{
		"":                      "the password is empty",
		strings.Repeat("x", 73): "the password has 73 bytes; bcrypt takes at most 72",
		"a\nb":                  "the password has a newline, which no login prompt can send",
		"a\x00b":                "the password has a NUL byte, at which other bcrypt implementations stop reading",
		"a\xff":                 "the password is not UTF-8, which the docker config's JSON can't hold",
	} {
		if got := CheckPassword(pw); got != want {
			t.Errorf("%q: got %q", pw, got)
		}
		if _, err := HashPassword(pw, MinCost); err == nil {
			t.Errorf("%q was hashed", pw)
		}
	}
}

func TestUserNames(t *testing.T) {
	for _, ok := range []string{"alice", "true", "0755", "1e3", "~", "{{ }}", "$2y$", `"q"`, "ü", "a#b", "a b", "a@b.c"} {
		if what := CheckUser(ok); what != "" {
			t.Errorf("%q refused: %s", ok, what)
		}
	}
	for _, bad := range []string{"", "a:b", "a\nb", " a", "a ", "#a", "a\rb", "\xff", strings.Repeat("x", 129)} {
		if CheckUser(bad) == "" {
			t.Errorf("%q accepted", bad)
		}
	}
}

// The bytes are those of kubectl 1.32: create secret docker-registry.
func TestDockerConfigIsKubectlsBytes(t *testing.T) {
	got, err := DockerConfig("registry.example.com", "puller", `p<&>"ü`, "")
	if err != nil {
		t.Fatal(err)
	}
	auth := base64.StdEncoding.EncodeToString([]byte(`puller:p<&>"ü`))
	want := `{"auths":{"registry.example.com":{"username":"puller","password":"p\u003c\u0026\u003e\"ü","auth":"` + auth + `"}}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReadDockerConfigRefusesWhatDisagrees(t *testing.T) {
	for _, bad := range []string{`{}`, `{"auths":{}}`, `{"auths":{"a":{"username":"u","password":"p","auth":"eDp5"}}}`, `[]`, `{"auths":{"a":{"x":1}}}`} {
		if _, err := ReadDockerConfig([]byte(bad)); err == nil {
			t.Errorf("%s accepted", bad)
		}
	}
}

func TestHashOfDependsOnEveryPart(t *testing.T) {
	base := HashOf("u", 10, "p", "h")
	for i, other := range []string{HashOf("v", 10, "p", "h"), HashOf("u", 11, "p", "h"), HashOf("u", 10, "q", "h"), HashOf("u", 10, "p", "i"), HashOf("u1", 0, "p", "h")} {
		if other == base {
			t.Errorf("part %d does not count", i)
		}
	}
}

func TestGenerate(t *testing.T) {
	seen := map[string]bool{}
	for i := range 50 {
		s, err := Generate(bytes.NewReader(bytes.Repeat([]byte{byte(i * 7), byte(i), 3, 99}, 200)), 43)
		if err != nil {
			t.Fatal(err)
		}
		if len(s) != 43 || s[0] < 'A' || strings.Trim(s, alphanumeric) != "" {
			t.Errorf("%q is not 43 letters and digits that start with a letter", s)
		}
		seen[s] = true
	}
	if len(seen) < 40 {
		t.Errorf("only %d different values of 50", len(seen))
	}
	if _, err := Generate(bytes.NewReader(nil), 8); err == nil {
		t.Error("no error without randomness")
	}
}

func TestKindsAgreeWithTheSpec(t *testing.T) {
	if spec.KindCredential != "RegistryCredential" {
		t.Error("the tests' documents are of another kind")
	}
}

// FuzzReadDockerConfig: whatever is read back is written as the same bytes.
func FuzzReadDockerConfig(f *testing.F) {
	for _, c := range [][4]string{{"r.example.com", "u", "p", ""}, {"r:5000", "true", "<&>\u2028", "a@b"}, {"", "", "", ""}} {
		data, err := DockerConfig(c[0], c[1], c[2], c[3])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"auths":{"a":{"username":"u","auth":"dTpw"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		login, err := ReadDockerConfig(data)
		if err != nil {
			return
		}
		again, err := DockerConfig(login.Server, login.User, login.Password, login.Email)
		if err != nil {
			t.Fatal("what was read can't be written")
		}
		if back, err := ReadDockerConfig(again); err != nil || back != login {
			t.Error("what was written reads as another login")
		}
	})
}

// A text that was read before is read the same under another name, and what one
// reader does to the result no other one sees.
func TestParseAgain(t *testing.T) {
	data, err := os.ReadFile("../../overlays/staging/credentials/alice.enc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	first, err := Parse("a.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.File, want.Fields, want.Notes = "b.yaml", maps.Clone(first.Fields), maps.Clone(first.Notes)
	clear(first.Fields)
	clear(first.Notes)
	if second, err := Parse("b.yaml", data); err != nil || !reflect.DeepEqual(second, want) {
		t.Errorf("%v\n%+v\nwant %+v", err, second, want)
	}
	if _, err := Parse("c.yaml", bytes.Replace(data, []byte("type: user"), []byte("type: usr"), 1)); err == nil || !strings.Contains(err.Error(), "c.yaml") {
		t.Errorf("another text has the result of the first: %v", err)
	}
}
