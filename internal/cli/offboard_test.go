package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/internal/repository"
)

// withBob is an environment, sealed, that Bob can read too: his key stands in
// a list of anchors and is used by every rule.
func withBob(t *testing.T, environments int) *testEnv {
	t.Helper()
	e := newEnv(t, environments, 2)
	e.key("bob")
	e.write(".sops.yaml", "keys:\n  - &boss "+e.keys["people"]+" # stays\n  - &bob "+e.keys["bob"]+" # left in May\n"+e.read(".sops.yaml"))
	text := e.read(".sops.yaml")
	for i := range environments {
		cluster := e.keys["e"+string(rune('0'+i))]
		text = strings.ReplaceAll(text, "age: "+e.keys["people"]+","+cluster, "age: [*boss, *bob, "+cluster+"]")
	}
	e.write(".sops.yaml", strings.ReplaceAll(text, "    age: "+e.keys["people"]+"\n", "    age:\n      - *boss # the boss\n      - *bob\n"))
	for i := range environments {
		dir := "overlays/e" + string(rune('0'+i))
		e.user(i, "farm", canary+"-farm")
		e.credential(i, "carol", credential.Document{Type: credential.User, StringData: map[string]string{"hash": "$2y$05$vn.xh.9j5HBOH6oh2YxhoeH3IgYOsIwdnKU1R2vU3v/GbOPAfTZYi"}})
		for _, name := range []string{"puller", "u0", "s3"} { // for Bob, too
			path := dir + "/credentials/" + name + ".enc.yaml"
			o, err := e.world().Keys.ReadCredential(t.Context(), e.path(path))
			if err != nil {
				t.Fatal(err)
			}
			e.credential(i, name, o.Doc)
		}
		e.ok("seal", dir)
	}
	return e
}

func (e *testEnv) namedIn(recipient string) (files []string) {
	for name, text := range e.files() {
		if strings.Contains(text, recipient) {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	return files
}

func TestOffboard(t *testing.T) {
	e := withBob(t, 2)
	bob := e.keys["bob"]
	if n := len(e.namedIn(bob)); n < 15 {
		t.Fatalf("Bob can read only %d files", n)
	}
	e.write("rendered/secret.yaml", e.read("overlays/e0/sealed/regcred.yaml"))
	e.write("notes.txt", "bob is "+bob)
	before, rolled := e.files(), podTemplate(t, e)

	// A dry run by the anchor's name writes nothing and says the same.
	dry := e.ok("offboard", "bob", "--dry-run")
	if got := changedFiles(before, e.files()); len(got) > 0 {
		t.Fatalf("a dry run changed %v", got)
	}
	out := e.ok("offboard", bob)
	for _, text := range []string{dry, out} {
		for _, want := range []string{
			bob, ".sops.yaml: rule 1", ".sops.yaml: rule 4", "overlays/e1: could be read", "overlays/e0/credentials/puller.enc.yaml: user puller: hash, hashOf, password",
			"overlays/e0/sealed/docker-registry-s3.yaml: sealed docker-registry-s3: s3AccessKey, s3SecretKey", `user "puller" of pull secret regcred`,
			"reggen user rotate puller --dir overlays/e0", "reggen credential set s3 --dir overlays/e1", "reggen credential set carol --field hash --stdin --dir overlays/e0",
			"reggen user rotate farm --dir overlays/e0", "reggen credential set machine --field httpSecret", "rendered/secret.yaml", "git keeps the old files",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the report does not say %q:\n%s", want, text)
			}
		}
		if strings.Contains(text, canary) || strings.Contains(text, "notes.txt") {
			t.Errorf("the report holds what it must not:\n%s", text)
		}
	}
	if got, want := e.namedIn(bob), []string{"notes.txt", "rendered/secret.yaml"}; !slices.Equal(got, want) {
		t.Errorf("Bob is still named in %v", got)
	}
	if got, want := e.read(".sops.yaml"), strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(before[".sops.yaml"], "  - &bob "+bob+" # left in May\n", ""), ", *bob", ""), "      - *bob\n", ""); got != want {
		t.Errorf("the rules are\n%s", got)
	}
	// New data keys: no old ciphertext is left in the environments.
	for name, text := range e.files() {
		for _, c := range ciphertexts.FindAllString(before[name], -1) {
			if strings.HasPrefix(name, "overlays/") && strings.Contains(text, c) {
				t.Errorf("%s holds an old ciphertext", name)
			}
		}
	}
	if podTemplate(t, e) != rolled {
		t.Error("the pods roll")
	}
	e.ok("seal", "--check", "overlays/e0", "overlays/e1")
	e.ok("check")

	// Once more there is nothing to do, and a slip of the finger is told.
	_, errs, code := run(t, e.dir, "offboard", bob)
	if code != 1 || !strings.Contains(errs, "no rule and no file names this recipient; expected one of") || !strings.Contains(errs, "nothing left to do") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	typo := e.keys["people"][:len(e.keys["people"])-1] + "b" // no key holds a b
	if _, errs, _ := run(t, e.dir, "offboard", typo); !strings.Contains(errs, "did you mean \""+e.keys["people"]) {
		t.Errorf("a slip of the finger:\n%s", errs)
	}
}

