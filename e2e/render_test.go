package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// What reggen render writes needs neither reggen nor a plugin: kustomize makes
// the build's bytes of it, and the cluster's key opens every Secret, file by
// file or, as Flux does it, object by object from key-sorted JSON.
func TestRenderedOutputStandsAlone(t *testing.T) {
	p := examples(t)
	p.reggen("render", "overlays/dev", "overlays/staging", "overlays/prod", "-o", "rendered")
	for _, name := range []string{"dev", "staging", "prod"} {
		dir := filepath.Join("rendered", "overlays", name)
		same(t, "kustomize build of rendered output", p.ok("", tool("kustomize"), "build", dir), p.reggen("build", "overlays/"+name))
		withKey := p.withKey(demoKey(name))
		plain := map[string]bool{}
		docs, _ := documents(t, withKey.reggen("build", "--secrets", "plain", "overlays/"+name))
		for _, doc := range docs {
			plain[string(doc)] = true
		}
		files, err := filepath.Glob(filepath.Join(p.dir, dir, "*_secret_*.yaml"))
		must(t, err)
		if len(files) < 3 {
			t.Fatalf("%s: %d Secrets", name, len(files))
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			must(t, err)
			asJSON, err := yaml.YAMLToJSON(text)
			must(t, err)
			opened := withKey.ok("", tool("sops"), "decrypt", f)
			fromJSON := withKey.ok(string(asJSON), tool("sops"), "decrypt", "--input-type", "json", "--output-type", "yaml", "/dev/stdin")
			for how, out := range map[string][]byte{"the file": opened, "JSON": fromJSON} {
				var o any
				must(t, yaml.Unmarshal(out, &o))
				sorted, err := yaml.Marshal(o)
				must(t, err)
				if !plain[string(sorted)] {
					t.Errorf("%s: %s decrypted from %s is not the plain build's Secret", name, filepath.Base(f), how)
				}
			}
		}
	}
}

// A pull request: a branch changes the spec, and the diff says what that does.
func TestDiffOfABranch(t *testing.T) {
	p := examples(t)
	program := system(t, "git", "apt-get install -y --no-install-recommends git")
	git := func(args ...string) {
		p.ok("", program, append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"}, args...)...)
	}
	p.env = append(p.env, "PATH="+filepath.Dir(program))
	git("init", "-q")
	git("add", "-A")
	git("commit", "-q", "-m", "main")
	p.write("bases/registry/registry.yaml", strings.Replace(string(p.read("bases/registry/registry.yaml")), "tag: 3.1.1", "tag: 3.1.2", 1))
	r := p.run("", tool("reggen"), "diff", "overlays/dev", "overlays/staging", "-o", "markdown")
	if r.code != 1 || !bytes.Contains(r.stdout, []byte("-   registry:3.1.1\n+   registry:3.1.2\n")) || bytes.Count(r.stdout, []byte("<details>")) != 1 {
		t.Errorf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}
