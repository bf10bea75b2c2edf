package kustomize

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/reggen/reggen/generator/object"
)

// standIn puts programs in front of the search path that write into a file
// when they are started, and returns that file.
func standIn(t *testing.T, names ...string) (record string) {
	t.Helper()
	dir := t.TempDir()
	record = filepath.Join(dir, "record")
	for _, name := range names {
		text := "#!/bin/sh\necho " + name + " \"$@\" >> " + record + "\ncat >/dev/null\nexit 3\n"
		if runtime.GOOS == "windows" {
			text = "@echo " + name + " %* >> " + record + "\r\n@exit /b 3\r\n"
			name += ".bat"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(pathVariable, dir+string(filepath.ListSeparator)+os.Getenv(pathVariable))
	return record
}

func generate(Request) ([]object.Object, error) { return object.Parse("made", []byte(made)) }

const container = `apiVersion: example.com/v1
kind: Other
metadata:
  name: o
  annotations:
    config.kubernetes.io/function: |
      container: {image: evil}
`

// left says that kustomize leaves something out, as it always did.
const left = "left out"

const inflation = `apiVersion: builtin
kind: HelmChartInflationGenerator
metadata: {name: x}
name: x
repo: evil://h
`

// A pull request may hold any of these: nothing is started, and the error
// names what would have been and the flag that allows it.
func TestNoProgramIsRun(t *testing.T) {
	plugins := tree(t, map[string]string{"example.com/v1/other/Other": "#!/bin/sh\nexit 3\n"})
	if err := os.Chmod(filepath.Join(plugins, "example.com/v1/other/Other"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files map[string]string
		says  string
	}{
		"helmCharts":                         {map[string]string{"env/kustomization.yaml": "generators: [registry]\nhelmGlobals: {configHome: ./evil}\nhelmCharts: [{name: x, repo: 'evil://h'}]\n"}, "env/kustomization.yaml: helmCharts: would run Helm"},
		"in another case":                    {map[string]string{"env/kustomization.yaml": "generators: [registry]\nHelmCharts: [{name: x, repo: 'evil://h'}]\n"}, "helmCharts: would run Helm"},
		"with an escape":                     {map[string]string{"env/kustomization.yaml": "generators: [registry]\n\"helm\\x43harts\": [{name: x, repo: 'evil://h'}]\n"}, "helmCharts: would run Helm"},
		"by a merge key":                     {map[string]string{"env/kustomization.yaml": "generators: [registry]\n<<: {helmCharts: [{name: x, repo: 'evil://h'}]}\n"}, "would run Helm"},
		"the old field":                      {map[string]string{"env/kustomization.yaml": "generators: [registry]\nhelmChartInflationGenerator: [{chartName: x, chartRepoUrl: 'evil://h'}]\n"}, "helmChartInflationGenerator: would run Helm"},
		"helmCharts in the spec's layer":     {map[string]string{"env/registry/kustomization.yaml": "resources: [../../base]\nhelmCharts: [{name: x, repo: 'evil://h'}]\n"}, "env/registry/kustomization.yaml: helmCharts: would run Helm"},
		"helmCharts in a base":               {map[string]string{"env/kustomization.yaml": "generators: [registry]\nresources: [../evil]\n", "evil/kustomization.yaml": "helmCharts: [{name: x, repo: 'evil://h'}]\n"}, "evil/kustomization.yaml: helmCharts: would run Helm"},
		"helmCharts in a component":          {map[string]string{"env/kustomization.yaml": "generators: [registry]\ncomponents: [../evil]\n", "evil/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nhelmCharts: [{name: x, repo: 'evil://h'}]\n"}, "evil/kustomization.yaml: helmCharts: would run Helm"},
		"a builtin generator":                {map[string]string{"env/kustomization.yaml": "generators: [registry, helm.yaml]\n", "env/helm.yaml": inflation}, "would run Helm"},
		"a builtin generator, inline":        {map[string]string{"env/kustomization.yaml": "generators:\n- registry\n- |\n  " + strings.ReplaceAll(inflation, "\n", "\n  ") + "\n"}, "would run Helm"},
		"a builtin generator made by patch":  {map[string]string{"env/kustomization.yaml": "generators: [registry, made]\n", "env/made/kustomization.yaml": "resources: [cm.yaml]\npatches:\n- target: {kind: ConfigMap}\n  options: {allowKindChange: true}\n  patch: |\n    - {op: replace, path: /kind, value: HelmChartInflationGenerator}\n    - {op: replace, path: /apiVersion, value: builtin}\n", "env/made/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nname: x\nrepo: evil://h\n"}, "would run Helm"},
		"a container":                        {map[string]string{"env/kustomization.yaml": "generators: [registry, other.yaml]\n", "env/other.yaml": container}, "env/kustomization.yaml: Other o is a function that would run a container"},
		"a container that transforms":        {map[string]string{"env/kustomization.yaml": "generators: [registry]\ntransformers: [other.yaml]\n", "env/other.yaml": container}, "Other o is a function that would run a container"},
		"a container that validates":         {map[string]string{"env/kustomization.yaml": "generators: [registry]\nvalidators: [other.yaml]\n", "env/other.yaml": container}, "Other o is a function that would run a container"},
		"a container in the spec's layer":    {map[string]string{"env/registry/kustomization.yaml": "resources: [../../base]\ntransformers: [other.yaml]\n", "env/registry/other.yaml": container}, "would run a"},
		"a container that may fail":          {map[string]string{"env/kustomization.yaml": "generators: [registry, other.yaml]\n", "env/other.yaml": strings.Replace(container, "{image: evil}", "{image: evil}\n      deferFailure: true", 1)}, "would run a container"},
		"a container by a patch":             {map[string]string{"env/kustomization.yaml": "generators: [registry, made]\n", "env/made/kustomization.yaml": "resources: [o.yaml]\npatches:\n- target: {kind: Other}\n  patch: |\n    - {op: add, path: /metadata/annotations, value: {}}\n    - {op: add, path: /metadata/annotations/config.kubernetes.io~1function, value: 'container: {image: evil}'}\n", "env/made/o.yaml": "apiVersion: example.com/v1\nkind: Other\nmetadata: {name: o}\n"}, "would run a"},
		"a program":                          {map[string]string{"env/kustomization.yaml": "generators: [registry, other.yaml]\n", "env/other.yaml": strings.Replace(container, "container: {image: evil}", "exec: {path: docker}", 1)}, left},
		"an installed plugin":                {map[string]string{"env/kustomization.yaml": "generators: [registry, other.yaml]\n", "env/other.yaml": "apiVersion: example.com/v1\nkind: Other\nmetadata: {name: o}\n"}, "would run the plugin of kind Other"},
		"a plugin outside the plugins' home": {map[string]string{"env/kustomization.yaml": "generators: [registry, other.yaml]\n", "env/other.yaml": "apiVersion: ../../bin/v1\nkind: Sh\nmetadata: {name: o}\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			record := standIn(t, "docker", "helm", "git", "Other")
			t.Setenv(homeVariable, plugins)
			files := layered()
			for path, text := range c.files {
				files[path] = text
			}
			dir := tree(t, files)
			before := os.Getenv(pathVariable)
			built, err := Allow{}.Build(filepath.Join(dir, "env"), generate)
			switch {
			case c.says == left:
				if err != nil || strings.Contains(string(built.Text), "Other") {
					t.Errorf("%v\n%s", err, built.Text)
				}
			case err == nil || !strings.Contains(err.Error(), c.says):
				t.Errorf("want %q, got: %v", c.says, err)
			}
			if c.says != "" && c.says != left && (err == nil || !strings.Contains(err.Error(), ProgramsFlag)) {
				t.Errorf("does not say how to allow it: %v", err)
			}
			_, _ = Allow{}.Find(filepath.Join(dir, "env"))
			_, _, _ = Allow{}.Layers(filepath.Join(dir, "env"), nil)
			_, _ = Allow{}.Registries(filepath.Join(dir, "env", "registry"))
			_ = Allow{}.Functions(filepath.Join(dir, "env"))
			if text, err := os.ReadFile(record); err == nil {
				t.Errorf("was started: %s", text)
			}
			if os.Getenv(pathVariable) != before {
				t.Error("the search path was not restored")
			}
		})
	}
}

func TestProgramsRunOnRequest(t *testing.T) {
	record := standIn(t, "docker", "helm")
	for _, files := range []map[string]string{
		{"env/kustomization.yaml": "generators: [registry, other.yaml]\n", "env/other.yaml": container},
		{"env/kustomization.yaml": "generators: [registry]\nhelmCharts: [{name: x, repo: 'https://example.com'}]\n"},
	} {
		all := layered()
		for path, text := range files {
			all[path] = text
		}
		if _, err := (Allow{Programs: true}).Build(filepath.Join(tree(t, all), "env"), generate); err == nil {
			t.Error("a program that fails fails nothing")
		}
	}
	text, _ := os.ReadFile(record)
	if !strings.Contains(string(text), "docker run") || !strings.Contains(string(text), "helm ") {
		t.Errorf("started: %s", text)
	}
}

func TestNothingIsFetched(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: remote}\n"))
	}))
	defer server.Close()
	url := server.URL + "/remote.yaml"
	for name, text := range map[string]string{
		"resource": "resources: ['" + url + "']\n", "base": "bases: ['" + url + "']\n", "component": "components: ['" + url + "']\n",
		"patch": "patches: [{path: '" + url + "'}]\n", "old patch": "patchesStrategicMerge: ['" + url + "']\n",
		"json patch":   "patchesJson6902: [{target: {version: v1, kind: ConfigMap, name: made}, path: '" + url + "'}]\n",
		"config map":   "configMapGenerator: [{name: x, files: ['" + url + "']}]\n",
		"named file":   "configMapGenerator: [{name: x, files: ['a=" + url + "']}]\n",
		"env file":     "configMapGenerator: [{name: x, envs: ['" + url + "']}]\n",
		"crds":         "crds: ['" + url + "']\n",
		"openapi":      "openapi: {path: '" + url + "'}\n",
		"replacements": "replacements: [{path: '" + url + "'}]\n", "configurations": "configurations: ['" + url + "']\n",
		"generator": "transformers: ['" + url + "']\n", "validator": "validators: ['" + url + "']\n",
		"git by https": "resources: ['https://github.com/o/r?ref=main']\n", "git without a scheme": "resources: ['github.com/o/r//d']\n",
		"git by ssh": "resources: ['git@example.com:o/r']\n", "git by file": "resources: ['file:///tmp/r']\n",
		"git with a host": "resources: ['user@example.com:o/r.git']\n", "git by name": "resources: ['gh:o/r']\n",
		"escaped": "resources: [\"\\x68ttp" + strings.TrimPrefix(url, "http") + "\"]\n",
		"inline":  "transformers:\n- |\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: x}\n  name: x\n  files: ['" + url + "']\n",
		"builtin": "generators:\n- registry\n- |\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: x}\n  name: x\n  files: ['" + url + "']\n",
	} {
		t.Run(name, func(t *testing.T) {
			record := standIn(t, "git")
			files := layered()
			if !strings.HasPrefix(text, "generators") {
				text = "generators: [registry]\n" + text
			}
			files["env/kustomization.yaml"] = text
			_, err := Allow{}.Build(filepath.Join(tree(t, files), "env"), generate)
			if err == nil || name != "inline" && !strings.Contains(err.Error(), NetworkFlag) {
				t.Errorf("got: %v", err)
			}
			if n := asked.Swap(0); n > 0 {
				t.Errorf("the network was asked %d times", n)
			}
			if text, err := os.ReadFile(record); err == nil {
				t.Errorf("was started: %s", text)
			}
		})
	}
	files := layered()
	files["env/kustomization.yaml"] = "generators: [registry]\nresources: ['" + url + "']\n"
	built, err := Allow{Network: true}.Build(filepath.Join(tree(t, files), "env"), generate)
	if err != nil || !strings.Contains(string(built.Text), "name: remote") || asked.Load() == 0 {
		t.Errorf("on request: %v\n%s", err, built.Text)
	}
}

