package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nasty is a chart that has to end with an error, unless it works.
type nasty struct {
	files   map[string]string
	secrets map[string]string // pw and the field password, unless said
	source  string
	values  string
	path    string // other than ../../chart
	prepare func(p *place)
	seal    bool // a build can't know
	works   bool
	slow    bool     // it takes as long as a chart may, and is only built
	says    []string // what stands in the error
}

func secretOf(lines ...string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  " + strings.Join(lines, "\n  ") + "\n"
}

// Each ends with an error that names the place and the way out, in bounded time
// and memory, and never with a secret.
func TestNasty(t *testing.T) {
	for name, c := range nastyCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.chart(c.files)
			secrets, path := c.secrets, c.path
			if secrets == nil {
				secrets = map[string]string{"pw": "password"}
			}
			if path == "" {
				path = "../../chart"
			}
			p.spec(path, c.source, c.values, secrets)
			if c.prepare != nil {
				c.prepare(p)
			}
			if !c.seal && !c.works {
				c.hold(t, p, "build", c.says)
				if c.slow {
					return
				}
			}
			if c.works {
				c.hold(t, p, "seal", nil)
				c.hold(t, p, "build", nil)
				return
			}
			says := c.says
			if !c.seal {
				says = nil
			}
			c.hold(t, p, "seal", says)
			if files, _ := os.ReadDir(filepath.Join(p.dir, "overlays/x/sealed")); len(files) > 0 {
				t.Errorf("a seal that fails leaves %d files", len(files))
			}
		})
	}
}

func (c nasty) hold(t *testing.T, p *place, command string, says []string) {
	t.Helper()
	r := p.runs("", "reggen", command, "overlays/x")
	if want := map[bool]int{true: 0, false: 1}[c.works]; r.code != want {
		t.Errorf("%s: exit status %d", command, r.code)
	}
	if r.code != 0 && r.stdout != "" {
		t.Errorf("%s: %d bytes on stdout", command, len(r.stdout))
	}
	for _, text := range says {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("%s: stderr doesn't say %q", command, text)
		}
	}
	for _, form := range canaries {
		if strings.Contains(r.stderr, form) || strings.Contains(r.stdout, form) {
			t.Errorf("%s: shows %q", command, form)
		}
	}
	if strings.Contains(r.stderr, "goroutine ") || len(r.stderr) > 20_000 {
		t.Errorf("%s: %d bytes on stderr", command, len(r.stderr))
	}
	limit := 50 * time.Second
	if c.slow {
		limit = 100 * time.Second
	}
	if r.took > limit {
		t.Errorf("%s: took %s", command, r.took)
	}
	if r.peak > 1<<20 {
		t.Errorf("%s: reggen itself took %d MiB", command, r.peak>>10)
	}
	if r.child > 2<<20 {
		t.Errorf("%s: the process that renders took %d MiB", command, r.child>>10)
	}
	t.Logf("%s: exit %d, %.1f s, %d MiB, below it %d MiB\n%.1500s", command, r.code, r.took.Seconds(), r.peak>>10, r.child>>10, r.stderr)
}

// canaries are the secrets as an output could hold them.
var canaries = func() (out []string) {
	for _, s := range []string{password, token, odd} {
		out = append(out, s[:10], s[len(s)-9:], hex.EncodeToString([]byte(s[:8])))
		for shift := range 3 {
			b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + s[:16]))
			out = append(out, b[4:len(b)-8])
		}
	}
	return out
}()

// entry is one of an archive.
type entry struct {
	name, text, link string
	zeros            int64
	kind             byte
}

// packed puts an archive in the chart's place.
func packed(entries ...entry) func(p *place) {
	return func(p *place) {
		p.t.Helper()
		f, err := os.Create(filepath.Join(p.dir, "c.tgz"))
		must(p.t, err)
		_, err = f.Write(archive(p, entries...))
		must(p.t, err)
		must(p.t, f.Close())
	}
}

func archive(p *place, entries ...entry) []byte {
	p.t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.text)) + e.zeros, Typeflag: tar.TypeReg, Linkname: e.link}
		if e.kind != 0 {
			h.Typeflag = e.kind
		}
		must(p.t, w.WriteHeader(h))
		_, err := io.WriteString(w, e.text)
		must(p.t, err)
		_, err = io.CopyN(w, zero{}, e.zeros)
		must(p.t, err)
	}
	must(p.t, w.Close())
	must(p.t, z.Close())
	return b.Bytes()
}

