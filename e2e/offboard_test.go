package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var offboardKills = flag.Int("offboard-kills", 40, "how many times TestOffboardKill kills an offboarding")

// withBob is an environment that Bob can read too; it returns his public key
// and the file of his private one.
func withBob(t *testing.T, e environment) (recipient, keyFile string) {
	t.Helper()
	keyFile = filepath.Join(filepath.Dir(e.people), "bob.agekey")
	e.ok("", tool("age-keygen"), "-o", keyFile)
	recipient = strings.TrimSpace(string(e.ok("", tool("age-keygen"), "-y", keyFile)))
	people := strings.TrimSpace(string(e.ok("", tool("age-keygen"), "-y", e.people)))
	e.write(".sops.yaml", strings.ReplaceAll(string(e.read(".sops.yaml")), "age: "+people, "age: "+people+","+recipient))
	return recipient, keyFile
}

// Nobody whom an offboarding took out opens a file of it any more, the real
// sops says; the others do.
func TestOffboard(t *testing.T) {
	e := newEnvironment(t, map[string]pull{"regcred": {User: "ci"}})
	bob, key := withBob(t, e)
	e.s3("AKIA0012345", "secret")
	e.user("ci", "ci", "a password", 5)
	e.reggen("seal", "env")
	was := e.withKey(key)
	files := func() (out []string) {
		for path := range tree(t, filepath.Join(e.dir, "env")) {
			if strings.HasPrefix(path, "credentials/") || strings.HasPrefix(path, "sealed/") {
				out = append(out, filepath.Join("env", path))
			}
		}
		return out
	}
	for _, f := range files() {
		was.ok("", tool("sops"), "decrypt", f)
	}
	before := len(files())
	e.reggen("offboard", bob, "--rotate")
	if n := len(files()); n != before+1 { // ci-2
		t.Errorf("%d files; there were %d", n, before)
	}
	for _, f := range files() {
		if r := was.run("", tool("sops"), "decrypt", f); r.code == 0 {
			t.Errorf("Bob still opens %s", f)
		}
		e.ok("", tool("sops"), "decrypt", f)
	}
	e.reggen("check", "env")
	e.reggen("seal", "--check", "env")
}

// kill -9 at random moments: the same command finishes, and its report is
// whole although the files no longer say who could read them.
func TestOffboardKill(t *testing.T) {
	t.Parallel()
	random := dice(t, 1)
	pristine := newEnvironment(t, map[string]pull{"regcred": {User: "user-03"}, "other": {User: "user-07"}})
	bob, _ := withBob(t, pristine)
	pristine.s3("AKIA0012345", "secret")
	for i := range 12 {
		pristine.user(file(i), file(i), fmt.Sprintf("password %d", i), 5)
	}
	pristine.reggen("seal", "env")
	readable := strings.Count(string(pristine.reggen("offboard", bob, "--rotate", "--dry-run")), ".yaml: ")

	var longest time.Duration
	midway, begun := 0, 0
	for round := range *offboardKills + 1 {
		e := pristine
		p := *pristine.project
		p.dir = filepath.Join(t.TempDir(), "project")
		copyTree(t, pristine.dir, p.dir)
		e.project = &p

		cmd := e.command("", tool("reggen"), "offboard", bob, "--rotate")
		var out bytes.Buffer
		cmd.Stdout = &out
		began := time.Now()
		must(t, cmd.Start())
		if round == 0 { // how long it takes decides where to kill
			must(t, cmd.Wait())
			longest = time.Since(began)
			continue
		}
		time.Sleep(time.Duration(random.Int64N(int64(longest) * 11 / 10)))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()

		now := tree(t, e.dir)
		_, journal := now[".reggen-offboarding.json"]
		if journal {
			begun++
		}
		changed := 0
		for path, data := range now {
			switch old := tree(t, filepath.Join(pristine.dir, filepath.Dir(path)))[filepath.Base(path)]; {
			case bytes.Equal(old, data) || !strings.HasPrefix(path, "env/credentials/") && !strings.HasPrefix(path, "env/sealed/"):
			case strings.HasPrefix(filepath.Base(path), "."):
				leftover(t, path, data)
			default:
				changed++
				if r := e.run("", tool("sops"), "decrypt", path); r.code != 0 {
					t.Fatalf("round %d: %s is neither old nor new", round, path)
				}
			}
		}
		if journal && changed > 0 {
			midway++
		}
		r := e.run("", tool("reggen"), "offboard", bob, "--rotate")
		switch finished := bytes.Contains(out.Bytes(), []byte("git keeps the old files")); {
		case r.code == 0:
			if got := strings.Count(string(r.stdout), ".yaml: "); got < readable {
				t.Fatalf("round %d: the report names %d files; expected %d:\n%s", round, got, readable, r.stdout)
			}
			if strings.Count(string(r.stdout), "-2\"") != 2 {
				t.Fatalf("round %d: the report does not tell both rotations:\n%s", round, r.stdout)
			}
		case !finished || !bytes.Contains(r.stderr, []byte("nothing left to do")):
			t.Fatalf("round %d: the second run failed:\n%s", round, r.stderr)
		}
		for path, data := range tree(t, e.dir) {
			if bytes.Contains(data, []byte(bob)) {
				t.Fatalf("round %d: %s still names Bob", round, path)
			}
		}
		if left := leftovers(t, e.dir); len(left) > 0 {
			t.Fatalf("round %d: left behind: %v", round, left)
		}
		e.reggen("build", "env")
		if round%10 == 0 {
			e.reggen("seal", "--check", "env")
			e.reggen("check", "env")
		}
	}
	t.Logf("%d kills within %v, %d with a journal, %d of them between the files", *offboardKills, longest, begun, midway)
}

// No password shows in what a rotation or an offboarding says, or writes.
func TestRotationCanary(t *testing.T) {
	w := canaryEnvironment(t)
	bob, _ := withBob(t, w.environment)
	w.quiet("seal", "", "seal", "env")
	w.quiet("rotate", "", "user", "rotate", "bird", "--dir", "env")
	w.quiet("rotate, given", canaries["password"]+"\n", "user", "rotate", "wren", "--password-stdin", "--dir", "env")
	w.quiet("too early", "", "user", "retire", "bird", "--dir", "env")
	w.quiet("seal", "", "seal", "env")
	w.quiet("retire", "", "user", "retire", "bird", "--dir", "env")
	w.quiet("new keys", "", "seal", "--rotate-keys", "env")
	for _, args := range [][]string{{"--dry-run"}, {"--dry-run", "-o", "json"}, {"--rotate"}, {"-o", "json"}} {
		r := w.quiet("offboard", "", append([]string{"offboard", bob}, args...)...)
		if len(args) == 1 && r.code != 0 {
			t.Errorf("offboard %v failed:\n%s", args, r.stderr)
		}
	}
	w.quiet("check", "", "check", "env")
}
