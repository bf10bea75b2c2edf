package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// No diff, rendered file or hook shows a secret, in any form of output and
// whatever the environment variables ask for, with the key at hand.
func TestCanaryInDiffsRenderedFilesAndHooks(t *testing.T) {
	program := system(t, "git", "apt-get install -y --no-install-recommends git")
	w := canaryEnvironment(t)
	w.env = append(w.env, "PATH="+bin+string(os.PathListSeparator)+filepath.Dir(program), "REGGEN_SECRETS=plain")
	git := func(args ...string) {
		w.ok("", program, append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"}, args...)...)
	}
	git("init", "-q")
	w.quiet("seal", "", "seal", "env")
	w.quiet("render", "", "render", "-o", "rendered")
	git("add", "-A")
	git("commit", "-q", "-m", "first")

	changes := map[string]func(){
		"a new password":   func() { w.password("bird", canaries["password"]+"?") },
		"another user":     func() { w.user("crow", "crow", canaries["password"]+"crow", 5) },
		"a user less":      func() { must(t, os.Remove(filepath.Join(w.dir, "env", "credentials", "crow.enc.yaml"))) },
		"a pull secret":    func() { w.pull("more: {user: wren}") },
		"a new S3 key":     func() { w.s3(canaries["accessKey"], canaries["secretKey"]+"2") },
		"another data key": func() { w.quiet("rotate", "", "seal", "--rotate-keys", "env") },
	}
	for _, name := range []string{"a new password", "another user", "a user less", "a pull secret", "a new S3 key", "another data key"} {
		changes[name]()
		w.compareAll(name+", not sealed", false)
		w.quiet(name, "", "seal", "env")
		w.compareAll(name, true)
		w.hooks(name)
		w.quiet(name, "", "render", "-o", "rendered")
		git("add", "-A")
		git("commit", "-q", "-m", name)
	}

	// Secrets that somebody keeps in the clear beside the registry are no
	// business of seal's, but a diff shows none of them either.
	for _, value := range []string{canaries["password"], canaries["hash-only"]} {
		w.write("env/mine.yaml", toYAML(t, map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "mine"}, "stringData": map[string]any{"key": value}}))
		w.write("env/kustomization.yaml", "generators: [registry]\nresources: [mine.yaml]\n")
		for _, output := range []string{"text", "json", "yaml", "markdown"} {
			r := w.run("", tool("reggen"), "diff", "-o", output)
			if r.code != 1 || !bytes.Contains(r.stdout, []byte("stringData/key")) {
				t.Errorf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
			}
			w.search("a readable Secret", "the diff as "+output, append(r.stdout, r.stderr...))
		}
		git("add", "-A")
		git("commit", "-q", "-m", "readable")
	}
}

// compareAll prints every diff there is of what was changed.
func (w watch) compareAll(when string, differs bool) {
	w.t.Helper()
	for _, output := range []string{"text", "json", "yaml", "markdown"} {
		for _, args := range [][]string{{"--from", "HEAD"}, {"--against", "rendered"}} {
			r := w.quiet(when, "", append([]string{"diff", "env", "-o", output}, args...)...)
			if differs && (r.code != 1 || len(r.stdout) == 0) {
				w.t.Errorf("%s: diff %v: exit status %d\n%s", when, args, r.code, r.stderr)
			}
		}
	}
}

// hooks runs what .pre-commit-hooks.yaml has, as pre-commit would.
func (w watch) hooks(when string) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(repo, ".pre-commit-hooks.yaml"))
	must(w.t, err)
	var hooks []struct {
		ID    string `json:"id"`
		Entry string `json:"entry"`
		Pass  *bool  `json:"pass_filenames"`
	}
	must(w.t, yaml.Unmarshal(text, &hooks))
	if len(hooks) < 3 {
		w.t.Fatalf("%d hooks", len(hooks))
	}
	for _, h := range hooks {
		args := strings.Fields(h.Entry)[1:]
		if h.ID == "reggen-render" {
			args = append(args, "-o", "rendered")
		}
		if h.Pass == nil || *h.Pass {
			found, err := filepath.Glob(filepath.Join(w.dir, "env", "credentials", "*"))
			must(w.t, err)
			for _, f := range found {
				args = append(args, "env/credentials/"+filepath.Base(f))
			}
		}
		w.quiet(when+", hook "+h.ID, "", args...)
	}
}

// pull adds a pull secret to the spec.
func (w watch) pull(line string) {
	w.t.Helper()
	w.edit("registry/registry.yaml", func(_ watch, s string) string {
		return strings.Replace(s, "pullSecrets:\n", "pullSecrets:\n        "+line+"\n", 1)
	})
}
