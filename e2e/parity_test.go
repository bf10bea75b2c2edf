package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// chartCase is a chart of one feature, and what it is rendered with.
type chartCase struct {
	files  map[string]string // beside Chart.yaml and values.yaml, which are short unless said
	values string
	source string // more of spec.chart
	args   []string
}

const (
	plainChart = "apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: \"7.0\"\n"
	subChart   = "apiVersion: v2\nname: sub\nversion: 0.1.0\n"
)

func configMap(name, data string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\ndata:\n" + data
}

// parity is the table: each renders the same through helm template and reggen.
var parity = map[string]chartCase{
	"a folder": {files: map[string]string{"templates/a.yaml": configMap("{{ .Release.Name }}", "  chart: {{ .Chart.Name }}-{{ .Chart.Version }}-{{ .Chart.AppVersion }}\n  ns: {{ .Release.Namespace }}\n  first: {{ .Release.IsInstall | quote }}\n  service: {{ .Release.Service }}\n  file: {{ .Template.Name }}\n  base: {{ .Template.BasePath }}\n")}},
	"a condition that holds": {files: map[string]string{
		"Chart.yaml":  plainChart + "dependencies: [{name: sub, version: 0.1.0, condition: sub.enabled}]\n",
		"values.yaml": "sub: {enabled: true, color: red}\n", "charts/sub/Chart.yaml": subChart, "charts/sub/values.yaml": "color: blue\nsize: 1\n",
		"charts/sub/templates/a.yaml": configMap("sub", "  color: {{ .Values.color }}\n  size: {{ .Values.size | quote }}\n")}},
	"a condition that doesn't": {files: map[string]string{
		"Chart.yaml":  plainChart + "dependencies: [{name: sub, version: 0.1.0, condition: \"sub.enabled,other\"}]\n",
		"values.yaml": "sub: {enabled: false}\n", "charts/sub/Chart.yaml": subChart,
		"charts/sub/templates/a.yaml": configMap("sub", "  a: b\n"), "templates/a.yaml": configMap("top", "  a: b\n")}},
	"tags": {files: map[string]string{
		"Chart.yaml":            plainChart + "dependencies: [{name: sub, version: 0.1.0, tags: [front]}, {name: two, version: 0.x, tags: [back]}]\n",
		"charts/sub/Chart.yaml": subChart, "charts/sub/templates/a.yaml": configMap("sub", "  a: b\n"),
		"charts/two/Chart.yaml": strings.Replace(subChart, "name: sub", "name: two", 1), "charts/two/templates/a.yaml": configMap("two", "  a: b\n")},
		values: "tags: {front: false, back: true}\n"},
	"an alias twice": {files: map[string]string{
		"Chart.yaml":            plainChart + "dependencies: [{name: sub, version: 0.1.0, alias: one}, {name: sub, version: 0.1.0, alias: two}]\n",
		"charts/sub/Chart.yaml": subChart, "charts/sub/values.yaml": "color: blue\n", "charts/sub/templates/a.yaml": configMap("{{ .Chart.Name }}", "  color: {{ .Values.color }}\n")},
		values: "two: {color: green}\n"},
	"import-values": {files: map[string]string{
		"Chart.yaml":            plainChart + "dependencies: [{name: sub, version: 0.1.0, import-values: [data, {child: deep.er, parent: mine}]}]\n",
		"charts/sub/Chart.yaml": subChart, "charts/sub/values.yaml": "exports: {data: {port: 80, name: x}}\ndeep: {er: {a: 1, b: 2}}\n",
		"values.yaml": "mine: {b: 3}\nname: top\n", "templates/a.yaml": configMap("top", "  port: {{ .Values.port | quote }}\n  name: {{ .Values.name }}\n  mine: {{ .Values.mine | toJson | quote }}\n")}},
	"a library": {files: map[string]string{
		"Chart.yaml":            plainChart + "dependencies: [{name: sub, version: 0.1.0}]\n",
		"charts/sub/Chart.yaml": subChart + "type: library\n", "charts/sub/templates/_l.tpl": `{{ define "sub.name" }}{{ .Release.Name }}-x{{ end }}`,
		"templates/a.yaml": configMap(`{{ include "sub.name" . }}`, "  a: b\n")}},
	"globals": {files: map[string]string{
		"charts/sub/Chart.yaml": subChart, "charts/sub/values.yaml": "global: {b: sub, c: sub}\n",
		"charts/sub/templates/a.yaml": configMap("sub", "  g: {{ .Values.global | toJson | quote }}\n"), "values.yaml": "global: {a: top, b: top}\n"},
		values: "global: {a: mine, d: {e: 1}}\n"},
	"null takes a default away": {files: map[string]string{
		"values.yaml": "a: {b: 1, c: 2}\nd: 1\nsub: {x: 1}\n", "charts/sub/Chart.yaml": subChart, "charts/sub/values.yaml": "x: 0\nlow: {z: 1, w: 2}\n",
		"templates/a.yaml": configMap("top", "  v: {{ .Values | toJson | quote }}\n"), "charts/sub/templates/a.yaml": configMap("sub", "  v: {{ .Values | toJson | quote }}\n")},
		values: "a: {b: null}\nd: null\nsub: {low: {z: null}}\n"},
	"tpl and include": {files: map[string]string{
		"templates/_h.tpl": `{{ define "c.n" }}{{ .Release.Name | upper }}{{ end }}`,
		"templates/a.yaml": configMap("a", "  t: {{ tpl .Values.text . }}\n  n: {{ include \"c.n\" . | lower | quote }}\n"), "values.yaml": "text: \"{{ .Release.Name }}-{{ include \\\"c.n\\\" . }}\"\n"}},
	"lookup": {files: map[string]string{"templates/a.yaml": configMap("a", "  l: {{ lookup \"v1\" \"Secret\" \"n\" \"s\" | toJson | quote }}\n  h: {{ getHostByName \"localhost\" | quote }}\n")}},
	"files": {files: map[string]string{"conf/a.txt": "one\ntwo\n", "conf/b.txt": "three", "secret.bin": "\x01", "skipped.txt": "x", ".helmignore": "skipped.txt\n*.tmp\nold/\n", "old/a.yaml": "not: read", "templates/x.yaml.tmp": "{{ fail \"no\" }}",
		"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n{{ (.Files.Glob \"conf/*\").AsConfig | indent 2 }}\n  get: {{ .Files.Get \"conf/a.txt\" | quote }}\n  none: {{ .Files.Get \"skipped.txt\" | quote }}\n  lines: {{ .Files.Lines \"conf/a.txt\" | join \"+\" }}\n"}},
	"capabilities": {files: map[string]string{"templates/a.yaml": configMap("a", "  k: {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.KubeVersion.Minor }}\n  m: {{ .Capabilities.APIVersions.Has \"monitoring.coreos.com/v1\" }}{{ .Capabilities.APIVersions.Has \"policy/v1\" }}{{ .Capabilities.APIVersions.Has \"apps/v1/Deployment\" }}{{ .Capabilities.APIVersions.Has \"x/v1\" }}\n")},
		source: ", kubeVersion: 1.29.4, apiVersions: [monitoring.coreos.com/v1]", args: []string{"--kube-version", "1.29.4", "--api-versions", "monitoring.coreos.com/v1"}},
	"a schema": {files: map[string]string{"values.schema.json": `{"$schema":"https://json-schema.org/draft-07/schema#","type":"object","required":["a"],"properties":{"a":{"type":"integer","minimum":1},"b":{"$ref":"#/definitions/b"}},"definitions":{"b":{"type":["string","null"]}}}`,
		"values.yaml": "a: 1\n", "templates/a.yaml": configMap("a", "  a: {{ .Values.a | quote }}\n")}, values: "a: 3\nb: x\n"},
	"crds":         {files: map[string]string{"crds/a.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.example.com}\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: bs.example.com}\nspec: {}\n", "templates/a.yaml": configMap("a", "  a: b\n")}, args: []string{"--include-crds"}},
	"crds skipped": {files: map[string]string{"crds/a.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.example.com}\n", "templates/a.yaml": configMap("a", "  a: b\n")}, source: ", skipCRDs: true"},
	"notes and tests": {files: map[string]string{"templates/NOTES.txt": "hello {{ .Release.Name }}", "templates/a.yaml": configMap("a", "  a: b\n"),
		"templates/t.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: \"test\"}}\n"}, args: []string{"--skip-tests"}},
	"hooks kept":        {files: map[string]string{"templates/h.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, annotations: {helm.sh/hook: \"pre-install,pre-upgrade\", helm.sh/hook-weight: \"1\"}}\n"}, source: ", hooks: keep"},
	"numbers":           {files: map[string]string{"values.yaml": "big: 1000000\nhuge: 12345678901\nf: 1.50\ne: 1e6\noct: \"0755\"\nn: 5\n", "templates/a.yaml": configMap("a", "  a: \"{{ .Values.big }} {{ .Values.huge }} {{ .Values.f }} {{ .Values.e }} {{ .Values.oct }} {{ add .Values.n 1 }} {{ mul .Values.mine 2 }} {{ .Values.mine }} {{ int .Values.wide }} {{ .Values.wide }}\"\n")}, values: "mine: 2000000\nwide: 98765432109\n"},
	"several documents": {files: map[string]string{"templates/a.yaml": "# one\n" + configMap("a", "  a: |+\n    x\n\n") + "---\n\n---\n" + configMap("b", "  a: |\n    x") + "\n---\n# nothing\n", "templates/e.yaml": "{{ if false }}x{{ end }}\n"}},
	"a list":            {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {x: y}}\n"}},
	"a define of the parent's": {files: map[string]string{"charts/sub/Chart.yaml": subChart, "charts/sub/templates/_h.tpl": `{{ define "n" }}sub{{ end }}`, "templates/_h.tpl": `{{ define "n" }}top{{ end }}`,
		"charts/sub/templates/a.yaml": configMap("s", "  n: {{ include \"n\" . }}\n")}},
	"maps in order":         {files: map[string]string{"values.yaml": "m: {b: 1, a: 2, c: {d: 1}}\n", "templates/a.yaml": configMap("a", "  r: \"{{ range $k, $v := .Values.m }}{{ $k }}{{ end }}\"\n  k: {{ keys .Values.m | sortAlpha | join \",\" }}\n  y: |\n    {{- toYaml .Values.m | nindent 4 }}\n")}},
	"requirements":          {files: map[string]string{"Chart.yaml": "apiVersion: v1\nname: c\nversion: 1.2.3\n", "requirements.yaml": "dependencies: [{name: sub, version: 0.1.0, repository: \"\", condition: sub.on}]\n", "charts/sub/Chart.yaml": strings.Replace(subChart, "v2", "v1", 1), "charts/sub/templates/a.yaml": configMap("sub", "  a: b\n")}, values: "sub: {on: true}\n"},
	"a release name":        {files: map[string]string{"templates/a.yaml": configMap("{{ .Release.Name }}", "  a: b\n")}, source: ", releaseName: other", args: []string{"--name-template", "other"}},
	"fixed times":           {files: map[string]string{"templates/a.yaml": configMap("a", "  d: {{ toDate \"2006-01-02\" \"2020-02-03\" | date \"02.01.2006\" }}\n  u: {{ date_in_zone \"15:04\" 3600 \"UTC\" }}\n")}},
	"keys that stand twice": {files: map[string]string{"templates/a.yaml": configMap("a", "  a: b\n  a: c\n")}},
	"checksums":             {files: map[string]string{"templates/c.yaml": configMap("c", "  a: b\n"), "templates/a.yaml": configMap("a", "  s: {{ include (print $.Template.BasePath \"/c.yaml\") . | sha256sum }}\n  t: {{ \"x\" | sha1sum | trunc 8 | quote }}\n")}},
}

