package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// The workflows pass actionlint, from the folder that GitHub reads.
func TestGitHubWorkflows(t *testing.T) {
	p := bare(t)
	copyTree(t, filepath.Join(repo, "deploy/ci/github"), filepath.Join(p.dir, ".github/workflows"))
	must(t, os.MkdirAll(filepath.Join(p.dir, ".git"), 0o755))
	if r := p.run("", tool("actionlint"), "-no-color", "-shellcheck=", "-pyflakes="); r.code != 0 {
		t.Errorf("actionlint: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	for name, text := range tree(t, filepath.Join(p.dir, ".github/workflows")) {
		var w struct {
			On          any               `json:"on"`
			Permissions map[string]string `json:"permissions"`
		}
		must(t, yaml.Unmarshal([]byte(strings.Replace(string(text), "\non:", "\n\"on\":", 1)), &w)) // on is true in YAML 1.1
		on, events := fmt.Sprint(w.On), map[string]bool{}
		for _, event := range []string{"push", "pull_request", "pull_request_target", "schedule"} {
			events[event] = regexp.MustCompile(`\b` + event + `\b`).MatchString(on)
		}
		if !events["push"] && !events["pull_request"] && !events["schedule"] || len(w.Permissions) == 0 {
			t.Errorf("%s: on %s, permissions %v", name, on, w.Permissions)
		}
		// A tag can be moved to another commit, a commit can't.
		for line := range strings.Lines(string(text)) {
			if _, action, is := strings.Cut(line, "uses:"); is && !regexp.MustCompile(`^ [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\n$`).MatchString(action) {
				t.Errorf("%s: an action by tag: %s", name, line)
			}
		}
		separate(t, name, string(text), events["pull_request"])
		// A key in reach of what a pull request can change is no key.
		if events["pull_request_target"] || events["pull_request"] && strings.Contains(string(text), "secrets.") {
			t.Errorf("%s: on %s, and reads secrets", name, on)
		}
	}
}

// separate says that a job with a key or a token that may write runs nothing
// that a pull request brings: for those, it has no checkout.
func separate(t *testing.T, name, text string, pullRequest bool) {
	t.Helper()
	type steps []struct {
		Uses, Run string
		With      map[string]any
	}
	var w struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Permissions map[string]string
			Environment string
			If          string
			Steps       steps
		}
	}
	must(t, yaml.Unmarshal([]byte(text), &w))
	for job, j := range w.Jobs {
		checkout, installed, writes := -1, -1, false
		for i, s := range j.Steps {
			if strings.HasPrefix(s.Uses, "actions/checkout@") {
				checkout = i
				if pullRequest && s.With["persist-credentials"] != false {
					t.Errorf("%s: %s: the checkout keeps its token", name, job)
				}
			}
			if strings.Contains(s.Run, "go install") {
				installed = i
			}
		}
		for _, permissions := range []map[string]string{w.Permissions, j.Permissions} {
			for _, may := range permissions {
				writes = writes || may == "write"
			}
		}
		if pullRequest && writes && checkout >= 0 {
			t.Errorf("%s: %s may write and has the change at hand", name, job)
		}
		if checkout >= 0 && installed > checkout {
			t.Errorf("%s: %s installs reggen in the checkout", name, job)
		}
		if strings.Contains(text, "secrets.") && (j.Environment == "" || !strings.Contains(j.If, "refs/heads/main")) {
			t.Errorf("%s: %s reads secrets outside an environment, or for any branch", name, job)
		}
		for _, s := range j.Steps {
			if strings.Contains(s.Run, "--allow-") || strings.Contains(text, "secrets.") && regexp.MustCompile(`reggen (seal|user|credential|offboard)\b`).MatchString(strings.ReplaceAll(s.Run, "seal --check", "")) {
				t.Errorf("%s: %s: %s", name, job, s.Run)
			}
		}
	}
}

