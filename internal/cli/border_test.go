package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a pull request puts into an environment runs nothing in any command,
// is named with the flag that allows it, and is named by check all the same
// where the flag is given.
func TestTheRepositoryRunsNothing(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	bin := t.TempDir()
	record := filepath.Join(bin, "record")
	for _, name := range []string{"helm", "docker", "git"} {
		text := "#!/bin/sh\necho " + name + " $* >> " + record + "\ncat > /dev/null\nexit 3\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	good := e.files()
	container := "apiVersion: v1\nkind: Fn\nmetadata: {name: f, annotations: {config.kubernetes.io/function: 'container: {image: evil}'}}\n"
	for name, attack := range map[string]struct {
		files map[string]string
		says  string
	}{
		"helm":          {map[string]string{"overlays/e0/kustomization.yaml": "generators: [registry]\nhelmGlobals: {configHome: evil}\nhelmCharts: [{name: x, repo: 'evil://h'}]\n"}, "--allow-programs"},
		"helm in spec":  {map[string]string{"overlays/e0/registry/kustomization.yaml": "resources: [../../../bases/registry]\npatches: [{path: registry.yaml}]\nhelmCharts: [{name: x, repo: 'evil://h'}]\n"}, "--allow-programs"},
		"container":     {map[string]string{"overlays/e0/kustomization.yaml": "generators: [registry]\ntransformers: [fn.yaml]\n", "overlays/e0/fn.yaml": container}, "--allow-programs"},
		"remote":        {map[string]string{"overlays/e0/kustomization.yaml": "generators: [registry]\nresources: ['https://127.0.0.1:1/x?ref=y']\n"}, "--allow-network"},
		"remote in the": {map[string]string{"overlays/e0/registry/kustomization.yaml": "resources: ['https://127.0.0.1:1/x?ref=y']\npatches: [{path: registry.yaml}]\n"}, "--allow-network"},
	} {
		t.Run(name, func(t *testing.T) {
			for path, text := range attack.files {
				e.write(path, text)
			}
			for _, args := range []string{
				"build", "build --secrets plain", "check", "diff --against .", "render -o out", "seal", "seal --check", "user list", "user add x --generate", "user verify puller",
				"user rotate puller", "user retire puller", "user remove u0", "credential show s3", "credential set s3 --stdin", "offboard " + e.keys["e0"] + " --dry-run", "init overlays/e9 --host h.example.com --bucket b --base overlays/e0/registry",
			} {
				words := strings.Fields(args)
				if words[0] == "build" || words[0] == "check" || words[0] == "seal" {
					words = append(words, "overlays/e0")
				}
				_, errs, code := run(t, e.dir, words...)
				if words[0] == "build" && (code == 0 || !strings.Contains(errs, attack.says)) {
					t.Errorf("%s: exit %d\n%s", args, code, errs)
				}
				if text, err := os.ReadFile(record); err == nil && !strings.HasPrefix(string(text), "git -C") && !strings.HasPrefix(string(text), "git rev-parse") {
					t.Errorf("%s: ran %s", args, text)
				}
				_ = os.Remove(record)
			}
			_, errs, _ := run(t, e.dir, "check", "overlays/e0", "--allow-programs", "--allow-network")
			if !strings.Contains(errs, "[outside]") {
				t.Errorf("check does not name it:\n%s", errs)
			}
			for path := range e.files() {
				if text, was := good[path]; was {
					e.write(path, text)
				} else if err := os.Remove(e.path(path)); err != nil {
					t.Fatal(err)
				}
			}
			_ = os.Remove(record)
		})
	}
}