func TestOffboardRotates(t *testing.T) {
	e := withBob(t, 2)
	out := e.ok("offboard", "bob", "--rotate", "-o", "json")
	var report struct {
		Done, Rotated bool
		Environments  []struct {
			Dir    string
			Rotate []struct{ User, Successor string }
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || !report.Done || !report.Rotated || len(report.Environments) != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, d := range report.Environments {
		if len(d.Rotate) != 1 || d.Rotate[0].User != "puller" || d.Rotate[0].Successor != "puller-2" {
			t.Errorf("%s: %v", d.Dir, d.Rotate)
		}
		e.ok("build", d.Dir)
		e.ok("user", "verify", "puller", "--dir", d.Dir)
		e.ok("user", "verify", "puller-2", "--dir", d.Dir)
		e.ok("user", "retire", "puller", "--dir", d.Dir)
		e.ok("seal", d.Dir)
	}
	e.ok("check")
}

// With folders only the rules of those environments are touched.
func TestOffboardFromOneEnvironment(t *testing.T) {
	e := withBob(t, 2)
	before := e.files()
	e.ok("offboard", e.keys["bob"], "overlays/e0")
	for _, name := range changedFiles(before, e.files()) {
		if name != ".sops.yaml" && !strings.HasPrefix(name, "overlays/e0/") {
			t.Errorf("changed %s", name)
		}
	}
	for _, name := range e.namedIn(e.keys["bob"]) {
		if strings.HasPrefix(name, "overlays/e0/") {
			t.Errorf("Bob can still read %s", name)
		}
	}
	if text := e.read(".sops.yaml"); strings.Count(text, "*bob") != 2 || !strings.Contains(text, "&bob") {
		t.Errorf("the rules are\n%s", text)
	}
	e.ok("check")
}

func TestOffboardRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		args   func(e *testEnv) []string
		change func(e *testEnv)
		says   string
	}{
		"oneself": {func(e *testEnv) []string { return []string{e.keys["people"]} }, nil, "the only key at hand is the one that goes; nothing was written"},
		"the last one": {func(e *testEnv) []string { return []string{e.keys["people"]} }, func(e *testEnv) {
			e.ok("offboard", "bob")
		}, "would be left with nobody"},
		"no key": {func(e *testEnv) []string { return []string{"bob"} }, func(e *testEnv) { e.t.Setenv("SOPS_AGE_KEY_FILE", "") }, "no key at hand opens it"},
		"a private key": {func(e *testEnv) []string { return []string{"AGE-SECRET-KEY-1" + strings.Repeat("Q", 58)} }, nil,
			"take it for leaked"},
		"another's is not finished": {func(e *testEnv) []string { return []string{"bob"} }, func(e *testEnv) {
			e.write(repository.JournalName, `{"recipient":"age1other","names":["age1other"]}`)
		}, "next: reggen offboard age1other\n"},
		"a broken journal": {func(e *testEnv) []string { return []string{"bob"} }, func(e *testEnv) { e.write(repository.JournalName, "{") }, "is not what an offboarding writes"},
		"a bad form":       {func(e *testEnv) []string { return []string{"bob", "-o", "xml"} }, nil, "expected text or json"},
		"nobody":           {func(e *testEnv) []string { return nil }, nil, "no recipient given"},
		"a broken spec": {func(e *testEnv) []string { return []string{"bob"} }, func(e *testEnv) {
			e.write("overlays/e0/registry/registry.yaml", strings.Replace(e.read("overlays/e0/registry/registry.yaml"), "host:", "hots:", 1))
		}, "hots"},
	} {
		t.Run(name, func(t *testing.T) {
			e := withBob(t, 1)
			if c.change != nil {
				c.change(e)
			}
			before := e.files()
			out, errs, code := run(t, e.dir, append([]string{"offboard"}, c.args(e)...)...)
			if code == 0 || out != "" || !strings.Contains(errs, c.says) || strings.Contains(errs, "AGE-SECRET") {
				t.Errorf("exit %d: %s\n%s", code, out, errs)
			}
			if got := changedFiles(before, e.files()); len(got) > 0 {
				t.Errorf("changed %v", got)
			}
		})
	}
}