// The step that comments makes one comment a pull request, and changes it
// afterwards.
func TestGitHubComment(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repo, "deploy/ci/github/pull-request.yaml"))
	must(t, err)
	var w struct {
		Jobs map[string]struct {
			Steps []struct{ Name, Run string }
		}
	}
	must(t, yaml.Unmarshal(text, &w))
	step := ""
	for _, s := range w.Jobs["tell"].Steps {
		if strings.Contains(s.Run, "gh pr comment") {
			step = s.Run
		}
	}
	p := bare(t)
	must(t, os.WriteFile(filepath.Join(p.tmp, "diff.md"), []byte("the diff\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(p.tmp, "gh"), []byte(`#!/bin/bash
echo "$@" >> calls
case "$*" in *--jq*) cat comments; exit ;; esac
for a; do case $a in body=@*) cat "${a#body=@}" > posted ;; *comment.md) cat "$a" > posted ;; esac; done
`), 0o755))
	p.env = append(p.env, "PATH="+p.tmp+":/usr/bin:/bin", "RUNNER_TEMP="+p.tmp, "GITHUB_REPOSITORY=o/r", "NUMBER=7")
	for _, c := range []struct{ comments, want string }{
		{"", "pr comment 7 --repo o/r --body-file "},
		{"41\n42\n", "api --silent --method PATCH repos/o/r/issues/comments/41 -F body=@"},
	} {
		p.write("comments", c.comments)
		p.ok("", "/bin/bash", "-e", "-o", "pipefail", "-c", step)
		if calls := string(p.read("calls")); !strings.Contains(calls, c.want) || string(p.read("posted")) != "<!-- reggen diff -->\nthe diff\n" {
			t.Errorf("with comments %q: %s\n%s", c.comments, calls, p.read("posted"))
		}
	}
}

// What CI runs works here, in a shell, on a good repository and on a branch
// that forgot to render: every line of the examples that calls reggen.
func TestCICommands(t *testing.T) {
	git := system(t, "git", "apt-get install -y --no-install-recommends git")
	p := examples(t)
	p.env = append(p.env, "PATH="+bin+":"+filepath.Dir(git)+":/usr/bin:/bin", "GITHUB_BASE_REF=main", "CI_MERGE_REQUEST_DIFF_BASE_SHA=origin/main", "RUNNER_TEMP="+p.tmp)
	commit := func(message string) {
		p.ok("", git, "add", "-A")
		p.ok("", git, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", message)
	}
	prod := "overlays/prod/registry/registry.yaml"
	p.write(prod, string(p.read(prod))+"  auth: {maxAge: 9999d}\n") // for reggen user rotate --due, which finds nothing
	p.ok("", git, "-c", "init.defaultBranch=main", "init", "-q")
	p.ok("", "/bin/sh", "-c", "reggen render overlays/* -o rendered")
	commit("main")
	p.ok("", git, "update-ref", "refs/remotes/origin/main", "HEAD")
	shell := func(p *project, line string) result { return p.run("", "/bin/sh", "-e", "-c", line) }

	lines := ciCommands(t)
	for _, line := range lines {
		q := p
		if strings.Contains(line, "seal --check") {
			q = p.withKey(demoKey("people"))
		}
		if r := shell(q, line); r.code != 0 {
			t.Errorf("%s: exit status %d\n%s%s", line, r.code, r.stdout, r.stderr)
		}
	}
	p.write("bases/registry/registry.yaml", strings.Replace(string(p.read("bases/registry/registry.yaml")), "tag: 3.1.1", "tag: 3.1.2", 1))
	commit("a branch")
	for _, line := range lines {
		if strings.Contains(line, "render") && !strings.Contains(line, "--check") {
			continue // would mend it
		}
		r := shell(p, line)
		switch {
		case strings.Contains(line, "render") && strings.Contains(line, "--check") && r.code == 0:
			t.Errorf("%s passes on a branch that forgot to render", line)
		case strings.Contains(line, "diff") && !strings.Contains(string(p.diffs()), "registry:3.1.2"):
			t.Errorf("%s does not tell the new image:\n%s", line, p.diffs())
		case strings.Contains(line, "seal --check") && r.code == 0:
			t.Errorf("%s passes without a key", line)
		}
	}
}

// diffs is what CI wrote for the comment.
func (p *project) diffs() []byte {
	var all []byte
	for _, file := range []string{filepath.Join(p.dir, "diff.md"), filepath.Join(p.tmp, "diff.md")} {
		if text, err := os.ReadFile(file); err == nil {
			all = append(all, text...)
			_ = os.Remove(file)
		}
	}
	return all
}

// ciCommands are the lines below deploy/ci that call reggen.
func ciCommands(t testing.TB) []string {
	t.Helper()
	call := regexp.MustCompile(`^\s*(?:- )?(?:run: )?(reggen .*)$`)
	var lines []string
	for _, text := range tree(t, filepath.Join(repo, "deploy/ci")) {
		for line := range strings.Lines(string(text)) {
			if m := call.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && !slices.Contains(lines, m[1]) {
				lines = append(lines, m[1])
			}
		}
	}
	slices.Sort(lines)
	if len(lines) < 6 {
		t.Fatalf("only %q", lines)
	}
	return lines
}

// Renovate finds the image of every spec, written as a block or on one line,
// and reggen's own version wherever CI installs it.
func TestRenovate(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repo, "deploy/ci/renovate/renovate.json"))
	must(t, err)
	var c struct {
		CustomManagers []struct {
			Type     string   `json:"customType"`
			Files    []string `json:"managerFilePatterns"`
			Match    []string `json:"matchStrings"`
			Template string   `json:"datasourceTemplate"`
		} `json:"customManagers"`
	}
	must(t, json.Unmarshal(text, &c))
	// found runs the managers on a file as Renovate does: RE2 there, the same here.
	found := func(path, text string) []string {
		var out []string
		for _, m := range c.CustomManagers {
			if m.Type != "regex" || len(m.Match) != 1 {
				t.Fatalf("%+v", m)
			}
			applies := slices.ContainsFunc(m.Files, func(f string) bool {
				return regexp.MustCompile(strings.Trim(f, "/")).MatchString(path)
			})
			re := regexp.MustCompile(m.Match[0])
			for _, match := range re.FindAllStringSubmatch(text, -1) {
				if !applies {
					continue
				}
				source := m.Template
				if i := re.SubexpIndex("datasource"); i > 0 {
					source = match[i]
				}
				out = append(out, source+" "+match[re.SubexpIndex("depName")]+" "+match[re.SubexpIndex("currentValue")])
			}
		}
		return out
	}
	base := "bases/registry/registry.yaml"
	spec, err := os.ReadFile(filepath.Join(repo, base))
	must(t, err)
	for name, c := range map[string]struct {
		path, text string
		want       []string
	}{
		"the base":          {base, string(spec), []string{"docker registry 3.1.1"}},
		"other fields":      {"overlays/prod/registry/registry.yaml", "spec:\n  image:\n    pullPolicy: Always\n    repository: quay.io/x/registry\n    flavor: distribution\n    tag: \"3.1.1\"\n", []string{"docker quay.io/x/registry 3.1.1"}},
		"on one line":       {"overlays/prod/registry/registry.yaml", "spec:\n  image: {repository: registry, tag: 3.1.1, flavor: distribution}\n", []string{"docker registry 3.1.1"}},
		"no image":          {"overlays/prod/registry/registry.yaml", "spec:\n  host: a.example.com\n  proxy:\n    repository: x\n    tag: y\n", nil},
		"another's image":   {"overlays/prod/deployment.yaml", "spec:\n  image:\n    repository: x\n    tag: y\n", nil},
		"an image, no tag":  {base, "spec:\n  image:\n    repository: x\n  tag: y\n", nil},
		"Renovate's marker": {".gitlab-ci.yml", "variables:\n  # renovate: datasource=go depName=github.com/reggen/reggen\n  REGGEN_VERSION: v0.1.0\n", []string{"go github.com/reggen/reggen v0.1.0"}},
	} {
		if got := found(c.path, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
	for path, dir := range map[string]string{".github/workflows/": "github", "": "gitlab"} {
		for name, text := range tree(t, filepath.Join(repo, "deploy/ci", dir)) {
			if got := found(path+name, string(text)); !slices.Equal(got, []string{"go github.com/reggen/reggen v0.1.0"}) {
				t.Errorf("%s: %q", path+name, got)
			}
		}
	}
}
