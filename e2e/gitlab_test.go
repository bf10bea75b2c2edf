package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// gitlabJob is what the example uses of GitLab's keywords
// (https://docs.gitlab.com/ci/yaml/); any other is a slip.
type gitlabJob struct {
	Extends      string              `json:"extends"`
	Stage        string              `json:"stage"`
	Image        string              `json:"image"`
	BeforeScript []string            `json:"before_script"`
	Script       []string            `json:"script"`
	Needs        []string            `json:"needs"`
	Rules        []map[string]string `json:"rules"`
	Variables    map[string]string   `json:"variables"`
	Artifacts    *struct {
		Paths    []string `json:"paths"`
		ExpireIn string   `json:"expire_in"`
	} `json:"artifacts"`
	Environment *struct {
		Name   string `json:"name"`
		Action string `json:"action"`
	} `json:"environment"`
}

// The GitLab example is strict YAML whose jobs know their stages, their needs
// and their images, whose scripts a shell can read, and whose job with a key
// never runs for a merge request.
func TestGitLabPipeline(t *testing.T) {
	p := bare(t)
	text, err := os.ReadFile(filepath.Join(repo, "deploy/ci/gitlab/.gitlab-ci.yml"))
	must(t, err)
	var all map[string]json.RawMessage
	must(t, yaml.UnmarshalStrict(text, &all))
	var stages []string
	must(t, json.Unmarshal(all["stages"], &stages))
	jobs := map[string]gitlabJob{}
	for name, raw := range all {
		if name == "stages" || name == "variables" {
			continue
		}
		var j gitlabJob
		must(t, yaml.UnmarshalStrict(raw, &j))
		jobs[name] = j
	}
	for name, j := range jobs {
		base := jobs[j.Extends]
		if strings.HasPrefix(name, ".") {
			continue
		}
		if j.Image == "" && base.Image == "" || !slices.Contains(stages, j.Stage) || len(j.Script) == 0 || len(j.Rules) == 0 {
			t.Errorf("%s: %+v", name, j)
		}
		for _, need := range j.Needs {
			if _, ok := jobs[need]; !ok {
				t.Errorf("%s needs %s, which is no job", name, need)
			}
		}
		// Who has a token or a key in a job has none of a merge request's files.
		if reads := len(j.Rules) > 0 && j.Variables["GIT_STRATEGY"] != "none"; j.Environment != nil && reads {
			for _, r := range j.Rules {
				if strings.Contains(r["if"], "merge_request_event") {
					t.Errorf("%s: a merge request's files in %s", name, j.Environment.Name)
				}
			}
		}
		p.ok(strings.Join(append(base.BeforeScript, j.Script...), "\n"), "/bin/sh", "-n")
		for _, line := range j.Script {
			for _, r := range j.Rules {
				if strings.Contains(line, "seal --check") && !strings.Contains(r["if"], "$CI_COMMIT_REF_PROTECTED") {
					t.Errorf("%s: %s", name, r["if"])
				}
			}
		}
	}
}