// chartProject is an environment of a Chart, with the demo key.
func chartProject(t testing.TB, files map[string]string, source, values string) *project {
	t.Helper()
	p := bare(t).withKey(demoKey("people"))
	key := regexp.MustCompile(`age1[a-z0-9]+`).FindString(string(readFile(t, demoKey("people"))))
	p.write(".sops.yaml", "creation_rules:\n- {path_regex: credentials/, encrypted_regex: ^(data|stringData)$, age: "+key+"}\n- {path_regex: sealed/, encrypted_regex: ^(data|stringData)$, age: "+key+"}\n")
	p.accept = key
	for name, text := range files {
		p.write("chart/"+name, text)
	}
	for name, text := range map[string]string{"Chart.yaml": plainChart, "values.yaml": "{}\n"} {
		if files[name] == "" {
			p.write("chart/"+name, text)
		}
	}
	p.write("env/kustomization.yaml", "generators: [app]\n")
	p.write("env/app/kustomization.yaml", "resources: [chart.yaml]\n")
	p.write("values.yaml", values)
	indented := ""
	for line := range strings.Lines(values) {
		indented += "    " + line
	}
	if indented != "" {
		indented = "  values:\n" + indented
	}
	p.write("env/app/chart.yaml", "apiVersion: reggen.dev/v1alpha1\nkind: Chart\nmetadata: {name: rel, namespace: apps}\nspec:\n  chart: {path: ../chart"+source+"}\n"+indented)
	return p
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// Any chart renders as helm template renders it, object by object.
func TestParity(t *testing.T) {
	if len(parity) < 28 {
		t.Fatalf("only %d charts", len(parity))
	}
	for name, c := range parity {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := chartProject(t, c.files, c.source, c.values)
			release := "rel"
			if strings.Contains(c.source, "releaseName") {
				release = "other"
			}
			args := []string{"template", release, "chart", "--namespace", "apps", "-f", "values.yaml"}
			for _, a := range c.args {
				if a != "--name-template" && a != "other" {
					args = append(args, a)
				}
			}
			want := byID(t, p.ok("", tool("helm"), args...))
			p.reggen("seal", "env")
			got := byID(t, p.reggen("build", "env"))
			if len(want) == 0 {
				t.Fatal("helm renders nothing")
			}
			for id, o := range want {
				if !reflect.DeepEqual(o, got[id]) {
					t.Errorf("%s\nhelm   %s\nreggen %s", id, encoded(t, o), encoded(t, got[id]))
				}
			}
			if len(want) != len(got) {
				t.Errorf("helm renders %d objects, reggen %d", len(want), len(got))
			}
			// An archive is the same chart.
			p.ok("", tool("helm"), "package", "chart")
			archives, _ := filepath.Glob(filepath.Join(p.dir, "*.tgz"))
			if len(archives) != 1 {
				t.Fatal("no archive")
			}
			spec := string(p.read("env/app/chart.yaml"))
			p.write("env/app/chart.yaml", strings.Replace(spec, "path: ../chart", "path: ../"+filepath.Base(archives[0]), 1))
			archive := p.reggen("build", "env")
			p.write("env/app/chart.yaml", spec)
			same(t, "a build of the archive", archive, p.reggen("build", "env"))
		})
	}
}

func encoded(t *testing.T, o any) string {
	t.Helper()
	text, err := yaml.Marshal(o)
	must(t, err)
	return string(text)
}

// byID are the objects of a stream, lists taken apart.
func byID(t *testing.T, text []byte) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	var add func(o map[string]any)
	add = func(o map[string]any) {
		if items, is := o["items"].([]any); is && strings.HasSuffix(fmt.Sprint(o["kind"]), "List") {
			for _, i := range items {
				add(i.(map[string]any))
			}
			return
		}
		meta, _ := o["metadata"].(map[string]any)
		out[fmt.Sprint(o["kind"], " ", meta["namespace"], "/", meta["name"])] = o
	}
	for _, doc := range regexp.MustCompile(`(?m)^---[ \t]*$`).Split("\n"+string(text), -1) {
		var o map[string]any
		must(t, yaml.Unmarshal([]byte(doc), &o))
		if len(o) > 0 {
			add(o)
		}
	}
	return out
}
