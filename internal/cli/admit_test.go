package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/repository"
)

// refuses runs commands that have to stop and name the stranger, and writes
// nothing.
func (e *testEnv) refuses(evil string, commands ...string) {
	e.t.Helper()
	before := e.files()
	for _, args := range commands {
		_, errs, code := run(e.t, e.dir, strings.Fields(args)...)
		if code == 0 || !strings.Contains(errs, evil) || !strings.Contains(errs, "--accept-recipients") {
			e.t.Errorf("%s: exit %d\n%s", args, code, errs)
		}
		if got := changedFiles(before, e.files()); len(got) > 0 {
			e.t.Errorf("%s wrote %v", args, got)
			restore(e.t.(*testing.T), e, before)
		}
	}
}

// laidOut lays a file out so that its sops block does not begin as SOPS writes
// it.
func laidOut(text string) string { return strings.Replace(text, "\nsops:", "\n\"sops\":", 1) }

// However a file is laid out, and whatever stands in the place of a sealed one,
// nobody new reads what is written next.
func TestNoLayoutHidesAReader(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	trusted[e.dir] = nil
	evil, _ := e.stranger()
	good := e.files()
	inCredentials := strings.ReplaceAll(good[".sops.yaml"], "    age: "+e.keys["people"]+"\n", "    age: "+e.keys["people"]+","+evil+"\n")
	inSealed := strings.ReplaceAll(good[".sops.yaml"], e.keys["e0"], e.keys["e0"]+","+evil)
	each := func(folder string, change func(string) string) {
		for path, text := range good {
			if strings.Contains(path, "/"+folder+"/") {
				e.write(path, change(text))
			}
		}
	}
	for name, c := range map[string]struct {
		attack   func()
		commands []string
	}{
		"quoted credentials": {func() { each("credentials", laidOut); e.write(".sops.yaml", inCredentials) },
			[]string{"seal overlays/e0", "seal --rotate-keys overlays/e0", "user add carol --generate", "user rotate puller", "credential set s3 --field secretKey --generate"}},
		"quoted sealed files": {func() { each("sealed", laidOut); e.write(".sops.yaml", inSealed) }, []string{"seal overlays/e0", "seal --rotate-keys overlays/e0"}},
		"no sealed file is one": {func() { each("sealed", func(string) string { return "x: y\n" }); e.write(".sops.yaml", inSealed) },
			[]string{"seal overlays/e0", "seal --rotate-keys overlays/e0"}},
		"one sealed file is none": {func() { e.write("overlays/e0/sealed/regcred.yaml", "x: y\n"); e.write(".sops.yaml", inSealed) }, []string{"seal overlays/e0"}},
		"a rule for one file that is none": {func() {
			e.write("overlays/e0/sealed/regcred.yaml", "x: y\n")
			e.write(".sops.yaml", strings.Replace(good[".sops.yaml"], "creation_rules:\n", "creation_rules:\n  - {path_regex: regcred, age: '"+e.keys["people"]+","+e.keys["e0"]+","+evil+"'}\n", 1))
		}, []string{"seal overlays/e0"}},
		"a rule for a machine credential that is gone": {func() {
			each("sealed", func(string) string { return "x: y\n" })
			e.remove("overlays/e0/credentials/machine.enc.yaml")
			e.write(".sops.yaml", strings.Replace(good[".sops.yaml"], "creation_rules:\n", "creation_rules:\n  - {path_regex: machine, age: '"+e.keys["people"]+","+evil+"'}\n", 1))
		}, []string{"seal overlays/e0"}},
	} {
		t.Run(name, func(t *testing.T) {
			e.t = t
			c.attack()
			e.refuses(evil, c.commands...)
			restore(t, e, good)
		})
	}
}

// Offboarding leaves out no file for how it is laid out, and none because a
// folder can't be listed.
func TestOffboardLeavesOutNoLayout(t *testing.T) {
	e := withBob(t, 1)
	bob := e.keys["bob"]
	good := e.files()
	for path, text := range good {
		if strings.HasSuffix(path, ".yaml") && strings.Contains(path, "overlays/e0/credentials/") || strings.HasSuffix(path, "regcred.yaml") {
			e.write(path, laidOut(text))
		}
	}
	e.ok("offboard", "bob")
	if left := e.namedIn(bob); len(left) > 0 {
		t.Errorf("bob is still named in %v", left)
	}
	for _, path := range []string{"overlays/e0/credentials/s3.enc.yaml", "overlays/e0/sealed/regcred.yaml"} {
		if opens(t, e.dir+"-bob.agekey", e.read(path), entryOf(t, good[path], bob)) {
			t.Errorf("%s: the data key is the old one", path)
		}
	}
	restore(t, e, good)
	e.write("overlays/e0/sealed/a\u202eb.yaml", "x: y\n")
	if _, errs, code := run(t, e.dir, "offboard", "bob", "--dry-run"); code == 0 || !strings.Contains(errs, "can't be seen") {
		t.Errorf("with a folder that can't be listed: exit %d\n%s", code, errs)
	}
}

