package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// The workflow that rotates what is due, step by step, with the real git and a
// stand-in for gh: the patch brings a branch that a person can seal, and while
// that branch is there nothing is pushed a second time.
func TestRotateDueWorkflow(t *testing.T) {
	git := system(t, "git", "apt-get install -y --no-install-recommends git")
	text, err := os.ReadFile(filepath.Join(repo, "deploy/ci/github/rotate-due.yaml"))
	must(t, err)
	var w struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Permissions map[string]string
			Steps       []struct{ Name, Run string }
		}
	}
	must(t, yaml.Unmarshal(text, &w))
	steps := map[string]string{}
	for job, j := range w.Jobs {
		for _, s := range j.Steps {
			steps[s.Name] = s.Run
			if j.Permissions["contents"] == "write" && strings.Contains(s.Run, "reggen user") {
				t.Errorf("%s: reggen runs beside a token that may write", job)
			}
		}
	}
	if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" || strings.Contains(string(text), "SOPS_AGE_KEY") {
		t.Errorf("permissions %v, or a key", w.Permissions)
	}

	p := examples(t)
	prod := "overlays/prod/registry/registry.yaml"
	p.write(prod, string(p.read(prod))+"  auth: {maxAge: 90d}\n")
	must(t, os.WriteFile(filepath.Join(p.tmp, "gh"), []byte("#!/bin/sh\necho \"$@\" >> "+p.tmp+"/calls\n"), 0o755))
	p.env = append(p.env, "PATH="+p.tmp+":"+bin+":"+filepath.Dir(git)+":/usr/bin:/bin", "RUNNER_TEMP="+p.tmp,
		"GITHUB_STEP_SUMMARY="+p.tmp+"/summary", "GITHUB_OUTPUT="+p.tmp+"/output", "GIT_CONFIG_GLOBAL=/dev/null")
	run := func(step string) {
		t.Helper()
		if steps[step] == "" {
			t.Fatalf("no step %q", step)
		}
		p.ok("", "/bin/bash", "-e", "-o", "pipefail", "-c", steps[step])
	}
	p.ok("", git, "-c", "init.defaultBranch=main", "init", "-q")
	p.ok("", git, "add", "-A")
	p.ok("", git, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "main")
	p.ok("", git, "clone", "-q", "--bare", ".", p.tmp+"/origin.git")
	p.ok("", git, "remote", "add", "origin", p.tmp+"/origin.git")
	// rotate runs on a day on which one password is due. The day is taken out again:
	// it was not the file's, and the MAC says so.
	rotate := func() {
		file := "overlays/prod/credentials/puller.enc.yaml"
		text := string(p.read(file))
		dated := strings.Replace(text, "  annotations:\n", "  annotations:\n    reggen.dev/set-on: \"2020-01-02\"\n", 1)
		if dated == text {
			t.Fatal("no place for a day")
		}
		p.write(file, dated)
		run("Do what is due")
		p.write(file, text)
	}
	fresh := func() {
		p.ok("", git, "reset", "-q", "--hard")
		p.ok("", git, "switch", "-q", "main")
	}

	rotate()
	run("Make a patch of it")
	if out, _ := os.ReadFile(p.tmp + "/output"); string(out) != "changed=true\n" {
		t.Fatalf("%q", out)
	}
	due, err := os.ReadFile(p.tmp + "/due.txt")
	must(t, err)
	if !strings.Contains(string(due), "overlays/prod: user puller: rotated to puller-2: ") {
		t.Fatalf("%s", due)
	}
	fresh()
	run("Open a pull request")
	calls, err := os.ReadFile(p.tmp + "/calls")
	must(t, err)
	body, err := os.ReadFile(p.tmp + "/body.md")
	must(t, err)
	if !strings.Contains(string(calls), "pr create --base main --head registry-rotation") || !strings.Contains(string(body), string(due)) {
		t.Errorf("%s\n%s", calls, body)
	}
	branch := func() string { return string(p.ok("", git, "ls-remote", "origin", "refs/heads/registry-rotation")) }
	first := branch()
	if first == "" {
		t.Fatal("no branch was pushed")
	}

	// Another day, and nobody has merged it.
	fresh()
	p.ok("", git, "branch", "-q", "-D", "registry-rotation")
	rotate()
	run("Make a patch of it")
	fresh()
	run("Open a pull request")
	if again, _ := os.ReadFile(p.tmp + "/calls"); branch() != first || strings.Count(string(again), "pr create") != 1 {
		t.Errorf("another pull request: %s", again)
	}

	// A person seals the branch, and it builds.
	p.ok("", git, "fetch", "-q", "origin", "registry-rotation")
	p.ok("", git, "switch", "-q", "--detach", "FETCH_HEAD")
	if r := p.run("", "/bin/sh", "-c", "reggen build overlays/prod"); r.code == 0 {
		t.Error("it builds unsealed")
	}
	q := p.withKey(demoKey("people"))
	q.ok("", "/bin/sh", "-c", "reggen seal overlays/prod && reggen build overlays/prod && reggen user verify puller-2 --dir overlays/prod")
}
