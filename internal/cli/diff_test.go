package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/needs"
)

// git runs git in the test's repository.
func (e *testEnv) git(args ...string) {
	e.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = e.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		e.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// committed is a sealed repository with everything committed.
func committed(t *testing.T, environments int) *testEnv {
	t.Helper()
	e := newEnv(t, environments, 2)
	e.ok("seal", "overlays/e0", "overlays/e1")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	return e
}

func TestDiff(t *testing.T) {
	e := committed(t, 2)
	e.ok("diff", "overlays/*")
	before := e.files()

	// The same change in two environments is shown once.
	e.write("bases/registry/registry.yaml", strings.Replace(e.read("bases/registry/registry.yaml"), "spec:\n", "spec:\n  resources: {requests: {cpu: 70m}}\n", 1))
	out, errs, code := run(t, e.dir, "diff", "overlays/*")
	want := "overlays/e0, overlays/e1\n  ~ Deployment registry/docker-registry\n      spec/template/spec/containers/name=docker-registry:\n        + resources:\n        +   requests:\n        +     cpu: 70m\n"
	if code != 1 || out != want {
		t.Errorf("exit %d\n%s%s\nwant:\n%s", code, out, errs, want)
	}
	if again := e.ok("diff", "--exit-zero", "overlays/*"); again != want {
		t.Errorf("--exit-zero shows\n%s", again)
	}

	// A new user: the user, and a key of a Secret without its value.
	e.write("bases/registry/registry.yaml", before["bases/registry/registry.yaml"])
	e.user(0, "newcomer", "another-"+canary)
	e.ok("seal", "overlays/e0")
	out, _, code = run(t, e.dir, "diff", "overlays/*")
	want = "overlays/e0\n  users: +newcomer\n  ~ Secret registry/docker-registry-htpasswd\n      data/htpasswd: content changed\n"
	if code != 1 || out != want {
		t.Errorf("exit %d\n%s\nwant:\n%s", code, out, want)
	}
	for _, output := range []string{"json", "yaml", "markdown"} {
		out, _, code := run(t, e.dir, "diff", "overlays/*", "-o", output)
		if code != 1 || !strings.Contains(out, "newcomer") || strings.Contains(out, canary) || strings.Contains(out, "ENC[") {
			t.Errorf("%s: exit %d\n%s", output, code, out)
		}
		var v []compare.Changes
		if output == "json" && (json.Unmarshal([]byte(out), &v) != nil || len(v) != 1) {
			t.Errorf("not the documented JSON:\n%s", out)
		}
	}
	// Nothing was left in the temporary folder, and git's files are as they were.
	e.git("diff", "--quiet", "HEAD", "--", "bases")
}

func TestDiffAgainstWhatWasRendered(t *testing.T) {
	e := committed(t, 2)
	e.ok("render", "overlays", "-o", "rendered")
	e.ok("diff", "overlays", "--against", "rendered")
	e.write("overlays/e1/kustomization.yaml", "generators: [registry]\nreplicas: [{name: docker-registry, count: 5}]\n")
	out, _, code := run(t, e.dir, "diff", "overlays", "--against", "rendered")
	if code != 1 || out != "overlays/e1\n  ~ Deployment registry/docker-registry\n      spec/replicas: 1 -> 5\n" {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestDiffOfANewEnvironment(t *testing.T) {
	e := committed(t, 2)
	e.git("rm", "-q", "-r", "--cached", "overlays/e1")
	e.git("commit", "-q", "-m", "without e1")
	out, _, code := run(t, e.dir, "diff", "overlays/e1")
	if code != 1 || !strings.Contains(out, "+ Deployment registry/docker-registry\n") || !strings.Contains(out, "data/htpasswd: added\n") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// Trouble is 2, so that a script can tell it from a difference.
func TestDiffTrouble(t *testing.T) {
	e := committed(t, 2)
	for args, want := range map[string]string{
		"diff nowhere":                    "nowhere: no such folder",
		"diff overlays --from nonsense":   `--from: git knows no revision "nonsense"`,
		"diff overlays -o html":           `-o: "html" is no output`,
		"diff overlays --against nowhere": "nowhere: no such folder",
		"diff overlays --from --output=x": "git knows no revision",
	} {
		if out, errs, code := run(t, e.dir, strings.Fields(args)...); code != 2 || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d\n%s", args, code, errs)
		}
	}
	e.write("overlays/e0/registry/registry.yaml", "a: [\n")
	if _, errs, code := run(t, e.dir, "diff", "overlays/e0"); code != 2 || !strings.Contains(errs, "is not valid YAML") {
		t.Errorf("a broken working tree: exit %d\n%s", code, errs)
	}
	e.git("commit", "-q", "-a", "-m", "broken")
	e.git("checkout", "-q", "HEAD~1", "--", "overlays")
	if _, errs, code := run(t, e.dir, "diff", "overlays/e0"); code != 2 || !strings.Contains(errs, "on the other side: is not valid YAML") {
		t.Errorf("a broken revision: exit %d\n%s", code, errs)
	}
	outside := t.TempDir()
	if _, errs, code := run(t, outside, "diff", e.path("overlays/e0")); code != 2 || !strings.Contains(errs, "not in a git repository") {
		t.Errorf("outside a repository: exit %d\n%s", code, errs)
	}
}

// A revision can hold links that lead out of the folder it is unpacked into.
func TestDiffUnpacksNothingOutside(t *testing.T) {
	needs.Unix(t, needs.Links)
	t.Setenv("TMPDIR", t.TempDir()) // nobody else's left-overs
	e := committed(t, 2)
	outside := t.TempDir()
	if err := os.Symlink(outside, e.path("escape")); err != nil {
		t.Fatal(err)
	}
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "link")
	e.ok("diff", "overlays/e0")
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Errorf("%d files outside", len(entries))
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "reggen-diff-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// An environment that a branch removes is all removed objects, however it was
// named; one that is named wrongly is on neither side.
func TestDiffOfARemovedEnvironment(t *testing.T) {
	e := committed(t, 2)
	e.ok("render", "overlays", "-o", "rendered")
	if err := os.RemoveAll(e.path("overlays/e1")); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"diff", "diff overlays", "diff overlays/*", "diff overlays/e1", "diff overlays/e0 overlays/e1", "diff overlays --against rendered"} {
		out, errs, code := run(t, e.dir, strings.Fields(args)...)
		if code != 1 || !strings.HasPrefix(out, "overlays/e1\n") || !strings.Contains(out, "  - Deployment registry/docker-registry\n") || strings.Contains(out, "overlays/e0") {
			t.Errorf("%s: exit %d\n%s%s", args, code, out, errs)
		}
	}
	if _, errs, code := run(t, e.dir, "diff", "overlays/e1", "overlays/e7"); code != 2 || !strings.Contains(errs, "overlays/e7: no such folder") || strings.Contains(errs, "e1") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// Comparing with a revision reads what is committed, whatever .gitattributes
// says of archives, and leaves index, working tree and HEAD alone.
func TestDiffTouchesNothing(t *testing.T) {
	e := committed(t, 2)
	e.write(".gitattributes", "bases export-ignore\n")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "attributes")
	e.write("staged.txt", "staged\n")
	e.git("add", "staged.txt")
	e.write("bases/registry/registry.yaml", strings.Replace(e.read("bases/registry/registry.yaml"), "spec:\n", "spec:\n  replicas: 4\n", 1))
	before := e.files()
	t.Setenv("TMPDIR", t.TempDir())
	for _, args := range []string{"diff overlays", "diff --from HEAD~1 -o json", "diff --from HEAD~1 overlays/e0"} {
		out, errs, code := run(t, e.dir, strings.Fields(args)...)
		if code != 1 || !strings.Contains(out, "replicas") {
			t.Errorf("%s: exit %d\n%s%s", args, code, out, errs)
		}
		if got := changedFiles(before, e.files()); len(got) > 0 {
			t.Errorf("%s changed %v", args, got)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "reggen-diff-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// From a folder within the repository it is the same.
	out, _, code := run(t, e.path("overlays"), "diff", "e0")
	if code != 1 || !strings.HasPrefix(out, "e0\n") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// What is known of secrets without a key is told in words: pull secrets with
// their users, who can open the credentials and the sealed Secrets; and that a
// value may only be encrypted anew, where nobody can know.
func TestDiffOfSecrets(t *testing.T) {
	e := committed(t, 2)
	base := e.read("bases/registry/registry.yaml")
	e.write("bases/registry/registry.yaml", strings.Replace(base, "    regcred: {user: puller, namespaces: [default]}\n", "    regcred: {user: u0, namespaces: [default]}\n    more: {user: puller}\n", 1))
	e.ok("seal", "overlays/e0", "overlays/e1")
	out, _, code := run(t, e.dir, "diff", "overlays/e0")
	want := "overlays/e0\n  pull secrets: +more of puller +regcred of u0 -regcred of puller\n  ~ Secret default/regcred\n      data/.dockerconfigjson: content changed\n  + Secret registry/more\n      data/.dockerconfigjson: added\n"
	if code != 1 || out != want {
		t.Errorf("exit %d\n%s\nwant:\n%s", code, out, want)
	}
	e.write("bases/registry/registry.yaml", base)
	e.ok("seal", "overlays/e0", "overlays/e1")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "as before", "--allow-empty")

	e.key("deputy")
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), e.keys["people"], e.keys["people"]+","+e.keys["deputy"]))
	e.ok("seal", "overlays/e0")
	out, _, code = run(t, e.dir, "diff", "overlays/e0")
	if code != 1 || strings.Count(out, "who can open the credentials: +"+e.keys["deputy"]+"\n") != 1 || strings.Count(out, "sops/recipients:\n        + "+e.keys["deputy"]+"\n") != 4 || strings.Contains(out, "content changed") {
		t.Errorf("exit %d\n%s", code, out)
	}
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "a deputy")

	e.ok("seal", "--rotate-keys", "overlays/e0")
	out, _, code = run(t, e.dir, "diff", "overlays/e0")
	if code != 1 || strings.Count(out, ": content changed, or only encrypted with a new data key\n") != strings.Count(out, ": content changed") || !strings.Contains(out, "data/htpasswd: content") {
		t.Errorf("exit %d\n%s", code, out)
	}
	for _, output := range []string{"text", "json", "yaml", "markdown"} {
		out, _, _ := run(t, e.dir, "diff", "--from", "HEAD~2", "overlays/e0", "-o", output)
		if !strings.Contains(out, e.keys["deputy"]) || strings.Contains(out, canary) || strings.Contains(out, "ENC[") {
			t.Errorf("%s:\n%s", output, out)
		}
	}
}
