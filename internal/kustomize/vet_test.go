package kustomize

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/needs"
)

// kustomize joins apiVersion and kind to the path of a program: whatever they
// say, and however they came to say it, none that lies in the repository, or
// anywhere else, is started.
func TestNoFileIsStartedAsAPlugin(t *testing.T) {
	cm := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
	patched := func(version, kind string) string {
		return "resources: [cm.yaml]\npatches:\n- target: {kind: ConfigMap}\n  options: {allowKindChange: true}\n  patch: |\n" +
			"    - {op: replace, path: /apiVersion, value: '" + version + "'}\n    - {op: replace, path: /kind, value: '" + kind + "'}\n"
	}
	object := func(version, kind string) string {
		return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: x}\n"
	}
	indented := func(text string) string {
		return "- |\n  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
	}
	for name, files := range map[string]func(up, here string) map[string]string{
		"upwards, inline": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators:\n- registry\n" + indented(object("a/b", up+"/Evil"))}
		},
		"upwards, in one line": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators:\n- registry\n- '--- {apiVersion: a/b, kind: " + up + "/Evil, metadata: {name: x}}'\n"}
		},
		"through the working directory": func(string, string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, e.yaml]\n", "env/e.yaml": object("proc/self/cwd/tools", "Evil")}
		},
		"by the repository's own path": func(_, here string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, e.yaml]\n", "env/e.yaml": object(strings.TrimPrefix(here, "/")+"/tools", "Evil")}
		},
		"a transformer": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry]\ntransformers: [e.yaml]\n", "env/e.yaml": object("a/b", up+"/Evil")}
		},
		"a validator": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry]\nvalidators: [e.yaml]\n", "env/e.yaml": object("a/b", up+"/Evil")}
		},
		"in another case": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry]\nValidators: [e.yaml]\n", "env/e.yaml": object("a/b", up+"/Evil")}
		},
		"made by a patch": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, made]\n", "env/made/kustomization.yaml": patched("a/b", up+"/Evil"), "env/made/cm.yaml": cm}
		},
		"made by a generator": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, made]\n",
				"env/made/kustomization.yaml": "configMapGenerator: [{name: x, literals: [a=b]}]\n" + strings.TrimPrefix(patched("a/b", up+"/Evil"), "resources: [cm.yaml]\n")}
		},
		"made by a replacement": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, made]\n", "env/made/cm.yaml": cm + "data: {to: " + up + "/Evil, version: a/b}\n",
				"env/made/kustomization.yaml": "resources: [cm.yaml]\nreplacements:\n- source: {kind: ConfigMap, fieldPath: data.to}\n  targets: [{select: {name: x}, fieldPaths: [kind]}]\n- source: {name: x, fieldPath: data.version}\n  targets: [{select: {name: x}, fieldPaths: [apiVersion]}]\n"}
		},
		"made a Registry by a patch": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, made]\n", "env/made/e.yaml": object("a/b", up+"/Evil"),
				"env/made/kustomization.yaml": strings.NewReplacer("cm.yaml", "e.yaml", "target: {kind: ConfigMap}", "target: {name: x}").Replace(patched("reggen.dev/v1alpha1", "Registry"))}
		},
		"with a past of its own": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, e.yaml]\n",
				"env/e.yaml": "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: x, annotations: {internal.config.kubernetes.io/previousNames: x, internal.config.kubernetes.io/previousNamespaces: default, internal.config.kubernetes.io/previousKinds: " + up + "/Evil}}\n"}
		},
		"in the spec's layer": func(up, _ string) map[string]string {
			return map[string]string{"env/registry/kustomization.yaml": "resources: [../../base]\ngenerators: [e.yaml]\n", "env/registry/e.yaml": object("a/b", up+"/Evil")}
		},
		"in a base": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry]\nresources: [../part]\n", "part/kustomization.yaml": "generators: [e.yaml]\n", "part/e.yaml": object("a/b", up+"/Evil")}
		},
		"in a component": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry]\ncomponents: [../part]\n",
				"part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ntransformers: [e.yaml]\n", "part/e.yaml": object("a/b", up+"/Evil")}
		},
		"in the generators of a generator": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, a]\n", "env/a/kustomization.yaml": "generators: [b]\n",
				"env/a/b/kustomization.yaml": "generators: [e.yaml]\n", "env/a/b/e.yaml": object("a/b", up+"/Evil")}
		},
		"code for Go": func(string, string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, e.yaml]\n", "env/e.yaml": object("proc/self/cwd/tools", "Code")}
		},
		"beside a function that is none": func(up, _ string) map[string]string {
			return map[string]string{"env/kustomization.yaml": "generators: [registry, e.yaml]\n",
				"env/e.yaml": "apiVersion: a/b\nkind: " + up + "/Evil\nmetadata: {name: x, annotations: {config.kubernetes.io/function: 'starlark: {path: x}'}}\n"}
		},
	} {
		for _, allow := range []Allow{{}, {Network: true}} {
			t.Run(name, func(t *testing.T) {
				t.Setenv(homeVariable, "")
				t.Setenv("HOME", t.TempDir())
				dir := tree(t, map[string]string{"tools/code/Code.so": "no object code\n"})
				record := filepath.Join(dir, "record")
				program := "#!/bin/sh\necho started >> " + record + "\n"
				if err := os.MkdirAll(filepath.Join(dir, "tools", "evil"), 0o755); err != nil {
					t.Fatal(err)
				}
				for _, path := range []string{"Evil", "tools/evil/Evil"} {
					if err := os.WriteFile(filepath.Join(dir, path), []byte(program), 0o755); err != nil {
						t.Fatal(err)
					}
				}
				all := layered()
				for path, text := range files(strings.Repeat("../", 40)+strings.TrimPrefix(dir, "/"), dir) {
					all[path] = text
				}
				for path, text := range all {
					path = filepath.Join(dir, path)
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				t.Chdir(dir)
				env := filepath.Join(dir, "env")
				_, err := allow.Build(env, generate)
				if err == nil || !strings.Contains(err.Error(), "for which kustomize would run a file") {
					t.Errorf("got: %v", err)
				}
				_, _ = allow.Find(env)
				_, _, _ = allow.Layers(env, nil)
				_, _ = allow.Registries(filepath.Join(env, "registry"))
				_ = allow.Functions(env)
				if l := Outside(env); len(l) == 0 {
					t.Error("a check does not name it")
				}
				if _, err := os.Stat(record); err == nil {
					t.Error("it was started")
				}
			})
		}
	}
}

