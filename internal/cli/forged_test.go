package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/credential"
)

// Whatever is sealed, check with a key finds another value in its place, though
// the record says that all is well.
func TestCheckFindsForgedSecrets(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	good := e.files()
	for name, c := range map[string]struct {
		forge func()
		file  string
		want  string
	}{
		"a storage's key": {func() {
			e.credential(0, "s3", credential.Document{Type: credential.S3, StringData: map[string]string{"accessKey": "0012345", "secretKey": "mallorys"}})
		}, "docker-registry-s3.yaml", "data[s3SecretKey]: holds other content than the credentials say"},
		"the http secret": {func() { e.ok("credential", "set", "machine", "--field", "httpSecret", "--generate") }, "docker-registry-http.yaml", "data[haSharedSecret]: holds other content"},
		"a pull password": {func() { e.user(0, "puller", "mallorys") }, "regcred.yaml", `data[.dockerconfigjson]: does not accept the password of user "puller"`},
		"a pull secret's user": {func() {
			e.user(0, "mallory", "mallorys")
			inSpecOf(e, "overlays/e0", "  pullSecrets: {regcred: {user: mallory}}\n")
		}, "regcred.yaml", `data[.dockerconfigjson]: is not the login of user "puller" at r0.example.com`},
		"a pull secret's server": {func() {
			inSpecOf(e, "overlays/e0", "  pullSecrets: {regcred: {server: evil.example.com}}\n")
		}, "regcred.yaml", `data[.dockerconfigjson]: is not the login of user "puller" at r0.example.com`},
	} {
		t.Run(name, func(t *testing.T) {
			file := "overlays/e0/sealed/" + c.file
			c.forge()
			e.ok("seal", "overlays/e0")
			forged := e.read(file)
			restore(t, e, good)
			e.write(file, withFactsOf(t, forged, good[file]))
			e.ok("build", "overlays/e0") // without a key the record is believed
			_, errs, code := run(t, e.dir, "check", "overlays/e0")
			if code != exitFail || !strings.Contains(errs, file+": "+c.want) || strings.Contains(errs, canary) {
				t.Errorf("exit %d, want %q\n%s", code, c.want, errs)
			}
			restore(t, e, good)
		})
	}
	if _, errs, _ := run(t, e.dir, "check", "overlays/e0"); !strings.Contains(errs, "1 password verified, 4 of 4 sealed files compared with the credentials") {
		t.Errorf("says:\n%s", errs)
	}
	t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(t.TempDir(), "none"))
	if _, errs, _ := run(t, e.dir, "check", "overlays/e0"); !strings.Contains(errs, "0 passwords verified, 0 of 4 sealed files compared") {
		t.Errorf("without a key it says:\n%s", errs)
	}
}

// A seal names whose value was changed since the last one, and by whom it was
// not: a stranger can encrypt a credential for the public keys.
func TestSealSaysWhoseValueChanged(t *testing.T) {
	e := newEnv(t, 1, 2)
	_, errs, _ := run(t, e.dir, "seal", "overlays/e0")
	if strings.Contains(errs, "changed since") {
		t.Errorf("the first seal says:\n%s", errs)
	}
	e.user(0, "u0", "mallorys")
	e.credential(0, "s3", credential.Document{Type: credential.S3, StringData: map[string]string{"accessKey": "0012345", "secretKey": "mallorys"}})
	e.user(0, "eve", "mallorys")
	_, errs, code := run(t, e.dir, "seal", "overlays/e0")
	want := "overlays/e0: changed since the last seal, and not by this one: user \"eve\", who is new; the password or hash of user \"u0\"; the secretKey of s3\n" +
		"  who did it: git log -- overlays/e0/credentials/eve.enc.yaml overlays/e0/credentials/u0.enc.yaml overlays/e0/credentials/s3.enc.yaml\n"
	if code != 0 || !strings.HasPrefix(errs, want) {
		t.Errorf("exit %d, want\n%s\ngot\n%s", code, want, errs)
	}
	e.remove("overlays/e0/credentials/eve.enc.yaml")
	if _, errs, _ := run(t, e.dir, "seal", "overlays/e0"); !strings.Contains(errs, `by this one: user "eve", who is gone`) {
		t.Errorf("of one that is gone:\n%s", errs)
	}
	if _, errs, _ := run(t, e.dir, "seal", "--rotate-keys", "overlays/e0"); strings.Contains(errs, "changed since") {
		t.Errorf("new data keys change no value:\n%s", errs)
	}
}

// An old credential with its old sealed file is whole and fresh: diff and check
// tell it by its date.
func TestAnOldSecretIsTold(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	e.git("init", "-q")
	old := e.files()
	time.Sleep(1100 * time.Millisecond) // SOPS writes seconds
	e.user(0, "u0", "new-"+canary)
	e.ok("seal", "overlays/e0")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "second")
	for _, path := range []string{"overlays/e0/credentials/u0.enc.yaml", "overlays/e0/sealed/docker-registry-htpasswd.yaml"} {
		e.write(path, old[path])
	}
	e.ok("build", "overlays/e0")
	e.ok("seal", "--check", "overlays/e0")
	for _, format := range []string{"text", "markdown", "json", "yaml"} {
		out, errs, _ := run(t, e.dir, "diff", "-o", format)
		at := strings.Index(out, "overlays/e0/credentials/u0.enc.yaml")
		if at < 0 || !strings.Contains(out, "docker-registry-htpasswd.yaml") || !strings.Contains(strings.ToLower(out), "older") || format == "markdown" && at > strings.Index(out, "<details>") {
			t.Errorf("%s:\n%s%s", format, out, errs)
		}
	}
	_, errs, code := run(t, e.dir, "check", "overlays/e0", "--from", "HEAD")
	if code != exitFail || strings.Count(errs, "is older than the one it takes the place of: encrypted ") != 2 || !strings.Contains(errs, "[older]") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if _, errs, _ := run(t, e.dir, "check", "overlays/e0"); strings.Contains(errs, "[older]") {
		t.Errorf("without a revision:\n%s", errs)
	}
	// Another name of the file or of its folder hides nothing.
	e.remove("overlays/e0/credentials/u0.enc.yaml")
	e.write("overlays/e0/credentials/other.enc.yaml", old["overlays/e0/credentials/u0.enc.yaml"])
	if err := os.Rename(e.path("overlays/e0/sealed"), e.path("overlays/e0/moved")); err != nil {
		t.Fatal(err)
	}
	inSpecOf(e, "overlays/e0", "  secrets: {sealed: moved}\n")
	if out, errs, _ := run(t, e.dir, "diff"); !strings.Contains(out, "credentials/other.enc.yaml: is older than") || !strings.Contains(out, "moved/docker-registry-htpasswd.yaml: is older than") {
		t.Errorf("under other names:\n%s%s", out, errs)
	}
	e.remove("overlays/e0/credentials/other.enc.yaml")
	if err := os.RemoveAll(e.path("overlays/e0/moved")); err != nil {
		t.Fatal(err)
	}
	e.git("checkout", "-q", "--", ".")
	if _, errs, _ := run(t, e.dir, "check", "overlays/e0", "--from", "HEAD"); strings.Contains(errs, "[older]") {
		t.Errorf("nothing is older:\n%s", errs)
	}
	if _, err := os.Stat(e.path(".git/index.lock")); err == nil {
		t.Error("git is locked")
	}
}
