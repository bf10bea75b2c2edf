package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// workflow is what the tests here ask of one.
type workflow struct {
	On          map[string]any
	Permissions map[string]string
	Jobs        map[string]struct {
		Uses, Environment string
		Permissions       map[string]string
		Steps             []struct {
			Uses, Run string
			With      map[string]any
		}
	}
}

// ours are this repository's own workflows by name.
func ours(t *testing.T) map[string]workflow {
	t.Helper()
	out := map[string]workflow{}
	for name, text := range tree(t, filepath.Join(repo, ".github/workflows")) {
		var w workflow
		must(t, yaml.Unmarshal([]byte(strings.Replace(string(text), "\non:", "\n\"on\":", 1)), &w)) // on is true in YAML 1.1
		out[name] = w
	}
	if len(out) < 2 {
		t.Fatalf("only %d workflows", len(out))
	}
	return out
}

// Our own workflows pass actionlint.
func TestOwnWorkflows(t *testing.T) {
	p := bare(t)
	copyTree(t, filepath.Join(repo, ".github"), filepath.Join(p.dir, ".github"))
	must(t, os.MkdirAll(filepath.Join(p.dir, ".git"), 0o755))
	if r := p.run("", tool("actionlint"), "-no-color", "-shellcheck=", "-pyflakes="); r.code != 0 {
		t.Errorf("actionlint: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// CI runs .ci/run and the tests on Windows, for pull requests too, and nothing of theirs comes near a
// token that may write.
func TestOwnChecksAreTheScript(t *testing.T) {
	all := ours(t)
	ci := all["ci.yaml"]
	if _, ok := ci.On["pull_request"]; !ok || !maps.Equal(ci.Permissions, map[string]string{"contents": "read"}) || len(ci.Jobs) != 2 {
		t.Errorf("ci.yaml: on %v, permissions %v, %d jobs", ci.On, ci.Permissions, len(ci.Jobs))
	}
	steps := ci.Jobs["run"].Steps
	if len(steps) == 0 || steps[len(steps)-1].Run != ".ci/run" {
		t.Error("ci.yaml: the last step is not .ci/run")
	}
	windows := ci.Jobs["windows"].Steps
	if len(windows) == 0 || windows[len(windows)-1].Run != "scripts/windows-tests.sh" {
		t.Error("ci.yaml: the other job does not run the tests on Windows")
	}
	for name, w := range all {
		for event := range w.On {
			if name != "ci.yaml" && event != "push" || event == "pull_request_target" {
				t.Errorf("%s: on %s", name, event)
			}
		}
		for job, j := range w.Jobs {
			if name != "ci.yaml" && j.Uses == "" && j.Environment == "" {
				t.Errorf("%s: %s may write outside an environment", name, job)
			}
			for _, s := range j.Steps {
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
					t.Errorf("%s: %s: the checkout keeps its token", name, job)
				}
			}
		}
	}
	push, _ := all["release.yaml"].On["push"].(map[string]any)
	if push["tags"] == nil || push["branches"] != nil || all["release.yaml"].Jobs["ci"].Uses != "./.github/workflows/ci.yaml" {
		t.Errorf("release.yaml: on %v, not after .ci/run", push)
	}
}

// Every action is named by commit, with its version beside it, and the same
// one everywhere, the examples for users included.
func TestActionsAreTheSameEverywhere(t *testing.T) {
	pin := regexp.MustCompile(`^([\w./-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)\n$`)
	first := map[string]string{}
	for _, dir := range []string{".github/workflows", "deploy/ci/github"} {
		texts := tree(t, filepath.Join(repo, dir))
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			for line := range strings.Lines(string(texts[name])) {
				_, action, is := strings.Cut(line, "uses: ")
				if !is || strings.HasPrefix(action, "./") {
					continue
				}
				m := pin.FindStringSubmatch(action)
				switch {
				case m == nil:
					t.Errorf("%s: not by commit and version: %s", name, line)
				case first[m[1]] == "":
					first[m[1]] = m[2]
				case first[m[1]] != m[2]:
					t.Errorf("%s: %s is %s elsewhere", name, m[1], first[m[1]])
				}
			}
		}
	}
	if len(first) < 4 {
		t.Errorf("only %d actions found", len(first))
	}
}

// GitHub shows a form that it can't read as an error, to those who would have
// filled it in.
func TestIssueForms(t *testing.T) {
	for name, text := range tree(t, filepath.Join(repo, ".github/ISSUE_TEMPLATE")) {
		if name == "config.yml" {
			continue
		}
		var form struct {
			Name, Description string
			Labels            []string
			Body              []struct {
				Type, ID    string
				Attributes  struct{ Label, Description, Value, Render string }
				Validations struct{ Required bool }
			}
		}
		must(t, yaml.UnmarshalStrict(text, &form))
		if form.Name == "" || form.Description == "" || len(form.Body) == 0 {
			t.Errorf("%s has no name, description or body", name)
		}
		seen := map[string]bool{}
		for _, b := range form.Body {
			text := b.Type == "markdown" && b.Attributes.Value != ""
			asks := (b.Type == "input" || b.Type == "textarea") && b.Attributes.Label != "" && b.ID != "" && !seen[b.ID]
			if seen[b.ID] = true; !text && !asks {
				t.Errorf("%s: %+v", name, b)
			}
		}
	}
}

// The release workflow brings what .goreleaser.yaml calls.
func TestReleaseHasItsPrograms(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repo, ".github/workflows/release.yaml"))
	must(t, err)
	installed := regexp.MustCompile(`(?m)go install (\S+)@v\d+\.\d+\.\d+$`).FindAllStringSubmatch(string(text), -1)
	var names []string
	for _, m := range installed {
		names = append(names, regexp.MustCompile(`([a-z]+)(/v\d+)?$`).FindStringSubmatch(m[1])[1])
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"cosign", "crane", "goreleaser", "syft"}) || strings.Count(string(text), "go install") != len(names) {
		t.Errorf("installed: %q", names)
	}
	config, err := os.ReadFile(filepath.Join(repo, ".goreleaser.yaml"))
	must(t, err)
	var g struct {
		SBOMs []struct{ Artifacts string }
		Signs []struct {
			Cmd, Artifacts, Signature string
			Args                      []string
		}
		Checksum map[string]string
	}
	must(t, yaml.Unmarshal(config, &g))
	if len(g.SBOMs) != 1 || len(g.Signs) != 1 || g.Signs[0].Cmd != "cosign" || g.Signs[0].Artifacts != "checksum" ||
		!strings.Contains(string(text), "subject-checksums: dist/"+g.Checksum["name_template"]+"\n") {
		t.Errorf("%+v", g)
	}
}