// Anybody can make a machine credential that names readers of sealed files.
func TestAMachineCredentialOfAStrangerConfirmsNobody(t *testing.T) {
	e := newEnv(t, 2, 2)
	e.ok("seal", "overlays/e0", "overlays/e1")
	trusted[e.dir] = nil
	evil, _ := e.stranger()
	good := e.files()
	const machine = "overlays/e0/credentials/machine.enc.yaml"
	unsealed := func(reader string) {
		for path := range good {
			if strings.HasPrefix(path, "overlays/e0/sealed/") {
				e.remove(path)
			}
		}
		e.write(".sops.yaml", strings.ReplaceAll(good[".sops.yaml"], e.keys["e0"], e.keys["e0"]+","+reader))
	}
	unsealed(evil)
	file, err := sops.Open(t.Context(), []byte(good[machine]), sops.Keys{})
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(file.Plain(), &doc); err != nil {
		t.Fatal(err)
	}
	annotations := doc["metadata"].(map[string]any)["annotations"].(map[string]any)
	annotations["reggen.dev/sealed-for"] = e.keys["people"] + "," + e.keys["e0"] + "," + evil
	plain, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	rule, err := rules.Find(e.path(machine))
	if err != nil {
		t.Fatal(err)
	}
	forged, err := sops.Seal(t.Context(), plain, rule, sops.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e.write(machine, string(forged))
	e.refuses(evil, "seal overlays/e0")
	restore(t, e, good)

	// One that was vouched for, but for another environment.
	unsealed(e.keys["e1"])
	e.write(machine, good["overlays/e1/credentials/machine.enc.yaml"])
	e.refuses(e.keys["e1"], "seal overlays/e0")
	restore(t, e, good)

	// The genuine one makes the known readers known.
	unsealed(e.keys["e0"])
	e.write(".sops.yaml", good[".sops.yaml"])
	e.ok("seal", "overlays/e0")
}

// A check starts no program for a reader whom nobody said yes to.
func TestChecksEncryptForNobody(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	const plugin = "age1foo1xqcnyve5x5mrwwpev93xxer9vccrzv3nxs6nvdec89skycmyv4nqp8tc5m"
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "age-plugin-foo"), []byte("#!/bin/sh\necho ran >> "+bin+"/ran\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	e.user(0, "u0", "another-"+canary) // to be hashed
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "age: ", "age: "+plugin+","))
	for _, args := range []string{"check overlays/e0", "seal --check overlays/e0"} {
		_ = os.Remove(filepath.Join(bin, "ran"))
		_, errs, code := run(t, e.dir, strings.Fields(args)...)
		if code == 0 || !strings.Contains(errs, plugin) {
			t.Errorf("%s: exit %d\n%s", args, code, errs)
		}
		if repository.Exists(filepath.Join(bin, "ran")) {
			t.Errorf("%s started the plugin", args)
		}
	}
}

// Groups and their threshold count for files that are not there yet, too, and a
// diff names them.
func TestGroupsAreSeen(t *testing.T) {
	e := newEnv(t, 1, 1)
	other := newEnv(t, 0, 0)
	other.key("second")
	second := other.keys["second"]
	t.Setenv("SOPS_AGE_KEY_FILE", e.dir+"-people.agekey")
	trusted[e.dir] = append(trusted[e.dir], second)
	rules, people := e.read(".sops.yaml"), e.keys["people"]
	grouped := func(threshold string) string {
		return strings.ReplaceAll(rules, "    age: "+people+"\n", "    shamir_threshold: "+threshold+"\n    key_groups: [{age: ["+people+"]}, {age: ["+people+", "+second+"]}]\n")
	}
	e.write(".sops.yaml", grouped("2"))
	e.ok("seal", "overlays/e0")
	for _, name := range []string{"puller", "s3"} {
		o, err := e.world().Keys.ReadCredential(context.Background(), e.path("overlays/e0/credentials/"+name+".enc.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		e.credential(0, name, o.Doc)
	}
	e.ok("seal", "overlays/e0")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	trusted[e.dir] = nil
	for name, text := range map[string]string{
		"no groups":         strings.ReplaceAll(rules, "    age: "+people+"\n", "    age: "+people+","+second+"\n"),
		"other groups":      strings.ReplaceAll(grouped("2"), "["+people+", "+second+"]", "["+second+"]"),
		"one group of many": strings.ReplaceAll(grouped("2"), "{age: ["+people+"]}, ", "{age: ["+people+", "+second+"]}, "),
	} {
		e.write(".sops.yaml", text)
		if _, errs, code := run(t, e.dir, "user", "add", "carol", "--generate"); code == 0 || !strings.Contains(errs, second) {
			t.Errorf("%s: user add: exit %d\n%s", name, code, errs)
		}
		for _, format := range []string{"text", "markdown", "json"} {
			out, errs, code := run(t, e.dir, "diff", "-o", format)
			if code != exitDifferent || !strings.Contains(strings.ToLower(out), "read") || !strings.Contains(out, "2 of (") || !strings.Contains(out, "("+people+")") {
				t.Errorf("%s: diff -o %s: exit %d\n%s%s", name, format, code, out, errs)
			}
		}
	}
}

// A name that somebody wrote into a file's block is no reason to be silent when
// a rule names it.
func TestDiffNamesWhomABlockNamedBefore(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	evil, _ := e.stranger()
	for path, text := range e.files() {
		if strings.Contains(path, "/credentials/") {
			e.write(path, inBlock(t, text, func(ages []any) []any {
				forged := map[string]any{"recipient": evil, "enc": ages[0].(map[string]any)["enc"]}
				return append(ages, forged)
			}))
		}
	}
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "    age: "+e.keys["people"]+"\n", "    age: "+e.keys["people"]+","+evil+"\n"))
	out, errs, _ := run(t, e.dir, "diff")
	if !strings.Contains(out, "credentials: +"+evil) {
		t.Errorf("%s%s", out, errs)
	}
}