// With programs allowed, those are the plugins that the user has installed, and
// no file of the repository.
func TestInstalledPluginsAreInTheirHome(t *testing.T) {
	needs.Unix(t, needs.Scripts)
	home := tree(t, nil)
	record := filepath.Join(home, "record")
	for _, path := range []string{"example.com/v1/other/Other", "evil/Evil"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(home, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, path), []byte("#!/bin/sh\necho "+path+" >> "+record+"\necho '{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}'\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(homeVariable, home)
	files := layered()
	files["env/kustomization.yaml"] = "generators: [registry, other.yaml]\n"
	files["env/other.yaml"] = "apiVersion: example.com/v1\nkind: Other\nmetadata: {name: o}\n"
	if _, err := (Allow{Programs: true}).Build(filepath.Join(tree(t, files), "env"), generate); err != nil {
		t.Error(err)
	}
	files["env/other.yaml"] = "apiVersion: a/b\nkind: ../../evil/Evil\nmetadata: {name: o}\n"
	if _, err := (Allow{Programs: true}).Build(filepath.Join(tree(t, files), "env"), generate); err == nil {
		t.Error("a path upwards is taken")
	}
	if text, _ := os.ReadFile(record); string(text) != "example.com/v1/other/Other\n" {
		t.Errorf("started: %q", text)
	}
}
