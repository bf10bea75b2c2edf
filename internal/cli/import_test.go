package cli

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/credential"
)

// A release's values become an environment whose users log in with their old
// passwords and whose replicas take over uploads under way; no secret of theirs
// is in any file that is written, nor in any output.
func TestImport(t *testing.T) {
	e := newEnv(t, 0, 0)
	hash, err := credential.HashPassword(canary+"-alice", credential.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"S3KEY": canary + "-s3key", "S3ID": canary + "-s3id", "HASH": hash, "HTTP": "demoHttpSecret0123456789"}
	values := "USER-SUPPLIED VALUES:\nstorage: s3\ns3: {region: nyc3, regionEndpoint: nyc3.digitaloceanspaces.com, bucket: images}\nimage: {tag: 3.1.1}\nextraThing: {a: b}\n" +
		"ingress: {enabled: true, className: nginx, hosts: [registry.example.com], tls: [{secretName: t, hosts: [registry.example.com]}]}\n" +
		"secrets:\n  haSharedSecret: HTTP\n  htpasswd: |-\n    alice:HASH\n  s3: {accessKey: S3ID, secretKey: S3KEY}\n"
	for name, value := range secrets {
		values = strings.Replace(values, name, value, 1)
	}
	secretOf := func(name, namespace, key, value string) string {
		return "---\napiVersion: v1\nkind: Secret\nmetadata: {name: " + name + ", namespace: " + namespace + "}\ndata: {" + key + ": " + base64.StdEncoding.EncodeToString([]byte(value)) + "}\n"
	}
	login := func(user, password string) string {
		text, err := credential.DockerConfig("registry.example.com", user, password, "")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	outside := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": secretOf("regcred", "apps", ".dockerconfigjson", login("alice", canary+"-alice")), "b.yaml": secretOf("regcred", "jobs", ".dockerconfigjson", login("alice", canary+"-alice")),
		"c.yaml": secretOf("stale", "apps", ".dockerconfigjson", login("alice", canary+"-other")), "d.yaml": secretOf("docker-registry-secret", "registry", "haSharedSecret", secrets["HTTP"]),
	} {
		if err := os.WriteFile(filepath.Join(outside, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	values = strings.Replace(values, "  haSharedSecret: "+secrets["HTTP"]+"\n", "", 1) // it is in the Secret
	told := ""
	do := func(stdin string, args ...string) string {
		t.Helper()
		out, errs := way{args: args, stdin: stdin}.run(e)
		if strings.Contains(errs, "reggen: ") {
			t.Fatalf("%v:\n%s%s", args, out, errs)
		}
		if args[0] != "credential" {
			told += out + errs
		}
		return out
	}
	e.key("cluster")
	out := do(values, "import", "overlays/prod", "--values", "-", "--people", e.keys["people"], "--cluster", e.keys["cluster"],
		"--secret", filepath.Join(outside, "a.yaml"), "--secret", filepath.Join(outside, "b.yaml"), "--secret", filepath.Join(outside, "c.yaml")+","+filepath.Join(outside, "d.yaml"))
	if pulls := e.read("overlays/prod/registry/registry.yaml"); !strings.Contains(pulls, "regcred:\n      namespaces:\n      - apps\n      - jobs\n      user: alice\n") || strings.Contains(pulls, "stale") {
		t.Errorf("the pull secrets are\n%s", pulls)
	}
	if !strings.Contains(out, "Secret stale: logs in as a user whom the htpasswd does not have, or with another password") {
		t.Errorf("does not tell of the stale login:\n%s", out)
	}
	if !strings.Contains(out, "extraThing: is not carried over: the chart knows no such value") {
		t.Errorf("does not tell what was left:\n%s", out)
	}
	do("", "seal", "overlays/prod", "--accept-recipients", e.keys["people"], "--accept-recipients", e.keys["cluster"])
	do(canary+"-alice", "user", "verify", "alice", "--password-stdin", "--dir", "overlays/prod")
	for field, want := range map[string]string{"s3 secretKey": secrets["S3KEY"], "s3 accessKey": secrets["S3ID"], "machine httpSecret": secrets["HTTP"]} {
		name, key, _ := strings.Cut(field, " ")
		if got := do("", "credential", "show", name, "--field", key, "--secrets", "plain", "--dir", "overlays/prod"); strings.TrimSpace(got) != want {
			t.Errorf("%s is another", field)
		}
	}
	do("", "build", "overlays/prod")
	for path, text := range e.files() {
		told += path + text
	}
	for name, value := range secrets {
		if strings.Contains(told, value) || strings.Contains(told, base64.StdEncoding.EncodeToString([]byte(value))) {
			t.Errorf("%s is readable somewhere", name)
		}
	}
	// What is there already is not written over, and what is no values file quotes nothing.
	if _, errs := (way{args: []string{"import", "overlays/prod", "--values", "-"}, stdin: strings.Replace(values, "nyc3", "ams3", 2)}).run(e); !strings.Contains(errs, "is there already") {
		t.Errorf("a second import: %s", errs)
	}
	for _, text := range []string{"", "- " + canary, canary, "a: [" + canary, "a: &a [*a]"} {
		if out, errs := (way{args: []string{"import", "overlays/other", "--values", "-"}, stdin: text}).run(e); !strings.Contains(errs, "standard input") || strings.Contains(out+errs, canary) {
			t.Errorf("%q: %s%s", text, out, errs)
		}
	}
}