// A run that could not finish says how to go on, and the report of the one
// that does is whole: files that were encrypted anew don't say any more who
// could read them.
func TestOffboardTakesUpWhatWasBegun(t *testing.T) {
	e := withBob(t, 2)
	dry := e.ok("offboard", "bob", "--dry-run", "--rotate")
	e.remove("overlays/e1/sealed/regcred.yaml")
	e.write("overlays/e1/sealed/regcred.yaml/in-the-way", "")
	_, errs, code := run(t, e.dir, "offboard", "bob", "--rotate")
	if code != 1 || !strings.Contains(errs, "next: mend that, then: reggen offboard bob --rotate") {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	if strings.Contains(e.read(repository.JournalName), e.dir) || strings.Contains(e.read(repository.JournalName), canary) {
		t.Error("the journal holds this machine's paths, or a password")
	}
	if _, errs, code := run(t, e.dir, "offboard", e.keys["e0"]); code != 1 || !strings.Contains(errs, "another recipient is not finished") {
		t.Errorf("somebody else's: exit %d\n%s", code, errs)
	}
	if _, errs, code := run(t, e.dir, "offboard", "bob", "overlays/e0"); code != 1 || !strings.Contains(errs, "began with other folders\n  next: reggen offboard "+e.keys["bob"]+" --rotate") {
		t.Errorf("with a folder: exit %d\n%s", code, errs)
	}
	if _, errs, code := run(t, e.dir, "check"); code != 1 || !strings.Contains(errs, "an offboarding was begun and is not finished [build]\n  next: reggen offboard "+e.keys["bob"]+" --rotate") {
		t.Errorf("check: exit %d\n%s", code, errs)
	}
	e.remove("overlays/e1/sealed/regcred.yaml/in-the-way")
	e.remove("overlays/e1/sealed/regcred.yaml")
	out := e.ok("offboard", "bob")
	for line := range strings.Lines(dry) {
		if strings.Contains(line, ".enc.yaml: ") && !strings.Contains(out, line) {
			t.Errorf("the report lost %q", line)
		}
	}
	if strings.Count(out, `now "puller-2"`) != 2 {
		t.Errorf("the rotations are not both told:\n%s", out)
	}
	if got := e.namedIn(e.keys["bob"]); len(got) > 0 {
		t.Errorf("Bob is still named in %v", got)
	}
	e.ok("check")
	e.ok("seal", "--check", "overlays/e0", "overlays/e1")
}
