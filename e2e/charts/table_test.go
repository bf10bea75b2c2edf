package charts

import (
	"os"
	"path/filepath"
	"strings"
)

const (
	deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: c, image: i}]}\n"
	crd        = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.example.com}\nspec:\n  group: example.com\n"
)

// dump shows a value as a template sees it.
func dump(expression string) map[string]string {
	return one("v: {{ " + expression + " | toJson | quote }}")
}

func sub(more ...string) map[string]string {
	return and(map[string]string{"charts/sub/Chart.yaml": chartOf("sub"), "charts/sub/values.yaml": "color: blue\nsize: 1\n",
		"charts/sub/templates/a.yaml": cm("{{ .Chart.Name }}", "v: {{ .Values | toJson | quote }}")}, more...)
}

func needs(entry string) string { return plain + "dependencies:\n- " + entry + "\n" }

var parityCases = map[string]parityCase{
	// Dependencies.
	"a subchart that nothing names":        {files: sub()},
	"a condition that holds":               {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, condition: sub.enabled}")), values: "sub: {enabled: true}\n"},
	"a condition that doesn't":             {files: and(sub("Chart.yaml", needs("{name: sub, version: 0.1.0, condition: sub.enabled}")), "templates/t.yaml", cm("t", "a: b")), values: "sub: {enabled: false}\n"},
	"the first condition that is there":    {files: and(sub("Chart.yaml", needs("{name: sub, version: 0.1.0, condition: \"x.enabled,sub.enabled\"}")), "templates/t.yaml", cm("t", "a: b")), values: "sub: {enabled: false}\nx: {}\n"},
	"a condition that is text":             {files: and(sub("Chart.yaml", needs("{name: sub, version: 0.1.0, condition: sub.enabled}")), "templates/t.yaml", cm("t", "a: b")), values: "sub: {enabled: \"false\"}\n"},
	"a condition over tags":                {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, condition: sub.enabled, tags: [front]}")), values: "sub: {enabled: true}\ntags: {front: false}\n"},
	"tags, one of two":                     {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, tags: [front, back]}")), values: "tags: {front: false, back: true}\n"},
	"tags off":                             {files: and(sub("Chart.yaml", needs("{name: sub, version: 0.1.0, tags: [front]}")), "values.yaml", "tags: {front: false}\n", "templates/t.yaml", cm("t", "a: b"))},
	"an alias":                             {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, alias: other}")), values: "other: {color: red}\n"},
	"an alias twice":                       {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, alias: one}\n- {name: sub, version: 0.1.0, alias: two}")), values: "two: {color: red}\n"},
	"an alias beside the name":             {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0}\n- {name: sub, version: 0.1.0, alias: two}")), values: "two: {color: red}\nsub: {size: 3}\n"},
	"an alias with a condition":            {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, alias: one, condition: one.enabled}\n- {name: sub, version: 0.1.0, alias: two, condition: two.enabled}")), values: "one: {enabled: false}\ntwo: {enabled: true}\n"},
	"a version that doesn't fit":           {files: and(sub("Chart.yaml", needs("{name: sub, version: 2.x}")), "templates/t.yaml", cm("t", "a: b"))},
	"a version range":                      {files: sub("Chart.yaml", needs("{name: sub, version: \">=0.0.9 <1\"}"))},
	"import-values, exports":               {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, import-values: [data]}"), "charts/sub/values.yaml", "exports: {data: {port: 80, deep: {a: 1}}}\n", "values.yaml", "deep: {a: 2, b: 3}\n", "templates/t.yaml", cm("t", "v: {{ .Values | toJson | quote }}"))},
	"import-values, child and parent":      {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, import-values: [{child: deep.er, parent: mine}]}"), "charts/sub/values.yaml", "deep: {er: {a: 1, b: 2}}\n", "values.yaml", "mine: {b: 3}\n", "templates/t.yaml", cm("t", "v: {{ .Values | toJson | quote }}")), values: "mine: {c: 4}\nsub: {deep: {er: {d: 5}}}\n"},
	"import-values of an alias":            {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, alias: two, import-values: [data]}"), "charts/sub/values.yaml", "exports: {data: {port: 80}}\n", "templates/t.yaml", cm("t", "v: {{ .Values | toJson | quote }}"))},
	"a library":                            {files: map[string]string{"Chart.yaml": needs("{name: lib, version: 0.1.0}"), "charts/lib/Chart.yaml": chartOf("lib") + "type: library\n", "charts/lib/values.yaml": "x: 1\n", "charts/lib/templates/_l.tpl": `{{ define "lib.name" }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}`, "charts/lib/templates/not.yaml": cm("not", "a: b"), "templates/a.yaml": cm(`{{ include "lib.name" . }}`, "v: {{ .Values | toJson | quote }}")}},
	"globals":                              {files: sub("charts/sub/values.yaml", "global: {b: sub, c: sub}\n", "values.yaml", "global: {a: top, b: top}\n"), values: "global: {a: mine, d: {e: 1}}\nsub: {global: {f: 1}}\n"},
	"globals two levels down":              {files: sub("charts/sub/charts/low/Chart.yaml", chartOf("low"), "charts/sub/charts/low/templates/a.yaml", cm("low", "v: {{ .Values | toJson | quote }}"), "values.yaml", "global: {a: top}\nsub: {low: {x: 1}}\n"), values: "global: {b: 1}\nsub: {low: {z: null}}\n"},
	"a subchart's files and base":          {files: sub("charts/sub/conf/x.txt", "x", "charts/sub/templates/b.yaml", cm("b", "x: {{ .Files.Get \"conf/x.txt\" }}", "n: {{ .Template.Name }}", "b: {{ .Template.BasePath }}", "v: {{ .Chart.Version }}"))},
	"the subcharts of a chart":             {files: sub("templates/a.yaml", cm("t", "v: {{ .Subcharts.sub.Values.color }}", "n: {{ .Subcharts.sub.Chart.Name }}", "r: {{ .Chart.IsRoot }}"), "charts/sub/templates/b.yaml", cm("b", "r: \"{{ .Chart.IsRoot }}\""))},
	"a helper with a subchart's context":   {files: sub("templates/_h.tpl", `{{ define "n" }}{{ .Chart.Name }}/{{ .Values.color }}{{ end }}`, "templates/a.yaml", cm("t", `v: {{ include "n" .Subcharts.sub }}`))},
	"a named template of the parent":       {files: sub("charts/sub/templates/_h.tpl", `{{ define "n" }}sub{{ end }}`, "templates/_h.tpl", `{{ define "n" }}top{{ end }}`, "charts/sub/templates/b.yaml", cm("b", `n: {{ include "n" . }}`))},
	"hidden folders in charts":             {files: sub("charts/_old/Chart.yaml", chartOf("old"), "charts/.git/x", "x")},
	"a subchart as an archive":             {files: map[string]string{"templates/t.yaml": cm("t", "a: b")}, values: "sub: {size: 9}\n", prepare: subArchive},
	"requirements.yaml":                    {files: sub("Chart.yaml", "apiVersion: v1\nname: c\nversion: 1.2.3\n", "charts/sub/Chart.yaml", "apiVersion: v1\nname: sub\nversion: 0.1.0\n", "requirements.yaml", "dependencies:\n- {name: sub, version: 0.1.0, repository: \"https://example.com\", condition: sub.enabled, alias: al}\n"), values: "al: {enabled: true}\n"},
	"a Chart.lock":                         {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.x, repository: \"https://example.com\"}"), "Chart.lock", "dependencies:\n- {name: sub, repository: https://example.com, version: 0.1.0}\ndigest: sha256:0\ngenerated: \"2020-01-01T00:00:00Z\"\n")},
	"null takes a default away":            {files: and(dump(".Values"), "values.yaml", "a: {b: 1, c: 2}\nd: 1\ne: [1]\nf: {g: 1}\n"), values: "a: {b: null}\nd: null\ne: null\nf: null\n"},
	"null takes a subchart's default away": {files: sub("charts/sub/values.yaml", "x: 0\nlow: {z: 1, w: 2}\n"), values: "sub: {low: {z: null}, x: null}\n"},
	"null in the parent's values":          {files: sub("values.yaml", "sub: {size: null}\na: {b: null}\n", "templates/t.yaml", cm("t", "v: {{ .Values | toJson | quote }}"))},
	"null in a list":                       {files: dump(".Values"), values: "a: [1, null, {b: null}]\n"},
	"a mapping over a text":                {files: and(dump(".Values"), "values.yaml", "a: text\nb: {c: 1}\n"), values: "a: {x: 1}\nb: text\n"},
	"lists replace lists":                  {files: and(dump(".Values"), "values.yaml", "a: [1, 2, 3]\n"), values: "a: [4]\n"},
	"no values at all":                     {files: and(dump(".Values"), "values.yaml", "# nothing\n")},
	"mappings that are empty":              {files: and(dump(".Values"), "values.yaml", "a: {b: 1}\nc: {}\nd: []\n"), values: "a: {}\nc: {}\ne: {}\n"},

	// What templates know.
	"the release":                {files: dump(".Release")},
	"the chart":                  {files: and(one("v: {{ toYaml .Chart | quote }}"), "Chart.yaml", plain+"description: d\nkeywords: [a, b]\nhome: https://example.com\nsources: [https://example.com/s]\nmaintainers: [{name: m, email: m@example.com}]\nicon: https://example.com/i\ndeprecated: true\nannotations: {a.b/c: d}\nkubeVersion: \">=1.20.0-0\"\ntype: application\n")},
	"the chart's fields":         {files: and(one("a: {{ .Chart.AppVersion | quote }}", "m: {{ (index .Chart.Maintainers 0).Name }}", "x: {{ index .Chart.Annotations \"a/b\" }}", "t: {{ .Chart.Type | quote }}"), "Chart.yaml", plain+"maintainers: [{name: m}]\nannotations: {a/b: d}\n")},
	"an install, no upgrade":     {files: one("v: \"{{ .Release.IsInstall }} {{ .Release.IsUpgrade }} {{ .Release.Revision }} {{ .Release.Service }}\"")},
	"a release's name":           {files: one("v: {{ .Release.Name }}-{{ .Release.Namespace }}"), release: "other.x-1", source: "releaseName: other.x-1\n"},
	"the template":               {files: map[string]string{"templates/deep/er/a.yaml": cm("a", "n: {{ .Template.Name }}", "b: {{ .Template.BasePath }}"), "templates/_h.tpl": `{{ define "t" }}{{ .Template.Name }}{{ end }}`, "templates/b.yaml": cm("b", `n: {{ include "t" . }}`)}},
	"Kubernetes":                 {files: one("v: {{ .Capabilities.KubeVersion | toJson | quote }}", "g: {{ .Capabilities.KubeVersion.GitVersion }}", "n: {{ .Capabilities.KubeVersion.Major }}.{{ .Capabilities.KubeVersion.Minor }}")},
	"an older Kubernetes":        {files: one("v: {{ .Capabilities.KubeVersion.Version }}", "c: \"{{ semverCompare \">=1.25-0\" .Capabilities.KubeVersion.GitVersion }}\""), source: "kubeVersion: 1.24.7\n", args: []string{"--kube-version", "1.24.7"}},
	"a vendor's Kubernetes":      {files: one("v: {{ .Capabilities.KubeVersion | toJson | quote }}"), source: "kubeVersion: v1.29.4-eks-a1b2c3\n", args: []string{"--kube-version", "v1.29.4-eks-a1b2c3"}},
	"a build of Kubernetes":      {files: and(one("v: {{ .Capabilities.KubeVersion | toJson | quote }}"), "Chart.yaml", plain+"kubeVersion: \">=1.28.0-0\"\n"), source: "kubeVersion: v1.30.1+k3s1\n", args: []string{"--kube-version", "v1.30.1+k3s1"}},
	"what a cluster serves":      {files: one("v: {{ .Capabilities.APIVersions | toJson | quote }}"), source: "apiVersions: [monitoring.coreos.com/v1, gateway.networking.k8s.io/v1/HTTPRoute]\n", args: []string{"--api-versions", "monitoring.coreos.com/v1", "--api-versions", "gateway.networking.k8s.io/v1/HTTPRoute"}},
	"whether it serves":          {files: one("v: \"{{ range $v := list \"v1\" \"policy/v1beta1\" \"policy/v1\" \"apps/v1/Deployment\" \"a.example.com/v1\" \"autoscaling/v2\" \"extensions/v1beta1\" }}{{ $.Capabilities.APIVersions.Has $v }} {{ end }}\""), source: "apiVersions: [a.example.com/v1]\n", args: []string{"--api-versions", "a.example.com/v1"}},
	"a CRD of its own is served": {files: and(one("v: \"{{ .Capabilities.APIVersions.Has \"example.com/v1\" }}\""), "crds/a.yaml", crd)},
	"Helm's version":             {files: one("v: \"{{ semverCompare \">=3.8.0\" .Capabilities.HelmVersion.Version }}\"")},
	"the whole context":          {files: one("v: {{ keys . | sortAlpha | join \" \" }}")},

	// Files.
	"a file":             {files: and(one("v: {{ .Files.Get \"conf/a.txt\" | quote }}", "n: {{ .Files.Get \"none\" | quote }}", "l: {{ .Files.Lines \"conf/a.txt\" | join \"+\" }}", "b: {{ .Files.GetBytes \"conf/a.txt\" | toString | b64enc }}"), "conf/a.txt", "one\ntwo\n")},
	"files by a pattern": {files: and(one("{{- range $p, $_ := .Files.Glob \"conf/**.txt\" }}", "{{ $p | replace \"/\" \"-\" }}: {{ $.Files.Get $p | quote }}", "{{- end }}"), "conf/a.txt", "one", "conf/deep/b.txt", "two", "conf/c.md", "three")},
	"files as a config":  {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n{{ (.Files.Glob \"conf/*\").AsConfig | indent 2 }}\n", "conf/a.txt": "one\ntwo\n", "conf/b.json": "{\"a\": 1}", "conf/c.empty": ""}},
	"files as secrets":   {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n{{ (.Files.Glob \"conf/*\").AsSecrets | indent 2 }}\n", "conf/a.txt": "one\ntwo\n", "conf/b.bin": "\x00\xff\x01"}},
	"files that are cut in tpl": {files: and(map[string]string{"templates/a.yaml": cm("a", "v: |", "{{- tpl (.Files.Get \"conf/a.tpl\") . | nindent 4 }}")}, "conf/a.tpl",
		"name={{ .Release.Name }}\n{{ range .Values.l }}- {{ . }}\n{{ end }}", "values.yaml", "l: [a, b]\n")},
	"what helmignore names":     {files: and(one("v: \"{{ range $p, $_ := .Files.Glob \"**\" }}{{ $p }} {{ end }}\""), ".helmignore", "# a comment\n*.tmp\n/top.txt\nold/\n\n  spaced.txt\n", "a.tmp", "x", "top.txt", "x", "deep/top.txt", "x", "old/x", "x", "spaced.txt", "x", "templates/x.yaml.tmp", "{{ fail \"no\" }}")},
	"helmignore in a subchart":  {files: sub("charts/sub/.helmignore", "secret.txt\n", "charts/sub/secret.txt", "x", "charts/sub/templates/b.yaml", cm("b", "v: \"{{ range $p, $_ := .Files.Glob \"**\" }}{{ $p }} {{ end }}\""))},
	"files that are not listed": {files: and(one("v: \"{{ range $p, $_ := .Files.Glob \"**\" }}{{ $p }} {{ end }}\""), "README.md", "x", "LICENSE", "x", "values-prod.yaml", "a: b", "ci/x.yaml", "a: b", "templates/NOTES.txt", "x", "crds/a.yaml", crd, ".hidden", "x")},
	"a mark of UTF-8":           {files: map[string]string{"templates/a.yaml": "\xEF\xBB\xBF" + cm("a", "v: {{ .Values.x }}", "f: {{ .Files.Get \"f.txt\" | quote }}"), "values.yaml": "\xEF\xBB\xBFx: 1a\n", "f.txt": "\xEF\xBB\xBFf"}},
	"lines of another system":   {files: map[string]string{"templates/a.yaml": strings.ReplaceAll(cm("a", "v: b", "w: |", "  one", "  two"), "\n", "\r\n"), "f.txt": "a\r\nb"}},
	"templates of other names":  {files: and(one("a: b"), "templates/b.yml", cm("b", "a: b"), "templates/c.json", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}`, "templates/d", cm("d", "a: b"), "templates/e.tpl", cm("e", "a: b"), "templates/_f.yaml", cm("f", "a: b"), "templates/deep/_g.yaml", cm("g", "a: b"), "templates/h.txt", "# nothing\n")},

	// Schemas.
	"a schema":                    {files: and(dump(".Values"), "values.schema.json", `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["a"],"properties":{"a":{"type":"integer","minimum":1},"b":{"$ref":"#/definitions/b"},"c":{"type":"string","enum":["x","y"]}},"definitions":{"b":{"type":["string","null"]}}}`, "values.yaml", "a: 1\n"), values: "a: 3\nb: x\nc: x\n"},
	"a schema of 2020":            {files: and(dump(".Values"), "values.schema.json", `{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"p":{"type":"integer","maximum":65535}},"properties":{"port":{"$ref":"#/$defs/p"},"l":{"prefixItems":[{"type":"string"}]}},"unevaluatedProperties":true}`), values: "port: 8080\nl: [x, 1]\n"},
	"a schema of a subchart":      {files: sub("charts/sub/values.schema.json", `{"properties":{"size":{"type":"integer"},"color":{"type":"string"},"global":{}},"additionalProperties":false}`), values: "sub: {size: 5}\n"},
	"a schema of one that is off": {files: and(sub("Chart.yaml", needs("{name: sub, version: 0.1.0, condition: sub.enabled}"), "charts/sub/values.schema.json", `{"required":["never"]}`), "templates/t.yaml", cm("t", "a: b")), values: "sub: {enabled: false}\n"},
	"a schema of a secret":        {files: and(map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: {{ .Values.p | quote }}}\n"}, "values.schema.json", `{"properties":{"p":{"type":"string","minLength":8}},"required":["p"]}`), secrets: map[string]string{"p": "password"}},

	// CRDs, hooks, notes.
	"crds":                      {files: and(one("a: b"), "crds/a.yaml", crd+"---\n"+strings.ReplaceAll(crd, "as.", "bs."), "crds/deep/c.yaml", strings.ReplaceAll(crd, "as.", "cs."), "crds/README.md", "x")},
	"crds are no templates":     {files: and(one("a: b"), "crds/a.yaml", crd+"  x: \"{{ .Values.x }}\"\n")},
	"crds left out":             {files: and(one("a: b"), "crds/a.yaml", crd), source: "skipCRDs: true\n"},
	"crds of a subchart":        {files: sub("charts/sub/crds/a.yaml", crd)},
	"crds of one that is off":   {files: and(sub("Chart.yaml", needs("{name: sub, version: 0.1.0, condition: sub.enabled}"), "charts/sub/crds/a.yaml", crd), "templates/t.yaml", cm("t", "a: b")), values: "sub: {enabled: false}\n"},
	"crds of an alias":          {files: sub("Chart.yaml", needs("{name: sub, version: 0.1.0, alias: two}"), "charts/sub/crds/a.yaml", crd)},
	"a CRD among the templates": {files: and(one("a: b"), "templates/crd.yaml", crd)},
	"notes":                     {files: sub("templates/NOTES.txt", "hello {{ .Release.Name }}: not: yaml", "charts/sub/templates/NOTES.txt", "{{ .Values.color }}")},
	"tests":                     {files: and(one("a: b"), "templates/tests/t.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {\"helm.sh/hook\": test}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: u, annotations: {\"helm.sh/hook\": \"test-success\"}}\n"), args: []string{"--skip-tests"}},
	"a test and more":           {files: and(one("a: b"), "templates/t.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {\"helm.sh/hook\": \"post-install, test\"}}\n"), args: []string{"--skip-tests"}},
	"hooks kept":                {files: and(one("a: b"), "templates/h.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, annotations: {\"helm.sh/hook\": \"pre-install,pre-upgrade\", \"helm.sh/hook-weight\": \"-5\", \"helm.sh/hook-delete-policy\": before-hook-creation}}\n"), source: "hooks: keep\n"},
	"hooks dropped":             {files: and(one("a: b"), "templates/h.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, annotations: {\"helm.sh/hook\": \"pre-install\"}}\n"), source: "hooks: drop\n", args: []string{"--no-hooks"}},
	"a Secret that is a hook":   {files: and(one("a: b"), "templates/h.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: {\"helm.sh/hook\": pre-install}}\nstringData: {p: {{ .Values.p }}}\n"), source: "hooks: keep\n", secrets: map[string]string{"p": "password"}},
	"what stays":                {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a, annotations: {\"helm.sh/resource-policy\": keep}}\n"}},

	// Numbers and texts.
	"large numbers in defaults":          {files: and(one("v: \"{{ .Values.a }} {{ .Values.b }} {{ .Values.c }} {{ .Values.d }} {{ .Values.e }} {{ .Values.f }}\"", "j: {{ .Values | toJson | quote }}", "y: {{ .Values | toYaml | quote }}"), "values.yaml", "a: 1000000\nb: 1e6\nc: 12345678901\nd: 1234567890123456789\ne: 0.1\nf: 1.50\n")},
	"large numbers in values":            {files: one("v: \"{{ .Values.a }} {{ .Values.b }} {{ .Values.c }} {{ .Values.d }} {{ .Values.e }} {{ .Values.f }}\"", "j: {{ .Values | toJson | quote }}", "y: {{ .Values | toYaml | quote }}"), values: "a: 1000000\nb: 1e6\nc: 12345678901\nd: 1234567890123456789\ne: 0.1\nf: 1.50\n"},
	"numbers of odd forms":               {files: one("j: {{ .Values | toJson | quote }}"), values: "a: 0755\nb: 0o755\nc: 0x1F\nd: 1_000\ne: +5\nf: .5\ng: 5.\nh: -0\ni: 0b101\nk: 1E3\nl: -1.5e-7\n"},
	"texts and a time in values":         {files: one("j: {{ .Values | toJson | quote }}"), values: "b: 2020-01-02T03:04:05Z\nc: \"2020-01-02\"\nd: 12:30:45\ne: \"yes\"\nf: True\ng: FALSE\nh: ~\n"},
	"keys of defaults that are no texts": {files: and(one("j: {{ .Values | toJson | quote }}"), "values.yaml", "1: a\non: b\n1.5: c\nd: yes\ne: 2020-01-02\n")},
	"anchors in values":                  {files: one("j: {{ .Values | toJson | quote }}"), values: "a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}\n"},
	"blocks in values":                   {files: one("j: {{ .Values | toJson | quote }}"), values: "a: |\n  one\n    two\n\n  three\nb: >-\n  one\n  two\nc: |+\n  x\n\nd: \"a\\tb\\u00e9\\U0001F600\"\ne: 'it''s'\nf: |2\n    x\n"},
	"texts that look otherwise":          {files: one("j: {{ .Values | toJson | quote }}", "y: {{ .Values | toYaml | quote }}"), values: "a: \"0755\"\nb: \"1e6\"\nc: \"true\"\nd: \"null\"\ne: \"012\"\nf: \"1.10\"\ng: \"\"\nh: \" x \"\ni: \"y\"\n"},
	"kinds of numbers":                   {files: and(one("v: \"{{ typeOf .Values.a }} {{ typeOf .Values.b }} {{ typeOf .Values.c }} {{ kindOf .Values.mine }} {{ typeOf .Values.half }} {{ kindIs \"float64\" .Values.mine }} {{ kindIs \"string\" .Values.mine }}\""), "values.yaml", "a: 1\nb: 1.5\nc: true\n"), values: "mine: 5\nhalf: 1.5\n"},
	"sums":                               {files: one("v: \"{{ add .Values.a 1 }} {{ mul .Values.a 3 }} {{ div .Values.big 2 }} {{ mod .Values.big 7 }} {{ addf .Values.f 1 }} {{ int .Values.big }} {{ int64 .Values.big }} {{ float64 .Values.a }} {{ round .Values.f 1 }} {{ max 1 .Values.a }} {{ .Values.a | toString }} {{ printf \"%v\" .Values.big }}\""), values: "a: 5\nbig: 12345678901\nf: 2.25\n"},
	"numbers compared":                   {files: one("v: \"{{ eq (int .Values.a) 5 }} {{ gt (int .Values.a) 4 }} {{ if .Values.zero }}x{{ end }} {{ .Values.zero | default 7 }} {{ ternary 1 2 (eq .Values.s \"5\") }} {{ empty .Values.zero }}\""), values: "a: 5\nzero: 0\ns: \"5\"\n"},
	"numbers in a manifest":              {files: map[string]string{"templates/a.yaml": "apiVersion: example.com/v1\nkind: Num\nmetadata: {name: nn}\nspec: {a: 1000000, b: 1e6, c: 12345678901, d: 0.1, e: 1.50, f: 0755, g: 0o644, h: 0x1F, i: 1_000, j: -5, k: 1.0, l: 1e100, m: 9007199254740991, half: .5, o: +3, p: 1e3}\n"}},
	"texts in a manifest":                {files: map[string]string{"templates/a.yaml": "apiVersion: example.com/v1\nkind: Num\nmetadata: {name: nn}\nspec: {a: yes, b: \"yes\", c: on, d: 2020-01-02, e: \"2020-01-02\", f: ~, g: null, h: \"null\", i: '0755', j: \"1e6\", k: y, l: 12:30, m: !!str 5, n: =, o: \"\", p: 2020-01-02T03:04:05Z, q: off}\n"}},
	"keys of a manifest":                 {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nn}\ndata: {y: a, \"on\": b, no: c, 1: d, 2.5: e, \"a b\": g}\n"}},
	"anchors in a manifest":              {files: map[string]string{"templates/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: nn, labels: &l {a: b}}\nspec:\n  selector: {matchLabels: *l}\n  template: {metadata: {labels: {<<: *l, c: d}}}\n"}},
	"blocks in a manifest":               {files: one("a: |", "  one", "    two", "", "  three   ", "b: >", "  folded", "  line", "c: |-", "  x", "d: |2", "    y", "e: \"tab\\there\\n\"", "f: "+strings.Repeat("long words ", 40)+"end")},
	"what is empty in a manifest":        {files: map[string]string{"templates/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: nn, labels: {}, annotations: {}, creationTimestamp: null}\nspec: {template: {spec: {volumes: [], containers: [{name: c, resources: {}, env: null, command: []}]}}}\nstatus: {}\n"}},
	"labels that are null":               {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nn\n  labels:\n  data:\n"}},
	"a line separator":                   {files: one("a: \"x\\u2028y\"")},
	"control letters":                    {files: one("a: \"\\e[1m\\a\\0\"")},
	"a mark in the middle":               {files: one("a: \"x\\uFEFFy\"")},
	"letters beyond":                     {files: one("a: \"\\U0010FFFF\\uFFFD\"")},
	"numbers as keys in defaults":        {files: and(one("j: {{ .Values | toJson | quote }}"), "values.yaml", "tcp: {8080: \"a/b:80\", true: x}\n")},
	"letters of all kinds":               {files: one("a: \"é ü 日本 😀\"", "b: 'π'")},

	// Functions.
	"tpl":                   {files: and(one("t: {{ tpl .Values.text . }}", "u: {{ tpl (toYaml .Values.m) $ | quote }}"), "templates/_h.tpl", `{{ define "n" }}{{ .Release.Name | upper }}{{ end }}`, "values.yaml", "text: \"{{ .Release.Name }}-{{ include \\\"n\\\" . }}-{{ .Template.Name }}\"\nm: {\"{{ .Chart.Name }}\": \"{{ .Values.x }}\"}\nx: 5\n")},
	"tpl in a range":        {files: and(one("v: \"{{ range $i, $e := .Values.l }}{{ tpl $e (dict \"i\" $i \"Template\" $.Template) }};{{ end }}\""), "values.yaml", "l: [\"a{{ .i }}\", \"b{{ add .i 1 }}\"]\n")},
	"tpl with a define":     {files: one("v: {{ tpl \"{{ define \\\"x\\\" }}in{{ end }}{{ include \\\"x\\\" . }}\" . }}")},
	"include of a file":     {files: and(one("v: {{ include (print $.Template.BasePath \"/b.yaml\") . | sha256sum }}"), "templates/b.yaml", cm("b", "a: b"))},
	"include of nothing":    {files: and(one("v: {{ include \"e\" . | quote }}"), "templates/_h.tpl", "{{ define \"e\" }}{{ end }}")},
	"include and nindent":   {files: and(map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {{- include \"l\" . | nindent 4 }}\n"}, "templates/_h.tpl", "{{- define \"l\" -}}\napp: {{ .Chart.Name }}\n{{- with .Values.more }}\n{{ toYaml . }}\n{{- end }}\n{{- end -}}\n"), values: "more: {b: \"1\", a: x}\n"},
	"template":              {files: and(one("v: {{ template \"n\" . }}"), "templates/_h.tpl", `{{ define "n" }}x{{ .Chart.Name }}{{ end }}`)},
	"block":                 {files: one("v: {{ block \"n\" . }}x{{ .Chart.Name }}{{ end }}")},
	"lookup":                {files: one("l: {{ lookup \"v1\" \"Secret\" \"n\" \"s\" | toJson | quote }}", "a: {{ (lookup \"v1\" \"Namespace\" \"\" \"\").items | toJson | quote }}", "b: \"{{ if (lookup \"v1\" \"Secret\" .Release.Namespace \"x\") }}yes{{ else }}no{{ end }}\"", "c: {{ get (lookup \"v1\" \"Secret\" \"n\" \"s\" | default dict) \"data\" | quote }}")},
	"getHostByName":         {files: one("h: {{ getHostByName \"localhost\" | quote }}")},
	"required that is":      {files: one("v: {{ required \"say x\" .Values.x }}", "n: {{ required \"say n\" .Values.nn | quote }}", "f: {{ required \"say f\" .Values.f | quote }}"), values: "x: why\nnn: 0\nf: false\n"},
	"fail that isn't":       {files: one("v: {{ if .Values.x }}{{ fail \"no\" }}{{ end }}ok")},
	"toYaml and nindent":    {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  {{- with .Values.tolerations }}\n  tolerations: {{- toYaml . | nindent 4 }}\n  {{- end }}\n  nodeSelector: {{- .Values.sel | toYaml | nindent 4 }}\n"}, values: "tolerations: [{key: a, operator: Exists, tolerationSeconds: 3600}]\nsel: {b: \"true\", a: \"1\"}\n"},
	"other notations":       {files: one("a: {{ .Values | toJson | quote }}", "b: {{ .Values | toPrettyJson | quote }}", "c: {{ .Values | toToml | quote }}", "d: {{ .Values | toRawJson | quote }}", "e: {{ .Values | toYamlPretty | quote }}", "f: {{ fromJson \"{\\\"a\\\": 12345678901, \\\"b\\\": 1.0}\" | toJson | quote }}", "g: {{ fromYaml \"a: [1, 1.5, 0755]\" | toJson | quote }}", "h: {{ fromYamlArray \"[1, b]\" | toJson | quote }}", "i: {{ fromJsonArray \"[1, 2]\" | toJson | quote }}", "k: {{ (fromYaml \"a: [\").Error | trunc 10 | quote }}", "l: {{ fromToml \"a = 5\" | toJson | quote }}"), values: "s: \"<&>\"\nnn: 1000000\nl: [1, {a: b}]\nm: {z: 1, a: 2}\n"},
	"a range over a map":    {files: one("v: \"{{ range $k, $v := .Values.m }}{{ $k }}={{ $v }};{{ else }}none{{ end }}\""), values: "m: {b: 1, a: 2, c: {d: 1}, B: 4, \"10\": 5, \"9\": 6}\n"},
	"keys and values":       {files: one("k: {{ keys .Values.m | sortAlpha | join \",\" }}", "p: {{ pick .Values.m \"a\" | toJson | quote }}", "o: {{ omit .Values.m \"a\" | toJson | quote }}", "h: \"{{ hasKey .Values.m \"a\" }}\"", "v: {{ values (dict \"x\" 1) | toJson | quote }}", "l: {{ pluck \"a\" .Values.m (dict \"a\" 9) | toJson | quote }}"), values: "m: {b: 1, a: 2}\n"},
	"mappings put together": {files: one("a: {{ merge (dict \"a\" 1) .Values.m | toJson | quote }}", "b: {{ mergeOverwrite (deepCopy .Values.m) (dict \"a\" 9 \"n\" (dict \"x\" 1)) | toJson | quote }}", "c: {{ set (deepCopy .Values.m) \"z\" 1 | toJson | quote }}", "d: {{ unset (deepCopy .Values.m) \"a\" | toJson | quote }}", "e: {{ dig \"nn\" \"yy\" \"none\" .Values.m }}", "f: {{ .Values.m | toJson | quote }}"), values: "m: {b: 1, a: 2, nn: {yy: z}}\n"},
	"values that are set":   {files: and(one("a: {{ $_ := set .Values \"x\" \"from a\" }}{{ .Values.x }}"), "templates/b.yaml", cm("b", "a: {{ .Values.x | default \"unset\" }}"), "templates/_z.tpl", "{{ define \"z\" }}{{ $_ := set .Values \"y\" 1 }}{{ end }}", "templates/c.yaml", cm("c", "v: {{ include \"z\" . }}{{ .Values | toJson | quote }}"))},
	"lists":                 {files: one("a: {{ list 1 2 \"x\" | toJson | quote }}", "b: {{ until 5 | toJson | quote }}", "c: {{ untilStep 0 10 3 | toJson | quote }}", "d: {{ seq 1 2 7 | quote }}", "e: {{ uniq (list 1 1 2) | toJson | quote }}", "f: {{ without (list 1 2 3) 2 | toJson | quote }}", "g: {{ concat (list 1) .Values.l | toJson | quote }}", "h: {{ has \"a\" .Values.l | quote }}", "i: {{ slice .Values.l 1 2 | toJson | quote }}", "k: {{ chunk 2 .Values.l | toJson | quote }}", "l: {{ compact (list \"\" \"a\") | toJson | quote }}", "m: {{ reverse .Values.l | first }}{{ last .Values.l }}"), values: "l: [a, b, c]\n"},
	"texts":                 {files: one("a: {{ .Values.s | title | quote }}", "b: {{ .Values.s | snakecase }}-{{ .Values.s | camelcase }}-{{ .Values.s | kebabcase }}", "c: {{ .Values.s | trunc 5 | trimSuffix \"-\" }}{{ .Values.s | trunc -4 }}", "d: {{ wrap 5 \"one two three\" | quote }}", "e: {{ regexReplaceAll \"[a-z]+\" .Values.s \"X\" | quote }}", "f: {{ regexFindAll \"[a-z]\" .Values.s 3 | toJson | quote }}", "g: {{ cat \"a\" 1 | squote }}", "h: {{ substr 1 4 .Values.s }}", "i: {{ initials .Values.s }}{{ abbrev 7 .Values.s }}", "k: {{ splitList \" \" .Values.s | join \"-\" }}{{ (split \"-\" \"a-b\")._1 }}", "l: {{ printf \"%05d %x %q %s\" 42 255 \"q\" .Values.s | squote }}", "m: {{ swapcase .Values.s | nospace }}{{ plural \"one\" \"many\" 2 }}", "nn: {{ html \"<a>\" | squote }}", "o: {{ urlquery \"a b/c\" }}"), values: "s: some-text here\n"},
	"encodings":             {files: one("a: {{ b64enc \"x\" }}{{ b64dec \"eA==\" }}{{ b32enc \"x\" | quote }}", "b: {{ sha1sum \"x\" }} {{ sha256sum \"x\" }} {{ sha512sum \"x\" }} {{ adler32sum \"x\" }}", "c: {{ urlParse \"https://u:p@h:1/p?q=1#f\" | toJson | quote }}", "d: {{ urlJoin (dict \"scheme\" \"https\" \"host\" \"h\" \"path\" \"/p\") }}", "e: {{ derivePassword 1 \"long\" \"pw\" \"user\" \"example.com\" | quote }}", "f: {{ semver \"1.2.3-rc.1\" | toJson | quote }}", "g: {{ base \"a/b.c\" }}{{ dir \"a/b\" }}{{ ext \"x.y\" }}{{ clean \"a/../b\" }}{{ isAbs \"/a\" }}{{ osBase \"a/b\" }}")},
	"fixed times":           {files: one("a: {{ toDate \"2006-01-02\" \"2020-02-03\" | date \"02.01.2006 15:04 MST\" | quote }}", "b: {{ dateInZone \"15:04\" 3600 \"UTC\" | quote }}", "c: {{ toDate \"2006-01-02\" \"2020-02-03\" | htmlDate | quote }}", "d: {{ toDate \"2006-01-02\" \"2020-02-03\" | unixEpoch | quote }}", "e: {{ dateModify \"+36h\" (toDate \"2006-01-02\" \"2020-02-03\") | date \"2006-01-02\" | quote }}", "f: {{ date \"2006\" 0 | quote }}", "g: {{ duration 95 }}", "h: {{ toDate \"2006-01-02\" \"nonsense\" | date \"2006\" | quote }}", "i: {{ mustToDate \"2006-01-02\" \"2021-02-03\" | toString | quote }}")},
	"variables":             {files: one("v: \"{{ $x := 1 }}{{ range .Values.l }}{{ $x = add $x 1 }}{{ end }}{{ $x }}\"", "w: \"{{ range .Values.l }}{{ if eq . \"b\" }}{{ continue }}{{ end }}{{ . }}{{ if eq . \"c\" }}{{ break }}{{ end }}{{ end }}\"", "x: {{ with .Values.none }}a{{ else with .Values.l }}{{ first . }}{{ end }}"), values: "l: [a, b, c, d]\n"},
	"nothing there":         {files: one("a: {{ .Values.none | quote }}", "b: \"{{ .Values.none }}\"", "c: \"{{ (.Values.a).b }}\"", "d: {{ .Values.none | default \"x\" }}", "e: {{ coalesce .Values.none \"\" \"y\" }}", "f: \"{{ .Values.l }}\""), values: "l: [1, {a: b}]\n"},
	"comments in templates": {files: map[string]string{"templates/a.yaml": "{{- /* a comment {{ with braces }} */ -}}\n# a comment of YAML {{ .Release.Name }}\n" + cm("a", "a: b # more", "c: \"# none\"") + "{{/* last */}}", "templates/b.yaml": "{{- if true -}}\n" + cm("b", "a: b") + "{{- end -}}"}},
	"defines in a file":     {files: map[string]string{"templates/a.yaml": "{{- define \"in.a\" -}}x{{- end -}}\n" + cm("a", "v: {{ include \"in.a\" . }}"), "templates/b.yaml": "{{- define \"in.b\" }}y{{ end }}"}},

	// Documents.
	"several documents":        {files: map[string]string{"templates/a.yaml": "# one\n" + cm("a", "a: |+", "  x", "") + "---\n\n---\n# two\n" + cm("b", "a: b") + "---\n# nothing\n", "templates/e.yaml": "{{ if false }}x{{ end }}\n", "templates/f.yaml": "\n---\n" + cm("f", "a: b") + "\n---\n", "templates/g.yaml": "# only a comment\n"}},
	"a mark with more behind":  {files: map[string]string{"templates/a.yaml": "--- # first\n" + cm("a", "a: b") + "--- \n" + cm("b", "a: b")}},
	"documents of a range":     {files: map[string]string{"templates/a.yaml": "{{- range $n, $v := .Values.m }}\n---\n" + cm("{{ $n }}", "v: {{ $v | quote }}", "r: {{ $.Release.Name }}") + "{{- end }}\n"}, values: "m: {b: 1, a: x}\n"},
	"a mark in a text":         {files: one("a: |", "  ---", "  x: y", "  -----BEGIN X-----", "b: \"--- x\"")},
	"a document that ends":     {files: map[string]string{"templates/a.yaml": cm("a", "a: b") + "...\n"}},
	"a directive":              {files: map[string]string{"templates/a.yaml": "---\n" + cm("a", "a: b")}},
	"documents of null":        {files: map[string]string{"templates/a.yaml": "null\n---\n" + cm("a", "a: b") + "---\n~\n---\n{}\n"}},
	"a list":                   {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}, stringData: {p: {{ .Values.p }}}}\n"}, secrets: map[string]string{"p": "password"}},
	"a list of one kind":       {files: and(one("a: b"), "templates/l.yaml", "apiVersion: v1\nkind: ConfigMapList\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}\n")},
	"a list of nothing":        {files: and(one("a: b"), "templates/l.yaml", "apiVersion: v1\nkind: List\nitems: []\n")},
	"a kind that ends in List": {files: map[string]string{"templates/a.yaml": "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {a: b}\n"}},
	"namespaces":               {files: map[string]string{"templates/a.yaml": strings.Replace(cm("a", "v: x"), "metadata:\n", "metadata:\n  namespace: other\n", 1) + "---\n" + cm("a", "v: y") + "---\n" + strings.Replace(cm("a", "v: z"), "metadata:\n", "metadata:\n  namespace: {{ .Release.Namespace }}\n", 1)}},
	"one name, two groups":     {files: map[string]string{"templates/a.yaml": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\n---\napiVersion: networking.istio.io/v1\nkind: Ingress\nmetadata: {name: a}\n"}},
	"keys that stand twice":    {files: one("a: b", "a: c")},
	"JSON":                     {files: map[string]string{"templates/a.yaml": `{{ dict "apiVersion" "v1" "kind" "ConfigMap" "metadata" (dict "name" "a") "data" (dict "x" "y" "n" "5") | toPrettyJson }}`}},
	"kinds of kustomize":       {files: and(one("a: b"), "templates/k.yaml", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k}\nspec: {path: ./x}\n")},
	"names with colons":        {files: map[string]string{"templates/a.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: \"system:{{ .Release.Name }}:view\"}\nrules: [{apiGroups: [\"\"], resources: [pods], verbs: [\"*\"]}]\n"}},
	"many objects":             {files: map[string]string{"templates/a.yaml": "{{ range until 300 }}---\n" + cm("a{{ . }}", "v: \"{{ . }}\"") + "{{ end }}"}},

	// Secrets.
	"a secret":                     {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {a: b}}\ntype: Opaque\ndata: {p: {{ .Values.auth.password | b64enc }}, user: {{ .Values.auth.user | b64enc | quote }}}\n", "values.yaml": "auth: {user: u}\n"}, secrets: map[string]string{"auth.password": "password"}},
	"stringData":                   {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  url: \"postgres://u:{{ .Values.p }}@h:5432/db\"\n  ini: |\n    [x]\n    password = {{ .Values.p }}\n    token = {{ .Values.t }}\n  j: {{ dict \"p\" .Values.p \"t\" .Values.t | toJson | quote }}\ndata: {other: eA==}\n"}, secrets: map[string]string{"p": "password", "t": "token"}},
	"a secret in an address":       {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {u: \"https://x:{{ .Values.t | urlquery }}@h\", h: {{ html .Values.t | quote }}, q: {{ .Values.t | quote | quote }}}\n"}, secrets: map[string]string{"t": "token"}},
	"a secret in a file of YAML":   {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  c.yaml: {{ .Values.config | toYaml | b64enc }}\n", "values.yaml": "config: {a: {user: x}, num: 1000000}\n"}, secrets: map[string]string{"config.a.password": "password"}},
	"a secret through tpl":         {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: {{ tpl .Values.p . | quote }}, c: {{ tpl (toYaml .Values.c) . | quote }}}\n", "values.yaml": "c: {url: \"http://{{ .Values.p }}@{{ .Release.Name }}\"}\n"}, secrets: map[string]string{"p": "password"}},
	"a secret in base64 twice":     {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {.dockerconfigjson: {{ printf \"{\\\"auths\\\":{\\\"h\\\":{\\\"auth\\\":%q}}}\" (printf \"u:%s\" .Values.p | b64enc) | b64enc }}}\ntype: kubernetes.io/dockerconfigjson\n"}, secrets: map[string]string{"p": "password"}},
	"secrets in a list":            {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n{{- range .Values.users }}\n  {{ .name }}: {{ .token | quote }}\n{{- end }}\n"}, values: "users: [{name: a}, {name: b, x: 1}]\n", secrets: map[string]string{"users[0].token": "token", "users[1].token": "password"}},
	"a secret whose key has a dot": {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {{ .Values.data | toJson }}\n", "values.yaml": "data: {a: b}\n"}, secrets: map[string]string{`data.x\.pem`: "token"}},
	"a secret of a subchart":       {files: sub("charts/sub/templates/a.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: {{ .Values.p }}, g: {{ .Values.global.g | quote }}}\n"), secrets: map[string]string{"sub.p": "password", "global.g": "token"}},
	"a secret over a default":      {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: {{ .Values.p | default (randAlphaNum 12) | quote }}}\n", "values.yaml": "p: \"\"\n"}, secrets: map[string]string{"p": "password"}},
	"if there is a secret":         {files: map[string]string{"templates/s.yaml": "{{ if and .Values.p (not (eq .Values.p \"\")) (gt (len .Values.p) 3) }}apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: {{ .Values.p | trim | trunc 72 | quote }}}{{ end }}\n", "templates/d.yaml": cm("d", "on: \"{{ if .Values.p }}yes{{ end }}\"")}, secrets: map[string]string{"p": "password"}},
	"a checksum of a secret":       {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: {{ .Values.p }}}\n", "templates/d.yaml": strings.Replace(deployment, "{labels: {a: b}}", "{labels: {a: b}, annotations: {checksum/secret: {{ include (print $.Template.BasePath \"/s.yaml\") . | sha256sum }}, checksum/c: {{ \"x\" | sha256sum }}, short: {{ toJson .Values | sha256sum | trunc 8 | quote }}}}", 1)}, secrets: map[string]string{"p": "password"}, sums: []string{"checksum/secret", "short"}},
	"a Secret of nothing":          {files: and(one("a: b"), "templates/s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: {kubernetes.io/service-account.name: x}}\ntype: kubernetes.io/service-account-token\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: t}\ndata: {}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: u}\ndata:\nstringData:\n")},
	"a Secret of constants":        {files: and(one("a: b"), "templates/s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: kube-system}\nimmutable: true\ndata: {a: eA==, e: \"\", b: {{ .Files.Get \"b.bin\" | b64enc }}}\nstringData: {m: \"5\", l: \"x\\n\"}\n", "b.bin", "\x00\x01\xfe")},
	"a Secret of another group":    {files: and(one("a: b"), "templates/s.yaml", "apiVersion: secrets.example.com/v1\nkind: Secret\nmetadata: {name: s}\nspec: {data: {a: b}, ref: x}\n")},
	"a Secret with odd keys":       {files: and(one("a: b"), "templates/s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {\"a.b-c_d\": x, \"on\": \"y\", \"1\": z}\n")},
	"a reference to a secret":      {files: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}-s}\nstringData: {p: {{ .Values.p }}}\n", "templates/d.yaml": strings.Replace(deployment, "image: i", "image: i, env: [{name: P, valueFrom: {secretKeyRef: {name: {{ .Release.Name }}-s, key: p}}}], envFrom: [{secretRef: {name: rel-s}}]", 1)}, secrets: map[string]string{"p": "password"}},
	"certificates that are given":  {files: and(one("a: b"), "templates/s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: |\n{{ .Files.Get \"c.pem\" | indent 4 }}\n  tls.key: {{ .Values.k | quote }}\n", "c.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), secrets: map[string]string{"k": "token"}},
}

// subArchive puts a subchart into charts/ as an archive.
func subArchive(p *place) {
	p.write("low/Chart.yaml", chartOf("sub"))
	p.write("low/values.yaml", "color: blue\n")
	p.write("low/templates/a.yaml", cm("sub", "v: {{ .Values | toJson | quote }}"))
	p.ok("helm", "package", "low", "-d", "chart/charts")
	if err := os.RemoveAll(filepath.Join(p.dir, "low")); err != nil {
		p.t.Fatal(err)
	}
}