// The GitLab job makes one comment a merge request, and changes its own
// afterwards; somebody else's that looks like it stays.
func TestGitLabComment(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repo, "deploy/ci/gitlab/.gitlab-ci.yml"))
	must(t, err)
	var jobs map[string]json.RawMessage
	must(t, yaml.Unmarshal(text, &jobs))
	var job gitlabJob
	must(t, yaml.UnmarshalStrict(jobs["comment"], &job))

	var calls []string
	notes := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("PRIVATE-TOKEN") != "demo-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch {
		case r.URL.Path == "/api/v4/user":
			fmt.Fprint(w, `{"id": 5, "username": "bot"}`)
		case r.Method == http.MethodGet:
			fmt.Fprint(w, notes)
		default:
			calls = append(calls, r.Method+" "+r.URL.Path+" "+r.FormValue("body"))
		}
	}))
	defer server.Close()

	p := bare(t)
	p.write("diff.md", "the diff & more\n")
	path := "/usr/bin:/bin"
	for _, program := range []string{"curl", "perl"} {
		found, err := exec.LookPath(program)
		must(t, err)
		path = filepath.Dir(found) + ":" + path
	}
	p.env = append(p.env, "PATH="+path, "CI_API_V4_URL="+server.URL+"/api/v4", "CI_PROJECT_ID=3", "CI_MERGE_REQUEST_IID=7", "REGGEN_COMMENT_TOKEN=demo-token")
	const body = " <!-- reggen diff -->\nthe diff & more\n"
	for _, c := range []struct{ notes, want string }{
		{`[]`, "POST /api/v4/projects/3/merge_requests/7/notes" + body},
		{`[{"id": 40, "author": {"id": 6}, "body": "<!-- reggen diff -->\nnot mine"}, {"id": 41, "author": {"id": 5}, "body": "another"}]`, "POST /api/v4/projects/3/merge_requests/7/notes" + body},
		{`[{"id": 40, "author": {"id": 6}, "body": "<!-- reggen diff -->"}, {"id": 42, "author": {"id": 5}, "body": "<!-- reggen diff -->\nold"}, {"id": 43, "author": {"id": 5}, "body": "<!-- reggen diff -->"}]`,
			"PUT /api/v4/projects/3/merge_requests/7/notes/42" + body},
	} {
		calls, notes = nil, c.notes
		p.ok("", "/bin/sh", "-c", strings.Join(job.Script, "\n"))
		if len(calls) != 1 || calls[0] != c.want {
			t.Errorf("with notes %s: %q", c.notes, calls)
		}
	}
	// What is posted is a file that a job wrote, no link to what this job knows
	// and nothing longer than reggen writes; nor is a link followed to write it.
	calls = nil
	p.write("secret", "of the job\n")
	must(t, os.Symlink("secret", filepath.Join(p.dir, "comment.md")))
	p.ok("", "/bin/sh", "-c", strings.Join(job.Script, "\n"))
	if got := string(p.read("secret")); got != "of the job\n" || len(calls) != 1 {
		t.Errorf("the comment was written by way of a link: %q, %q", got, calls)
	}
	calls = nil
	for what, change := range map[string]func(){
		"a link":   func() { must(t, os.Symlink("secret", filepath.Join(p.dir, "diff.md"))) },
		"a folder": func() { must(t, os.Mkdir(filepath.Join(p.dir, "diff.md"), 0o755)) },
		"a flood":  func() { p.write("diff.md", strings.Repeat("x", 200_000)) },
		"nothing":  func() {},
	} {
		must(t, os.RemoveAll(filepath.Join(p.dir, "diff.md")))
		change()
		if r := p.run("", "/bin/sh", "-c", strings.Join(job.Script, "\n")); r.code == 0 || len(calls) > 0 {
			t.Errorf("%s in the place of the diff: exit status %d, %.100q", what, r.code, calls)
		}
	}
	must(t, os.RemoveAll(filepath.Join(p.dir, "diff.md")))
	p.write("diff.md", "the diff\n")
	p.env = append(p.env, "REGGEN_COMMENT_TOKEN=another")
	if r := p.run("", "/bin/sh", "-c", strings.Join(job.Script, "\n")); r.code == 0 {
		t.Error("a token that counts for nothing passes")
	}
}

// A change may hold a link, or a folder, where a job writes what it found: the
// job writes a file all the same, and nothing elsewhere.
func TestGitLabDiffFollowsNoLink(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repo, "deploy/ci/gitlab/.gitlab-ci.yml"))
	must(t, err)
	var jobs map[string]json.RawMessage
	must(t, yaml.Unmarshal(text, &jobs))
	var job gitlabJob
	must(t, yaml.UnmarshalStrict(jobs["diff"], &job))
	p := bare(t)
	for program, prints := range map[string]string{"git": "", "reggen": "the diff"} {
		must(t, os.WriteFile(filepath.Join(p.tmp, program), []byte("#!/bin/sh\nprintf '%s' '"+prints+"'\n"), 0o755))
	}
	p.env = append(p.env, "PATH="+p.tmp+":/usr/bin:/bin", "CI_MERGE_REQUEST_DIFF_BASE_SHA=x")
	for _, plant := range []func(path string) error{
		func(path string) error { return os.Symlink("elsewhere", path) },
		func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		p.write("elsewhere", "as it was")
		must(t, plant(filepath.Join(p.dir, "diff.md")))
		p.ok("", "/bin/sh", "-e", "-c", strings.Join(job.Script, "\n"))
		if info, err := os.Lstat(filepath.Join(p.dir, "diff.md")); err != nil || !info.Mode().IsRegular() || string(p.read("elsewhere")) != "as it was" || string(p.read("diff.md")) != "the diff" {
			t.Errorf("%v, %v: %q", info, err, p.read("elsewhere"))
		}
		must(t, os.Remove(filepath.Join(p.dir, "diff.md")))
	}
}
