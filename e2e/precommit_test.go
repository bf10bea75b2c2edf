package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// preCommitting is a consumer's repository that uses the hooks.
type preCommitting struct {
	*project
	preCommit, git string
	source         string   // the hooks' repository
	env            []string // of the processes: the machine's, but for home and keys
}

func (c preCommitting) in(dir, program string, args ...string) result {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, c.env
	return finish(c.t, cmd)
}

// commit commits everything, past the hooks, and returns the revision.
func (c preCommitting) commit(dir string) string {
	for _, args := range [][]string{{"add", "-A"}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "--no-verify", "-m", "x"}} {
		if r := c.in(dir, c.git, args...); r.code != 0 {
			c.t.Fatalf("git %v: %s", args, r.stderr)
		}
	}
	return strings.TrimSpace(string(c.in(dir, c.git, "rev-parse", "HEAD").stdout))
}

// consumer is a copy of the examples, a git repository with nothing committed
// yet, that uses hooks of this repository as it stands, committed or not.
func consumer(t *testing.T, hooks string) preCommitting {
	t.Helper()
	home := t.TempDir()
	c := preCommitting{
		project:   examples(t),
		preCommit: system(t, "pre-commit", "apt-get install -y --no-install-recommends pre-commit"),
		git:       system(t, "git", "apt-get install -y --no-install-recommends git"),
		source:    t.TempDir(),
		env: append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"), "SOPS_AGE_KEY_FILE=", "PRE_COMMIT_COLOR=never",
			// pre-commit gives Go a GOPATH of its own: keep what is downloaded and built.
			"GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOCACHE="+goEnv(t, "GOCACHE"), "GOFLAGS=-buildvcs=false -trimpath"),
	}
	for _, name := range []string{".pre-commit-hooks.yaml", "cmd", "docs", "generator", "internal", "go.mod", "go.sum"} {
		copyTree(t, filepath.Join(repo, name), filepath.Join(c.source, name))
	}
	for _, dir := range []string{c.source, c.dir} {
		c.in(dir, c.git, "-c", "init.defaultBranch=main", "init", "-q")
	}
	c.write(".pre-commit-config.yaml", "repos:\n- repo: "+c.source+"\n  rev: "+c.commit(c.source)+"\n  hooks:\n"+hooks)
	return c
}

// The published hooks under the real pre-commit, which builds reggen itself:
// in a consumer's repository with a good commit, with one that leaves rendered
// output stale, and with one that only deletes.
func TestPreCommitHooks(t *testing.T) {
	c := consumer(t, "  - id: reggen-check\n  - id: reggen-diff\n  - id: reggen-render\n    args: [-o, rendered]\n  - id: reggen-credentials\n")
	p, in, commit, git := c.project, c.in, c.commit, c.git
	p.reggen("render", "-o", "rendered")
	commit(p.dir)
	hooks := func() result { return in(p.dir, c.preCommit, "run", "--all-files") }

	if r := hooks(); r.code != 0 || bytes.Count(r.stdout, []byte("Passed")) != 4 {
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

// The hook on credentials looks at the files of the commit alone, wherever
// they lie and whatever they are called, and needs no environment.
func TestPreCommitCredentials(t *testing.T) {
	c := consumer(t, "  - id: reggen-credentials\n")
	hook := func(args ...string) result { return c.in(c.dir, c.preCommit, append([]string{"run"}, args...)...) }
	c.commit(c.dir)
	if r := hook("--all-files"); r.code != 0 {
		t.Fatalf("the examples: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	const secret = "canary-hook-password"
	readable := "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\nmetadata: {name: dave}\ntype: user\nstringData: {password: " + secret + "}\n"
	for _, file := range []string{"overlays/staging/credentials/dave.enc.yaml", "dave.yaml", "notes/dave.yaml.bak", "-dave"} {
		c.write(file, readable)
		c.in(c.dir, c.git, "add", "-A")
		r := hook()
		if r.code == 0 || !bytes.Contains(r.stdout, []byte("stringData.password: is readable: not encrypted")) || !bytes.Contains(r.stdout, []byte(file)) {
			t.Errorf("%s: exit status %d\n%s%s", file, r.code, r.stdout, r.stderr)
		}
		if bytes.Contains(append(r.stdout, r.stderr...), []byte(secret)) {
			t.Errorf("%s: the value is in what the hook prints", file)
		}
		c.in(c.dir, c.git, "rm", "-qf", "--", file)
	}
	// What is staged counts, not what lies about: pre-commit puts it aside.
	c.write("later.yaml", readable)
	c.write("README.md", "staged")
	c.in(c.dir, c.git, "add", "README.md")
	if r := hook(); r.code != 0 {
		t.Errorf("a readable credential that is not staged: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	// As somebody tries it before putting it into a configuration.
	if r := c.in(c.dir, c.preCommit, "try-repo", c.source, "reggen-credentials", "--all-files"); r.code != 0 || !bytes.Contains(r.stdout, []byte("Passed")) {
		t.Errorf("try-repo: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	c.in(c.dir, c.git, "add", "-A")
	if r := c.in(c.dir, c.preCommit, "try-repo", c.source, "reggen-credentials", "--all-files"); r.code == 0 || !bytes.Contains(r.stdout, []byte("later.yaml")) {
		t.Errorf("try-repo with a readable credential: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}
