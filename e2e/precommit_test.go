package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The published hooks under the real pre-commit, which builds reggen itself:
// in a consumer's repository with a good commit, with one that leaves rendered
// output stale, and with one that only deletes.
func TestPreCommitHooks(t *testing.T) {
	preCommit := system(t, "pre-commit", "apt-get install -y --no-install-recommends pre-commit")
	git := system(t, "git", "apt-get install -y --no-install-recommends git")
	home := t.TempDir()
	env := append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"), "SOPS_AGE_KEY_FILE=", "PRE_COMMIT_COLOR=never",
		// pre-commit gives Go a GOPATH of its own: keep what is downloaded and built.
		"GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOCACHE="+goEnv(t, "GOCACHE"), "GOFLAGS=-buildvcs=false")
	in := func(dir, program string, args ...string) result {
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Env = dir, env
		return finish(t, cmd)
	}
	commit := func(dir string) string {
		for _, args := range [][]string{{"add", "-A"}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "--no-verify", "-m", "x"}} {
			if r := in(dir, git, args...); r.code != 0 {
				t.Fatalf("git %v: %s", args, r.stderr)
			}
		}
		return strings.TrimSpace(string(in(dir, git, "rev-parse", "HEAD").stdout))
	}

	// The hooks' repository is this one as it stands, committed or not.
	source := t.TempDir()
	for _, name := range []string{".pre-commit-hooks.yaml", "cmd", "docs", "generator", "internal", "go.mod", "go.sum"} {
		copyTree(t, filepath.Join(repo, name), filepath.Join(source, name))
	}
	in(source, git, "-c", "init.defaultBranch=main", "init", "-q")
	rev := commit(source)

	p := examples(t)
	in(p.dir, git, "-c", "init.defaultBranch=main", "init", "-q")
	p.write(".pre-commit-config.yaml", "repos:\n- repo: "+source+"\n  rev: "+rev+"\n  hooks:\n  - id: reggen-check\n  - id: reggen-diff\n  - id: reggen-render\n    args: [-o, rendered]\n")
	p.reggen("render", "-o", "rendered")
	commit(p.dir)
	hooks := func() result { return in(p.dir, preCommit, "run", "--all-files") }

	if r := hooks(); r.code != 0 || bytes.Count(r.stdout, []byte("Passed")) != 3 {
		t.Fatalf("a good commit: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}

	spec := string(p.read("overlays/staging/registry/registry.yaml"))
	p.write("overlays/staging/registry/registry.yaml", strings.Replace(spec, "replicas: 2", "replicas: 3", 1))
	in(p.dir, git, "add", "-A")
	if r := hooks(); r.code == 0 || !bytes.Contains(r.stdout, []byte("spec/replicas: 2 -> 3")) || !bytes.Contains(r.stdout, []byte("files were modified by this hook")) {
		t.Errorf("stale rendered output: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	commit(p.dir)
	if r := hooks(); r.code != 0 {
		t.Errorf("once it is committed: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}

	in(p.dir, git, "rm", "-q", "overlays/staging/credentials/bob.enc.yaml")
	if r := hooks(); r.code == 0 || !bytes.Contains(r.stdout, []byte(`user "bob"`)) || !bytes.Contains(r.stdout, []byte("reggen seal overlays/staging")) {
		t.Errorf("a commit that only deletes: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}
