package cli

import (
	"regexp"
	"strings"
	"testing"
)

var ciphertexts = regexp.MustCompile(`ENC\[[^\]]*\]`)

// New data keys change every ciphertext of every file, and nothing that a
// cluster or a person could tell.
func TestRotateKeys(t *testing.T) {
	e := newEnv(t, 1, 3)
	e.ok("seal", "overlays/e0")
	plain, rolled, before := e.ok("build", "--secrets", "plain", "overlays/e0"), podTemplate(t, e), e.files()
	e.ok("seal", "--rotate-keys", "overlays/e0")
	n := 0
	for name, text := range e.files() {
		for _, c := range ciphertexts.FindAllString(before[name], -1) {
			n++
			if strings.Contains(text, c) {
				t.Errorf("%s: a ciphertext is still there", name)
			}
		}
	}
	if n < 25 {
		t.Errorf("only %d ciphertexts were looked for", n)
	}
	if got := e.ok("build", "--secrets", "plain", "overlays/e0"); got != plain {
		t.Error("a value changed")
	}
	if podTemplate(t, e) != rolled {
		t.Error("the pods roll")
	}
	e.ok("seal", "--check", "overlays/e0")
	e.ok("check", "overlays/e0")
	before = e.files()
	e.ok("seal", "overlays/e0")
	if got := changedFiles(before, e.files()); len(got) > 0 {
		t.Errorf("the next seal changed %v", got)
	}

	t.Setenv("SOPS_AGE_KEY_FILE", "")
	_, errs, code := run(t, e.dir, "seal", "--rotate-keys", "overlays/e0")
	if code != 1 || !strings.Contains(errs, "no key at hand opens it") {
		t.Errorf("without a key: exit %d\n%s", code, errs)
	}
	if got := changedFiles(before, e.files()); len(got) > 0 {
		t.Errorf("without a key it changed %v", got)
	}
}

// A credential that two environments share gets one new data key a run, or the
// second environment would make the first stale.
func TestRotateKeysOfSharedCredentials(t *testing.T) {
	e := newEnv(t, 2, 1)
	e.write(".sops.yaml", "creation_rules:\n  - path_regex: ^shared/\n    age: "+e.keys["people"]+"\n"+strings.TrimPrefix(e.read(".sops.yaml"), "creation_rules:\n"))
	for _, i := range []string{"0", "1"} {
		spec := "overlays/e" + i + "/registry/registry.yaml"
		e.write(spec, e.read(spec)+"  secrets: {credentials: [credentials, ../../shared]}\n")
	}
	e.ok("user", "add", "ci", "--generate", "--dir", "overlays/e0")
	e.write("shared/ci.enc.yaml", e.read("overlays/e0/credentials/ci.enc.yaml"))
	e.remove("overlays/e0/credentials/ci.enc.yaml")
	e.ok("seal", "overlays/e0", "overlays/e1")
	old := e.read("shared/ci.enc.yaml")
	e.ok("seal", "--rotate-keys", "overlays/e0", "overlays/e1")
	if e.read("shared/ci.enc.yaml") == old {
		t.Error("the shared credential kept its data key")
	}
	e.ok("build", "overlays/e0")
	e.ok("build", "overlays/e1")
}