// Whatever is new, or has new data keys, says whom it is for.
func TestWhatIsNewSaysWhomItIsFor(t *testing.T) {
	e := newEnv(t, 1, 1)
	evil, _ := e.stranger()
	for _, args := range []string{"seal overlays/e0", "user add carol --generate", "user rotate puller", "seal --rotate-keys overlays/e0"} {
		_, errs, code := run(t, e.dir, strings.Fields(args)...)
		if code != 0 || !strings.Contains(errs, ": for "+e.keys["people"]) && !strings.Contains(errs, ","+e.keys["people"]) {
			t.Errorf("%s: exit %d\n%s", args, code, errs)
		}
	}
	// A name that was slipped into the blocks and the rule.
	for path, text := range e.files() {
		if strings.Contains(path, "/credentials/") {
			e.write(path, inBlock(t, text, func(ages []any) []any {
				return append(ages, map[string]any{"recipient": evil, "enc": ages[0].(map[string]any)["enc"]})
			}))
		}
	}
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "    age: "+e.keys["people"]+"\n", "    age: "+e.keys["people"]+","+evil+"\n"))
	for _, args := range []string{"user add dave --generate", "seal --rotate-keys overlays/e0"} {
		if _, errs, _ := run(t, e.dir, strings.Fields(args)...); !strings.Contains(errs, evil) {
			t.Errorf("%s names nobody\n%s", args, errs)
		}
	}
}

// What a record says of credentials is under no MAC: the values are compared.
func TestNoRecordHidesWhoseValueChanged(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	e.user(0, "u0", "mallorys-own")
	e.user(0, "puller", "mallorys-own")
	e.credential(0, "s3", credential.Document{Type: credential.S3, StringData: map[string]string{"accessKey": "0012345", "secretKey": "mallorys"}})
	// The facts that these credentials will have.
	w := e.world()
	w.Dir = e.dir
	envs, err := w.Environments([]string{"overlays/e0"})
	if err != nil {
		t.Fatal(err)
	}
	set, err := w.Credentials(envs[0])
	if err != nil {
		t.Fatal(err)
	}
	replace := func(file string, from func(line string) (string, bool)) {
		path := "overlays/e0/sealed/" + file
		lines := strings.Split(e.read(path), "\n")
		for i, l := range lines {
			if now, is := from(l); is {
				lines[i] = now
			}
		}
		e.write(path, strings.Join(lines, "\n"))
	}
	after := func(line, mark, value string) string {
		head, tail, _ := strings.Cut(line, mark)
		return head + mark + value + tail[40:]
	}
	replace("docker-registry-htpasswd.yaml", func(l string) (string, bool) {
		for _, u := range set.Users {
			if strings.Contains(l, `"user/`+u.User+`"`) {
				return after(l, "from=", u.Fingerprint(credential.Password, credential.Hash)), true
			}
		}
		return "", false
	})
	replace("docker-registry-s3.yaml", func(l string) (string, bool) {
		for _, field := range []string{"accessKey", "secretKey"} {
			if mark := `"s3.` + field + `" "from" "`; strings.Contains(l, mark) {
				return after(l, mark, set.Others[credential.S3].Fingerprint(field)), true
			}
		}
		return "", false
	})
	_, errs, code := run(t, e.dir, "seal", "overlays/e0")
	want := `changed since the last seal, and not by this one: the password or hash of user "puller"; the password or hash of user "u0"; the secretKey of s3` + "\n"
	if code != 0 || !strings.Contains(errs, want) {
		t.Errorf("exit %d, want\n%s\ngot\n%s", code, want, errs)
	}
	if !slices.Contains(strings.Split(errs, "\n"), "overlays/e0/sealed/docker-registry-s3.yaml: its content changed") {
		t.Errorf("the record did not fit:\n%s", errs)
	}
	// A deleted sealed file hides nothing either.
	e.user(0, "u0", "mallorys-next")
	e.remove("overlays/e0/sealed/docker-registry-htpasswd.yaml")
	if _, errs, _ := run(t, e.dir, "seal", "overlays/e0"); !strings.Contains(errs, `user "u0"`) {
		t.Errorf("without the sealed file:\n%s", errs)
	}
}
