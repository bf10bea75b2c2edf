package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Point 5: two branches that each add a user merge after one reggen seal.
// What git can't merge, the derived sealed file, fails the build with the
// command that mends it.
func TestBranchesThatAddUsersMerge(t *testing.T) {
	git := system(t, "git", "apt-get install -y --no-install-recommends git")
	e := newEnvironment(t, map[string]pull{"regcred": {User: "puller"}})
	e.env = append(e.env, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"PATH="+os.Getenv("PATH"))
	commit := func(message string) {
		e.ok("", git, "add", "-A")
		e.ok("", git, "commit", "-qm", message)
	}
	e.s3("AKIA0012345", "secret")
	e.user("puller", "puller", "pulling pulling pulling", 5)
	e.reggen("seal", "env")
	e.ok("", git, "init", "-q", "-b", "main")
	commit("one user")

	for _, name := range []string{"alice", "bob"} {
		e.ok("", git, "checkout", "-q", "-b", name, "main")
		e.user(name, name, "the password of "+name, 5)
		e.reggen("seal", "env")
		commit("add " + name)
	}
	e.ok("", git, "checkout", "-q", "main")
	e.ok("", git, "merge", "-q", "--no-edit", "alice")
	r := e.run("", git, "merge", "--no-edit", "bob")
	if r.code == 0 {
		t.Fatal("git merged two sealed files by itself; this test wants a conflict")
	}
	conflicts := strings.Fields(string(e.ok("", git, "diff", "--name-only", "--diff-filter=U")))
	for _, f := range conflicts {
		if !strings.HasPrefix(f, "env/sealed/") {
			t.Errorf("%s is in conflict; only derived files may be", f)
		}
	}
	e.fails([]string{"env/sealed/", "merge", "reggen seal"}, "build", "env")

	e.reggen("seal", "env")
	commit("merge bob")
	e.reggen("build", "env")
	e.reggen("seal", "--check", "env")
	path, users := htpasswdFile(t, e.project, "env")
	if got := strings.Join(users, " "); got != "alice bob puller" {
		t.Errorf("the merged htpasswd has the users %q", got)
	}
	e.ok("", htpasswd(t), "-vb", path, "bob", "the password of bob")

	before := tree(t, e.dir)
	e.reggen("seal", "env")
	unchanged(t, before, tree(t, e.dir))
}

// A second seal writes nothing; one changed password changes the lines that
// hold it.
func TestSealTwiceTouchesNothing(t *testing.T) {
	e := newEnvironment(t, map[string]pull{"regcred": {User: "puller"}, "other": {User: "puller"}})
	e.s3("AKIA0012345", "secret")
	for _, name := range []string{"alice", "bob", "puller"} {
		e.user(name, name, "the password of "+name, 5)
	}
	e.reggen("seal", "env")
	first := tree(t, e.dir)
	times := modified(t, e.dir)
	e.reggen("seal", "env")
	unchanged(t, first, tree(t, e.dir))
	for path, when := range modified(t, e.dir) {
		if times[path] != when {
			t.Errorf("%s was written again", path)
		}
	}

	// One changed password: a line of ciphertext in htpasswd, one in each pull
	// secret of that user, sops's lastmodified and mac, and the record.
	e.password("puller", "another password")
	e.fails([]string{"puller", "reggen seal"}, "build", "env")
	e.reggen("seal", "env")
	for path, now := range tree(t, e.dir) {
		was := first[path]
		switch filepath.Base(path) {
		case "docker-registry-htpasswd.yaml", "regcred.yaml", "other.yaml":
			values := 0
			for _, line := range changedLines(was, now) {
				line = strings.TrimSpace(line)
				key, _, _ := strings.Cut(line, ":")
				switch {
				case key == "htpasswd" || key == ".dockerconfigjson":
					values++
				case key == "lastmodified" || key == "mac":
				case strings.HasPrefix(line, "cipher ") || strings.HasPrefix(line, "digest ") ||
					strings.HasPrefix(line, "fact ") || strings.HasPrefix(line, "rollout "):
				default:
					t.Errorf("%s: a line changed that has nothing to do with the password: %s", path, key)
				}
			}
			if values != 1 {
				t.Errorf("%s: %d lines of ciphertext changed; expected one", path, values)
			}
		case "puller.enc.yaml":
		default:
			if !bytes.Equal(was, now) {
				t.Errorf("%s changed", path)
			}
		}
	}
}

// Deleting sealed/ and sealing again gives the same decrypted content.
func TestSealedFolderCanBeRebuilt(t *testing.T) {
	e := newEnvironment(t, map[string]pull{"regcred": {User: "puller"}})
	e.s3("AKIA0012345", "secret")
	e.user("puller", "puller", "the password", 5)
	e.reggen("seal", "env")
	plain := e.reggen("build", "--secrets", "plain", "env")
	must(t, os.RemoveAll(filepath.Join(e.dir, "env", "sealed")))
	e.fails([]string{"env/sealed", "reggen seal"}, "build", "env")
	e.reggen("seal", "env")
	same(t, "the plain build", e.reggen("build", "--secrets", "plain", "env"), plain)
}

// A sealed file that somebody made with a hash of their own, for the right
// recipients and with an honest-looking record, is found by seal --check.
func TestForgedSealedFileIsFound(t *testing.T) {
	e := newEnvironment(t, map[string]pull{"regcred": {User: "puller"}})
	e.s3("AKIA0012345", "secret")
	e.user("puller", "puller", "the password", 5)
	e.reggen("seal", "env")
	e.reggen("seal", "--check", "env")
	path := "env/sealed/docker-registry-htpasswd.yaml"
	honest := e.read(path)
	e.ok(`"cHVsbGVyOiQyeSQwNSRmb3JnZWQK"`, tool("sops"), "set", "--value-stdin", path, `["data"]["htpasswd"]`)
	e.fails([]string{path, "reggen seal"}, "seal", "--check", "env")
	e.fails([]string{path, "reggen seal"}, "build", "env")
	e.reggen("seal", "env")
	e.reggen("seal", "--check", "env")
	if bytes.Equal(honest, e.read(path)) {
		t.Error("the forged file was put back to the old bytes; expected a new lastmodified")
	}
}

// changedLines are the lines of now that was doesn't have.
func changedLines(was, now []byte) (out []string) {
	have := map[string]bool{}
	for line := range strings.Lines(string(was)) {
		have[line] = true
	}
	for line := range strings.Lines(string(now)) {
		if !have[line] {
			out = append(out, line)
		}
	}
	return out
}

func modified(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for path := range tree(t, dir) {
		info, err := os.Stat(filepath.Join(dir, path))
		must(t, err)
		out[path] = info.ModTime().UnixNano()
	}
	return out
}

func unchanged(t *testing.T, before, after map[string][]byte) {
	t.Helper()
	for path, data := range after {
		if was, ok := before[path]; !ok {
			t.Errorf("%s is new", path)
		} else if !bytes.Equal(was, data) {
			t.Errorf("%s changed", path)
		}
	}
	for path := range before {
		if _, ok := after[path]; !ok {
			t.Errorf("%s is gone", path)
		}
	}
}