type zero struct{}

func (zero) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func linked(target, name string) func(p *place) {
	return func(p *place) {
		p.t.Helper()
		must(p.t, os.MkdirAll(filepath.Dir(filepath.Join(p.dir, name)), 0o755))
		must(p.t, os.Symlink(target, filepath.Join(p.dir, name)))
	}
}

func aliases(n int) string {
	out := "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
	for i := 1; i < n; i++ {
		at := string(rune('0' + i - 1))
		out += "x" + string(rune('0'+i)) + ": &x" + string(rune('0'+i)) + " [" + strings.TrimSuffix(strings.Repeat("*x"+at+", ", 10), ", ") + "]\n"
	}
	return out
}

var (
	top  = entry{name: "c/Chart.yaml", text: plain}
	tmpl = entry{name: "c/templates/a.yaml", text: cm("a", "a: b")}
	fine = one("a: b")
)

const bounds = "does not render within 60 seconds and 1024 MiB"

var nastyCases = map[string]nasty{
	// A secret that leaves its Secret.
	"in a ConfigMap":            {files: one("p: {{ .Values.pw }}"), says: []string{"templates/a.yaml", "ConfigMap a", "data.p", "secretKeyRef"}},
	"in base64":                 {files: one("p: {{ .Values.pw | b64enc }}"), says: []string{"templates/a.yaml", "ConfigMap a", "data.p"}},
	"in base64, with more":      {files: one("p: {{ printf \"user:%s;\" .Values.pw | b64enc }}"), says: []string{"templates/a.yaml", "ConfigMap a", "data.p"}},
	"in base64 twice":           {files: one("p: {{ .Values.pw | b64enc | b64enc }}"), seal: true, says: []string{"templates/a.yaml", "ConfigMap a", "data.p"}},
	"its first letters":         {files: one("p: {{ .Values.pw | trunc 3 }}"), seal: true, says: []string{"templates/a.yaml", "ConfigMap a", "data.p"}},
	"in capitals":               {files: one("p: {{ .Values.pw | upper }}"), seal: true, says: []string{"templates/a.yaml", "data.p"}},
	"its length":                {files: one("p: {{ len .Values.pw | quote }}"), seal: true, says: []string{"templates/a.yaml", "data.p"}},
	"a guess at it":             {files: and(fine, "templates/b.yaml", "{{ if hasPrefix \"can\" .Values.pw }}"+cm("b", "a: b")+"{{ end }}"), seal: true, says: []string{"decides by a secret's value"}},
	"a number made of it":       {files: one("p: {{ adler32sum .Values.pw | quote }}"), seal: true, says: []string{"templates/a.yaml", "data.p"}},
	"in an annotation":          {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {x: {{ .Values.pw }}}}\n"}, says: []string{"templates/a.yaml", "metadata.annotations.x"}},
	"in the name":               {files: map[string]string{"templates/a.yaml": cm("{{ .Values.pw | lower }}", "a: b")}, seal: true, says: []string{"templates/a.yaml"}},
	"in a key":                  {files: one("{{ .Values.pw }}: x"), says: []string{"templates/a.yaml"}},
	"in arguments":              {files: map[string]string{"templates/d.yaml": strings.Replace(deployment, "image: i", "image: i, args: [\"--p={{ .Values.pw }}\"]", 1)}, says: []string{"templates/d.yaml", "Deployment d", "args"}},
	"in a Secret's annotation":  {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: {x: {{ .Values.pw }}}}\nstringData: {p: {{ .Values.pw }}}\n"}, seal: true, says: []string{"Secret s", "metadata.annotations.x"}},
	"in a ConfigMap in a List":  {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {p: {{ .Values.pw }}}}]\n"}, says: []string{"templates/a.yaml", "ConfigMap a"}},
	"in a Secret of others":     {files: map[string]string{"templates/a.yaml": "apiVersion: example.com/v1\nkind: Secret\nmetadata: {name: s}\ndata: {p: {{ .Values.pw }}}\n"}, says: []string{"templates/a.yaml", "data.p"}},
	"all values in a ConfigMap": {files: one("p: {{ .Values | toJson | quote }}"), says: []string{"templates/a.yaml", "data.p"}},
	"keys that depend on it":    {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: { {{ .Values.pw | trunc 6 }}: x }\n"}, seal: true, says: []string{"Secret s", "keys"}},
	"mangled in a Secret":       {files: map[string]string{"templates/a.yaml": secretOf("p: {{ .Values.pw | lower }}")}, seal: true, says: []string{"Secret s"}},

	// What is random, outside a Secret.
	"a random variable":           {files: map[string]string{"templates/d.yaml": strings.Replace(deployment, "image: i", "image: i, env: [{name: T, value: {{ .Values.token | default (randAlphaNum 20) }}}]", 1)}, says: []string{"templates/d.yaml", "Deployment d", "randAlphaNum", "set token"}},
	"a short random variable":     {files: map[string]string{"templates/d.yaml": strings.Replace(deployment, "image: i", "image: i, env: [{name: T, value: x{{ randAlpha 4 }}}]", 1)}, says: []string{"templates/d.yaml", "Deployment d", "randAlpha"}},
	"a random name":               {files: map[string]string{"templates/a.yaml": cm("a-{{ randAlphaNum 5 | lower }}", "a: b")}, says: []string{"templates/a.yaml", "randAlphaNum"}},
	"a long random name":          {files: map[string]string{"templates/a.yaml": cm("a-{{ randAlphaNum 30 | lower }}", "a: b")}, says: []string{"templates/a.yaml", "randAlphaNum"}},
	"a random key":                {files: one("{{ uuidv4 }}: b"), says: []string{"templates/a.yaml", "uuidv4"}},
	"a random number":             {files: map[string]string{"templates/d.yaml": strings.Replace(deployment, "spec:\n  sel", "spec:\n  replicas: {{ randInt 1 100000 }}\n  sel", 1)}, says: []string{"templates/d.yaml", "randInt", "replicas"}},
	"the clock in an annotation":  {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {at: {{ now | date \"2006-01-02\" | quote }}}}\n"}, says: []string{"templates/a.yaml", "metadata.annotations.at", "now"}},
	"the clock as a number":       {files: one("at: {{ now | unixEpoch | quote }}"), says: []string{"templates/a.yaml", "data.at", "now"}},
	"the clock, by date":          {files: one("at: {{ date \"2006\" \"x\" | quote }}"), says: []string{"templates/a.yaml", "date"}},
	"an age":                      {files: one("at: {{ toDate \"2006-01-02\" \"2020-01-01\" | ago | quote }}"), says: []string{"templates/a.yaml", "ago"}},
	"a private key":               {files: one("k: {{ genPrivateKey \"ecdsa\" | quote }}"), says: []string{"templates/a.yaml", "genPrivateKey"}},
	"a certificate's key":         {files: one("k: {{ (genCA \"x\" 10).Key | quote }}"), says: []string{"templates/a.yaml", "genCA"}},
	"a salted hash":               {files: one("k: {{ htpasswd \"u\" .Values.pw | quote }}"), says: []string{"templates/a.yaml", "htpasswd"}},
	"letters that are shuffled":   {files: one("k: {{ shuffle \"abcdefghijklmnopqrstuvwxyz\" | quote }}"), says: []string{"templates/a.yaml", "shuffle"}},
	"a random length":             {files: map[string]string{"templates/a.yaml": secretOf("p: {{ randAlphaNum (randInt 20 90) }}")}, works: true},
	"random bytes without number": {files: map[string]string{"templates/a.yaml": secretOf("p: {{ randAlphaNum .Values.pw }}")}, says: []string{"templates/a.yaml", "randAlphaNum"}},
	"far too many letters":        {files: map[string]string{"templates/a.yaml": secretOf("p: {{ randAlphaNum 1000000000 }}")}, says: []string{"templates/a.yaml", "randAlphaNum"}},

	// The environment.
	"env":                     {files: one("h: {{ env \"HOME\" }}"), says: []string{"templates/a.yaml", "env"}},
	"expandenv":               {files: one("h: {{ expandenv \"$SOPS_AGE_KEY_FILE\" }}"), says: []string{"templates/a.yaml", "expandenv"}},
	"env in tpl":              {files: one("h: {{ tpl \"{{ env \\\"HOME\\\" }}\" . }}"), says: []string{"templates/a.yaml", "env"}},
	"a file out of the chart": {files: one("h: {{ .Files.Get \"../overlays/x/app/chart.yaml\" | quote }}", "i: {{ .Files.Get \"/etc/passwd\" | quote }}", "j: {{ .Files.Glob \"../**\" | toJson | quote }}"), works: true},

	// Errors that could quote a secret.
	"fail quotes it":                 {files: one("h: {{ fail (print .Values.pw \" is wrong\") }}"), says: []string{"templates/a.yaml"}},
	"fail quotes it, found by seal":  {files: one("h: {{ if hasPrefix \"can\" .Values.pw }}{{ fail (print .Values.pw \" is wrong\") }}{{ end }}"), seal: true, says: []string{"templates/a.yaml"}},
	"a template of its name":         {files: one("h: {{ include .Values.pw . }}"), says: []string{"templates/a.yaml"}},
	"a field of it":                  {files: one("h: {{ .Values.pw.x }}"), says: []string{"templates/a.yaml"}},
	"a date made of it":              {files: one("h: {{ mustToDate \"2006\" .Values.pw }}"), says: []string{"templates/a.yaml"}},
	"a version made of it":           {files: one("h: {{ semver .Values.pw }}"), says: []string{"templates/a.yaml"}},
	"a pattern made of it":           {files: one("h: {{ mustRegexFind (print \"[\" .Values.pw) \"x\" }}"), says: []string{"templates/a.yaml"}},
	"tpl of it":                      {files: map[string]string{"templates/a.yaml": secretOf("p: {{ tpl .Values.pw . | quote }}")}, secrets: map[string]string{"pw": "odd"}, seal: true, says: []string{"templates/a.yaml"}},
	"it is no YAML":                  {files: map[string]string{"templates/a.yaml": secretOf("p: {{ .Values.pw }}")}, secrets: map[string]string{"pw": "odd"}, seal: true, says: []string{"templates/a.yaml"}},
	"it is odd, and quoted":          {files: map[string]string{"templates/a.yaml": secretOf("p: {{ .Values.pw | quote }}", "j: {{ dict \"a\" .Values.pw | toJson | quote }}")}, secrets: map[string]string{"pw": "odd"}, works: true},
	"a schema that refuses it":       {files: and(fine, "values.schema.json", `{"properties":{"pw":{"type":"integer"}}}`), says: []string{"values.schema.json", "spec.values.pw"}},
	"a schema with its letters":      {files: and(fine, "values.schema.json", `{"properties":{"pw":{"not":{"pattern":"^canary"}}}}`), seal: true, says: []string{"values.schema.json", "pw"}},
	"a value of the wrong kind":      {files: and(one("a: {{ .Values.a.b }}"), "values.yaml", "a: {b: 1}\n"), values: "a: " + password + "\n", says: []string{"templates/a.yaml"}},
	"required, by the chart's words": {files: one("h: {{ required \"a host is required\" .Values.host }}"), says: []string{"templates/a.yaml:6", "a host is required"}},

	// What is no object.
	"no YAML":             {files: map[string]string{"templates/a.yaml": "a: [\n"}, says: []string{"templates/a.yaml"}},
	"a tab":               {files: map[string]string{"templates/a.yaml": "apiVersion: v1\n\tkind: x\n"}, says: []string{"templates/a.yaml"}},
	"a text":              {files: map[string]string{"templates/a.yaml": "hello\n"}, says: []string{"templates/a.yaml"}},
	"a sequence":          {files: map[string]string{"templates/a.yaml": "- a\n- b\n"}, says: []string{"templates/a.yaml"}},
	"no kind":             {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nmetadata: {name: a}\n"}, says: []string{"templates/a.yaml"}},
	"no name":             {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n"}, says: []string{"templates/a.yaml"}},
	"a mapping twice":     {files: map[string]string{"templates/a.yaml": cm("a", "a: b") + "---\n" + cm("a", "a: c")}, says: []string{"templates/a.yaml", "ConfigMap a"}},
	"one in two files":    {files: map[string]string{"templates/a.yaml": cm("a", "a: b"), "templates/b.yaml": cm("a", "a: b")}, says: []string{"templates/a.yaml", "templates/b.yaml"}},
	"data of a number":    {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: 5}\n"}, says: []string{"Secret s"}},
	"data of no base64":   {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: \"{{ .Values.pw }}!\"}\n"}, says: []string{"Secret s"}},
	"no templates":        {files: map[string]string{"README.md": "x"}, says: []string{"templates"}},
	"nothing rendered":    {files: one("a: b{{/*"), says: []string{"templates/a.yaml"}},
	"an unknown function": {files: one("a: {{ nope }}"), says: []string{"templates/a.yaml"}},

	// What works.
	"stringData":                     {files: map[string]string{"templates/a.yaml": secretOf("p: {{ .Values.pw }}")}, works: true},
	"an empty Secret":                {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"}, works: true},
	"a Secret in a List":             {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {r: {{ randAlphaNum 9 | b64enc }}, pw: {{ .Values.pw | b64enc }}}}\n"}, works: true},
	"5 MB":                           {files: and(one("a: {{ .Files.Get \"big.txt\" | sha256sum }}"), "big.txt", strings.Repeat("0123456789abcdef", 330_000)), works: true},
	"a digest of it":                 {files: map[string]string{"templates/a.yaml": secretOf("p: {{ .Values.pw }}"), "templates/b.yaml": cm("a", "s: {{ .Values.pw | sha256sum }}")}, works: true},
	"a certificate, which is public": {files: map[string]string{"templates/a.yaml": secretOf("p: {{ .Values.pw }}"), "templates/b.yaml": cm("a", "c: {{ (genCA \"x\" 10).Cert | quote }}")}, works: true},
	"a certificate and no Secret":    {files: one("c: {{ (genCA \"x\" 10).Cert | quote }}"), says: []string{"has no Secret, whose sealed file would say it"}},

	// The chart.
	"a hook without a choice":        {files: map[string]string{"templates/a.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, annotations: {\"helm.sh/hook\": post-install}}\n"}, says: []string{"templates/a.yaml", "Job j", "post-install", "spec.chart.hooks"}},
	"a schema that refuses":          {files: and(fine, "values.schema.json", `{"properties":{"a":{"type":"integer"}},"required":["b"]}`), values: "a: x\n", says: []string{"values.schema.json", "spec.values.a", "required"}},
	"a schema of a subchart":         {files: sub("charts/sub/values.schema.json", `{"properties":{"size":{"type":"string"}}}`), says: []string{"chart sub, values.schema.json", "size"}},
	"a schema from elsewhere":        {files: and(fine, "values.schema.json", `{"$ref":"https://example.com/schema.json"}`), says: []string{"values.schema.json", "not in the chart"}},
	"a schema from a file":           {files: and(fine, "values.schema.json", `{"$ref":"file:///etc/hostname"}`), says: []string{"values.schema.json", "not in the chart"}},
	"a schema from beside":           {files: and(fine, "values.schema.json", `{"properties":{"a":{"$ref":"other.json#/a"}}}`, "other.json", `{"a":{}}`), says: []string{"values.schema.json", "not in the chart"}},
	"a schema that is none":          {files: and(fine, "values.schema.json", `{`), says: []string{"values.schema.json"}},
	"a schema that refers to itself": {files: and(fine, "values.schema.json", `{"$ref":"#/definitions/a","definitions":{"a":{"allOf":[{"$ref":"#/definitions/a"}]}}}`), says: []string{"values.schema.json"}},
	"a missing dependency":           {files: and(fine, "Chart.yaml", needs("{name: gone, version: 1.x, repository: \"https://example.com\"}")), says: []string{"gone", "helm dependency update"}},
	"another Kubernetes":             {files: and(fine, "Chart.yaml", plain+"kubeVersion: \"<1.20.0\"\n"), says: []string{"<1.20.0", "spec.chart.kubeVersion"}},
	"a library by itself":            {files: and(fine, "Chart.yaml", plain+"type: library\n"), says: []string{"Chart.yaml", "library"}},
	"no Chart.yaml":                  {files: fine, prepare: func(p *place) { must(p.t, os.Remove(filepath.Join(p.dir, "chart/Chart.yaml"))) }, says: []string{"Chart.yaml"}},
	"a Chart.yaml without a name":    {files: and(fine, "Chart.yaml", "apiVersion: v2\nversion: 1.0.0\n"), says: []string{"Chart.yaml"}},
	"values that are no YAML":        {files: and(fine, "values.yaml", "a: [\n"), says: []string{"values.yaml"}},
	"a subchart that is broken":      {files: and(fine, "charts/sub/Chart.yaml", "x: [\n"), says: []string{"sub"}},

	// Where it lies.
	"out of the repository":    {files: fine, path: "../../../elsewhere", prepare: func(p *place) { p.write("../elsewhere/Chart.yaml", plain) }, says: []string{"elsewhere", "outside the repository"}},
	"at an absolute path":      {files: fine, path: "/etc", says: []string{"spec.chart.path"}},
	"nowhere":                  {files: fine, path: "../../nowhere", says: []string{"nowhere"}},
	"no archive at all":        {files: and(fine, "x.txt", "x"), path: "../../chart/x.txt", says: []string{"x.txt"}},
	"a link out of the chart":  {files: fine, prepare: linked("/etc/hostname", "chart/host"), says: []string{"chart/host", "link"}},
	"a link to another folder": {files: fine, prepare: linked("/etc", "chart/etc"), says: []string{"chart/etc", "link"}},
	"a link beside the chart":  {files: fine, prepare: linked("../../overlays", "chart/templates/o"), says: []string{"chart/templates/o", "link"}},
	"a link to nothing":        {files: fine, prepare: linked("nothing", "chart/gone"), says: []string{"chart/gone", "link"}},
	"a link to itself":         {files: fine, prepare: linked("loop", "chart/loop"), says: []string{"chart/loop", "link"}},
	"the chart is a link out": {files: fine, path: "../../linked", prepare: func(p *place) {
		p.write("../elsewhere/Chart.yaml", plain)
		p.write("../elsewhere/templates/a.yaml", cm("a", "a: b"))
		linked("../elsewhere", "linked")(p)
	}, says: []string{"linked"}},
	"a pipe":                {files: fine, prepare: func(p *place) { must(p.t, syscall.Mkfifo(filepath.Join(p.dir, "chart/pipe"), 0o644)) }, says: []string{"chart/pipe"}},
	"a pipe as the archive": {files: fine, path: "../../c.tgz", prepare: func(p *place) { must(p.t, syscall.Mkfifo(filepath.Join(p.dir, "c.tgz"), 0o644)) }, says: []string{"c.tgz"}},
	"a large file":          {files: fine, prepare: func(p *place) { must(p.t, os.Truncate(sparse(p, "chart/big"), 2<<30)) }, says: []string{"chart"}},
	"a large archive":       {files: fine, path: "../../c.tgz", prepare: func(p *place) { must(p.t, os.Truncate(sparse(p, "c.tgz"), 2<<30)) }, says: []string{"c.tgz"}},
	"many files": {files: fine, prepare: func(p *place) {
		for i := range 6_000 {
			p.write("chart/many/"+hex.EncodeToString([]byte{byte(i >> 8), byte(i)}), "x")
		}
	}, says: []string{"chart", "5000 files"}},

	// Archives.
	"a parent's folder":      {path: "../../c.tgz", prepare: packed(top, tmpl, entry{name: "c/../../../x", text: "x"}), says: []string{"c.tgz", "parent"}},
	"an absolute path":       {path: "../../c.tgz", prepare: packed(top, tmpl, entry{name: "/etc/x", text: "x"}), works: true}, // as Helm reads it, below the chart
	"an absolute path below": {path: "../../c.tgz", prepare: packed(top, tmpl, entry{name: "c//etc/x", text: "x"}), says: []string{"c.tgz", "absolute"}},
	"a drive":                {path: "../../c.tgz", prepare: packed(top, tmpl, entry{name: "c/C:\\x", text: "x"}), works: true},
	"a link in an archive":   {path: "../../c.tgz", prepare: packed(top, tmpl, entry{name: "c/templates/l.yaml", link: "/etc/passwd", kind: tar.TypeSymlink}), works: true},
	"a bomb":                 {path: "../../c.tgz", prepare: packed(top, tmpl, entry{name: "c/zeros", zeros: 300 << 20}), says: []string{"c.tgz", "larger"}},
	"a bomb of many":         {path: "../../c.tgz", prepare: packed(append([]entry{top, tmpl}, manyZeros()...)...), says: []string{"c.tgz", "larger"}},
	"a bomb in a bomb": {path: "../../c.tgz", prepare: func(p *place) {
		inner := []entry{{name: "low/Chart.yaml", text: chartOf("low")}}
		for i := range 18 {
			inner = append(inner, entry{name: "low/zeros" + hex.EncodeToString([]byte{byte(i)}), zeros: 5 << 20})
		}
		low, outer := string(archive(p, inner...)), []entry{top, tmpl}
		for i := range 40 {
			outer = append(outer, entry{name: "c/charts/low" + hex.EncodeToString([]byte{byte(i)}) + ".tgz", text: low})
		}
		packed(outer...)(p)
	}, slow: true, says: []string{"c.tgz", bounds}},
	"an archive cut off": {path: "../../c.tgz", prepare: func(p *place) {
		packed(top, tmpl)(p)
		must(p.t, os.Truncate(filepath.Join(p.dir, "c.tgz"), 100))
	}, says: []string{"c.tgz"}},
	"an empty archive":   {path: "../../c.tgz", prepare: packed(), says: []string{"c.tgz"}},
	"another archive":    {path: "../../c.tgz", source: "sha256: \"" + strings.Repeat("ab", 32) + "\"\n", prepare: packed(top, entry{name: "c/templates/a.yaml", text: "{{ no template"}), says: []string{"spec.chart.sha256", "another"}},
	"a sum of a folder":  {files: fine, source: "sha256: \"" + strings.Repeat("ab", 32) + "\"\n", says: []string{"spec.chart.sha256", "folder"}},
	"a sum that is none": {files: fine, source: "sha256: xyz\n", says: []string{"spec.chart.sha256"}},

	// Paths of secrets.
	"no path":                 {files: fine, secrets: map[string]string{"a[": "password"}, says: []string{"spec.secretValues"}},
	"a path with a value":     {files: fine, secrets: map[string]string{"a=b": "password"}, says: []string{"spec.secretValues"}},
	"an index below zero":     {files: fine, secrets: map[string]string{"a[-1]": "password"}, says: []string{"spec.secretValues"}},
	"an index beyond":         {files: fine, secrets: map[string]string{"a[99999999999]": "password"}, says: []string{"spec.secretValues"}},
	"two paths":               {files: fine, secrets: map[string]string{"a,b": "password"}, says: []string{"spec.secretValues"}},
	"a path through a text":   {files: fine, values: "a: text\n", secrets: map[string]string{"a.b": "password"}, says: []string{"spec.secretValues"}},
	"an unknown field":        {files: fine, secrets: map[string]string{"a": "passwort"}, says: []string{"passwort", "reggen credential set app"}},
	"an unknown kube version": {files: fine, source: "kubeVersion: latest\n", says: []string{"spec.chart.kubeVersion"}},

	// Without end.
	"an endless template":          {files: one("a: {{ range until 100000 }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}x"), slow: true, says: []string{"templates/a.yaml", bounds}},
	"include of itself":            {files: and(one("a: {{ include \"x\" . }}"), "templates/_h.tpl", `{{ define "x" }}{{ include "x" . }}{{ end }}`), says: []string{"templates/"}},
	"two that include each other":  {files: and(one("a: {{ include \"x\" . }}"), "templates/_h.tpl", `{{ define "x" }}{{ include "y" . }}{{ include "y" . }}{{ end }}{{ define "y" }}{{ include "x" . }}{{ include "x" . }}{{ end }}`), says: []string{"templates/"}},
	"template of itself":           {files: and(one("a: {{ template \"x\" . }}"), "templates/_h.tpl", `{{ define "x" }}{{ template "x" . }}{{ end }}`), says: []string{"templates/"}},
	"tpl of itself":                {files: and(one("a: {{ tpl .Values.x . }}"), "values.yaml", "x: \"{{ tpl .Values.x . }}\"\n"), slow: true, says: []string{"templates/a.yaml"}},
	"memory in one piece":          {files: one("a: {{ repeat 2000000000 \"xxxxxxxx\" | len }}"), says: []string{"templates/a.yaml", bounds}},
	"memory by nesting":            {files: one("a: {{ repeat 1000 (repeat 1000 (repeat 1000 (repeat 1000 \"x\"))) | len }}"), says: []string{"templates/a.yaml", bounds}},
	"memory bit by bit":            {files: one("a: {{ $s := \"x\" }}{{ range until 40 }}{{ $s = print $s $s }}{{ end }}{{ len $s }}"), slow: true, says: []string{"templates/a.yaml", bounds}},
	"memory by lists":              {files: map[string]string{"templates/a.yaml": "{{ $l := list }}{{ range until 1000000 }}{{ $l = append $l (repeat 100000 (print .)) }}{{ end }}" + cm("a", "a: {{ len $l }}")}, says: []string{"templates/a.yaml", bounds}},
	"memory by until":              {files: one("a: {{ len (until 2000000000) }}"), slow: true, says: []string{"templates/a.yaml", bounds}},
	"a mapping in itself":          {files: one("a: {{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ printf \"%v\" $d }}"), says: []string{"templates/a.yaml"}},
	"a mapping in itself, written": {files: one("a: {{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toYaml $d | quote }}"), says: []string{"ConfigMap a"}, works: true},
	"a mapping in itself, drawn":   {files: and(one("a: {{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ include \"x\" $d }}"), "templates/_h.tpl", "{{ define \"x\" }}{{ randAlphaNum 20 }}{{ end }}"), slow: true, says: []string{"templates/a.yaml"}},
	"objects without end":          {files: map[string]string{"templates/a.yaml": "{{ range until 200000 }}---\n" + cm("a{{ . }}", "a: b") + "{{ end }}"}, says: []string{"10 MiB"}},
	"one text without end":         {files: one("a: {{ repeat 20000000 \"x\" }}"), says: []string{"10 MiB"}},
	"aliases in a manifest":        {files: map[string]string{"templates/a.yaml": "apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}\n" + aliases(9)}, says: []string{"templates/a.yaml"}},
	"aliases in values":            {files: and(fine, "values.yaml", aliases(9)), says: []string{"values.yaml"}},
	"aliases in a text":            {files: and(one("a: {{ .Files.Get \"x.yaml\" | fromYaml | toJson | len | quote }}"), "x.yaml", aliases(9)), works: true},
	"deep brackets":                {files: map[string]string{"templates/a.yaml": "apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}\nspec: {{ repeat 2000000 \"[\" }}\n"}, says: []string{"templates/a.yaml"}},
	"deep brackets in values":      {files: and(fine, "values.yaml", "a: "+strings.Repeat("[", 2_000_000)+"\n"), says: []string{"values.yaml"}},
	"deep braces in a template":    {files: map[string]string{"templates/a.yaml": strings.Repeat("{{ if true }}", 200_000) + strings.Repeat("{{ end }}", 200_000) + cm("a", "a: b")}, works: true},
	"deep parentheses":             {files: one("a: {{ " + strings.Repeat("(", 1_000_000) + "1" + strings.Repeat(")", 1_000_000) + " }}"), says: []string{"templates/a.yaml"}},
	"many draws":                   {files: map[string]string{"templates/a.yaml": "{{ range until 200 }}---\napiVersion: v1\nkind: Secret\nmetadata: {name: s{{ . }}}\nstringData: {p: {{ randAlphaNum 20 }}}\n{{ end }}"}, works: true},
	"many objects":                 {files: map[string]string{"templates/a.yaml": "{{ range until 20000 }}---\n" + cm("a{{ . }}", "a: b") + "{{ end }}"}, works: true},
	"keys without end":             {files: map[string]string{"templates/a.yaml": secretOf("p: {{ range until 10000 }}{{ (genCA \"x\" 10).Cert | len }}{{ end }}")}, seal: true, slow: true, says: []string{"templates/a.yaml"}},
}

func sparse(p *place, name string) string {
	p.write(name, "")
	return filepath.Join(p.dir, name)
}

func manyZeros() (out []entry) {
	for i := range 60 {
		out = append(out, entry{name: "c/zeros" + hex.EncodeToString([]byte{byte(i)}), zeros: 4 << 20})
	}
	return out
}