// With one of the two allowed the other is not.
func TestAllowancesAreApart(t *testing.T) {
	record := standIn(t, "docker", "helm", "git")
	files := layered()
	files["env/kustomization.yaml"] = "generators: [registry, other.yaml]\n"
	files["env/other.yaml"] = container
	if _, err := (Allow{Network: true}).Build(filepath.Join(tree(t, files), "env"), generate); err == nil || !strings.Contains(err.Error(), ProgramsFlag) {
		t.Errorf("got: %v", err)
	}
	files["env/kustomization.yaml"] = "generators: [registry]\nresources: ['github.com/o/r//d']\n"
	if _, err := (Allow{Programs: true}).Build(filepath.Join(tree(t, files), "env"), generate); err == nil || !strings.Contains(err.Error(), NetworkFlag) {
		t.Errorf("got: %v", err)
	}
	if text, err := os.ReadFile(record); err == nil {
		t.Errorf("was started: %s", text)
	}
}

// A refusal names no password of a URL.
// What is known of a text is neither what was allowed nor where it stood.
func TestWhatIsAskedIsJudgedAnew(t *testing.T) {
	text := []byte("helmCharts: [{name: x}]\nresources: [https://example.com/x]\n")
	for _, c := range []struct {
		allow Allow
		path  string
		want  int
	}{{Allow{Programs: true, Network: true}, "a", 0}, {Allow{}, "a", 2}, {Allow{Network: true}, "b", 1}, {Allow{Programs: true}, "b", 1}, {Allow{}, "b", 2}} {
		l := c.allow.refused(c.path, text)
		if len(l) != c.want {
			t.Errorf("%+v: %v", c.allow, l)
		}
		for _, p := range l {
			if p.File != c.path {
				t.Errorf("%s names %s", c.path, p.File)
			}
		}
	}
	twice := []byte("kind: reggen.dev/a\na: 1\na: 2\n")
	for _, path := range []string{"a", "b"} {
		if l := repeated(path, twice); len(l) != 1 || l[0].File != path {
			t.Errorf("%s: %v", path, l)
		}
	}
}

func TestARefusalShowsNoLogin(t *testing.T) {
	files := layered()
	files["env/kustomization.yaml"] = "generators: [registry]\nresources: ['https://me:canary-Pa55word@example.com/o/r']\n"
	_, err := Allow{}.Build(filepath.Join(tree(t, files), "env"), generate)
	if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "https://example.com/o/r") {
		t.Errorf("got: %v", err)
	}
}
