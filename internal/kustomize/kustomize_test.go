package kustomize

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/needs"
)

const made = `apiVersion: v1
kind: Secret
metadata: {name: made, namespace: registry}
data: {k: djE=}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: made, namespace: registry}
data: {a: "0755", b: "1e3"}
`

// tree writes files below a temporary folder and returns it.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func layered() map[string]string {
	return map[string]string{
		"base/kustomization.yaml":         "resources: [registry.yaml]\n",
		"base/registry.yaml":              "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r, namespace: registry}\nspec: {host: base, replicas: 1}\n",
		"env/kustomization.yaml":          "generators: [registry]\nnamePrefix: x-\n",
		"env/registry/kustomization.yaml": "resources: [../../base]\npatches: [{path: patch.yaml}]\n",
		"env/registry/patch.yaml":         "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r, namespace: registry}\nspec: {host: env}\n",
		"top/kustomization.yaml":          "resources: [../env]\nnamespace: moved\n",
	}
}

func TestBuildHandsOverTheMergedSpec(t *testing.T) {
	dir := tree(t, layered())
	var got Request
	out, err := Allow{}.Build(filepath.Join(dir, "top"), func(r Request) ([]object.Object, error) {
		got = r
		return object.Parse("made", []byte(made))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Root != filepath.Join(dir, "env") {
		t.Errorf("root %s", got.Root)
	}
	if text := string(got.Config); !strings.Contains(text, "host: env") || !strings.Contains(text, "replicas: 1") {
		t.Errorf("config not merged:\n%s", text)
	}
	for _, want := range []string{"name: x-made", "namespace: moved", `a: "0755"`, `b: "1e3"`, "k: djE="} {
		if !strings.Contains(string(out.Text), want) {
			t.Errorf("no %q in the output:\n%s", want, out.Text)
		}
	}
}

func TestBuildKeepsTheGeneratorsError(t *testing.T) {
	dir := tree(t, layered())
	mine := problem.List{{What: "mine"}}
	_, err := Allow{}.Build(filepath.Join(dir, "env"), func(Request) ([]object.Object, error) { return nil, mine })
	var l problem.List
	if !errors.As(err, &l) || l.Error() != "mine" {
		t.Errorf("got %v", err)
	}
	var f Failure
	if err := os.WriteFile(filepath.Join(dir, "env/registry/patch.yaml"), []byte("a: b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := (Allow{}).Build(filepath.Join(dir, "env"), nil); !errors.As(err, &f) || strings.Contains(err.Error(), "accumulation err") {
		t.Errorf("a patch that is none: %v", err)
	}
}

func TestSeveralGeneratorsEachGetTheirOwnConfig(t *testing.T) {
	files := layered()
	files["env/kustomization.yaml"] = "generators: [registry, second.yaml]\n"
	files["env/second.yaml"] = "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: second, namespace: n}\n"
	dir := tree(t, files)
	out, err := Allow{}.Build(filepath.Join(dir, "env"), func(r Request) ([]object.Object, error) {
		name := "first"
		if strings.Contains(string(r.Config), "name: second") {
			name = "second"
		}
		return object.Parse("made", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "+name+"}\n"))
	})
	if err != nil || strings.Count(string(out.Text), "name: first") != 1 || strings.Count(string(out.Text), "name: second") != 1 {
		t.Errorf("%v\n%s", err, out.Text)
	}

	// Two that make the same object.
	_, err = Allow{}.Build(filepath.Join(dir, "env"), parsed(made))
	if err == nil || !strings.Contains(err.Error(), "env: kustomize: the Secret registry/made is there already when a generator makes it") {
		t.Errorf("twice the same: %v", err)
	}
}

func TestATransformerUpserts(t *testing.T) {
	files := layered()
	files["env/kustomization.yaml"] = "transformers: [registry]\nresources: [have.yaml]\n"
	files["env/have.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made, namespace: registry}\ndata: {old: old}\n---\n" +
		"apiVersion: v1\nkind: Secret\nmetadata: {name: twin, annotations: {reggen.dev/record: x}}\n"
	dir := tree(t, files)
	out, err := Allow{}.Build(filepath.Join(dir, "env"), func(r Request) ([]object.Object, error) {
		if !strings.Contains(string(r.Items), "name: twin") {
			t.Error("the items did not arrive")
		}
		return object.Parse("made", []byte(made))
	})
	text := string(out.Text)
	if err != nil || strings.Contains(text, "old") || strings.Contains(text, "twin") || strings.Count(text, "name: made") != 2 {
		t.Errorf("%v\n%s", err, out.Text)
	}
}

// An annotated spec is dropped in silence by kustomize without --enable-exec;
// here it is what it would be with the program run.
func TestAnAnnotatedSpecIsNotDropped(t *testing.T) {
	for name, patch := range map[string]string{
		"in the file":  "",
		"by a patch":   "patches: [{path: patch.yaml}, {path: json.yaml, target: {kind: Registry}}]\n",
		"inline entry": "inline",
	} {
		t.Run(name, func(t *testing.T) {
			files := layered()
			annotated := "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata:\n  name: r\n  namespace: registry\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: reggen}\nspec: {host: env}\n"
			switch patch {
			case "":
				files["base/registry.yaml"] = annotated
			case "inline":
				files["env/kustomization.yaml"] = "generators:\n- |\n  " + strings.ReplaceAll(strings.TrimSpace(annotated), "\n", "\n  ") + "\n"
			default:
				files["env/registry/kustomization.yaml"] = "resources: [../../base]\n" + patch
			}
			files["env/registry/json.yaml"] = "- {op: add, path: /metadata/annotations, value: {config.kubernetes.io/function: \"exec: {path: reggen}\", config.kubernetes.io/local-config: \"true\"}}\n"
			dir := tree(t, files)
			var got Request
			out, err := Allow{}.Build(filepath.Join(dir, "top"), func(r Request) ([]object.Object, error) { got = r; return object.Parse("made", []byte(made)) })
			if err != nil || !strings.Contains(string(out.Text), "made") {
				t.Fatalf("%v\n%s", err, out.Text)
			}
			if got.Root != filepath.Join(dir, "env") || strings.Contains(string(got.Config), "function") {
				t.Errorf("root %s, config:\n%s", got.Root, got.Config)
			}
		})
	}
}

func TestAnInstalledReggenIsNotStarted(t *testing.T) {
	needs.Unix(t, needs.Scripts)
	home := tree(t, map[string]string{
		"reggen.dev/v1alpha1/registry/Registry": "#!/bin/sh\nexit 7\n",
		"example.com/v1/other/Other":            "#!/bin/sh\nprintf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: foreign}\\n'\n",
	})
	for _, p := range []string{"reggen.dev/v1alpha1/registry/Registry", "example.com/v1/other/Other"} {
		if err := os.Chmod(filepath.Join(home, p), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(homeVariable, home)
	files := layered()
	files["env/kustomization.yaml"] = "generators: [registry, other.yaml]\n"
	files["env/other.yaml"] = "apiVersion: example.com/v1\nkind: Other\nmetadata: {name: o}\n"
	dir := tree(t, files)
	out, err := Allow{Programs: true}.Build(filepath.Join(dir, "env"), func(Request) ([]object.Object, error) { return object.Parse("made", []byte(made)) })
	if err != nil || !strings.Contains(string(out.Text), "name: made") || !strings.Contains(string(out.Text), "name: foreign") {
		t.Errorf("%v\n%s", err, out.Text)
	}
	if os.Getenv(homeVariable) != home {
		t.Error("the environment was not restored")
	}
}

func TestFind(t *testing.T) {
	files := layered()
	files["env/kustomization.yaml"] = "generators: [registry]\ncomponents: [../component]\n"
	files["component/kustomization.yaml"] = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ngenerators: [r.yaml]\n"
	files["component/r.yaml"] = "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata:\n  name: c\n  namespace: n\n  annotations: {config.kubernetes.io/local-config: \"true\"}\n"
	files["top/kustomization.yaml"] = "resources: [../env, https://example.com/remote//base]\n"
	dir := tree(t, files)
	found, err := Allow{}.Find(filepath.Join(dir, "top"))
	if err != nil || len(found) != 2 {
		t.Fatalf("%v: %d found", err, len(found))
	}
	if found[0].Root != filepath.Join(dir, "env") || !strings.Contains(string(found[0].Spec), "host: env") {
		t.Errorf("first: %s\n%s", found[0].Root, found[0].Spec)
	}
	if found[1].Root != filepath.Join(dir, "component") || strings.Contains(string(found[1].Spec), "local-config") {
		t.Errorf("second: %s\n%s", found[1].Root, found[1].Spec)
	}
}

func TestFindSaysWhatIsWrong(t *testing.T) {
	dir := tree(t, map[string]string{
		"empty/x.txt":                "",
		"broken/kustomization.yaml":  "resources: {a: b}\n",
		"missing/kustomization.yaml": "generators: [registry]\n",
		"file":                       "",
	})
	for name, want := range map[string]string{
		"nowhere": "nowhere: no such folder",
		"file":    "file: not a folder; expected the folder of an environment",
		"empty":   "empty: no kustomization.yaml here; expected the folder of an environment, for instance overlays/prod",
		"broken":  "broken/kustomization.yaml: is not a kustomization; expected valid YAML",
		"missing": "missing/kustomization.yaml: names \"registry\", and there is no such file or folder",
	} {
		_, err := Allow{}.Find(filepath.Join(dir, name))
		if err == nil || !strings.HasPrefix(err.Error(), filepath.ToSlash(dir)+"/"+want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPluginHome(t *testing.T) {
	dir := tree(t, map[string]string{"xdg/kustomize/plugin/a": "", "home/.config/kustomize/plugin/a": "", "own/a": ""})
	env := func(m map[string]string) func(string) string { return func(k string) string { return m[k] } }
	home := filepath.Join(dir, "home")
	for _, c := range []struct {
		env   map[string]string
		home  string
		want  string
		found bool
	}{
		{map[string]string{homeVariable: dir + "/own", "XDG_CONFIG_HOME": dir + "/xdg"}, home, dir + "/own", true},
		{map[string]string{homeVariable: dir + "/none", "XDG_CONFIG_HOME": dir + "/xdg"}, home, dir + "/xdg/kustomize/plugin", true},
		{nil, home, home + "/.config/kustomize/plugin", true},
		{nil, dir + "/nobody", dir + "/nobody/.config/kustomize/plugin", false},
		{map[string]string{homeVariable: dir + "/none"}, "", dir + "/none", false},
		{nil, "", "", false},
	} {
		got, found := PluginHome(env(c.env), c.home)
		if filepath.ToSlash(got) != filepath.ToSlash(c.want) || found != c.found {
			t.Errorf("%v %s: %s %v", c.env, c.home, got, found)
		}
	}
}
