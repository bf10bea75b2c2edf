package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nasty is a chart that has to end with an error which says these things.
type nasty struct {
	files  map[string]string
	source string
	values string
	make   func(t *testing.T, p *project) // what no text is
	seal   bool                           // a build can't know
	says   []string
	slow   bool // it takes as long as a chart may
}

// tgz is an archive of these entries.
func tgz(t *testing.T, entries map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range entries {
		must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}))
		_, err := w.Write([]byte(text))
		must(t, err)
	}
	must(t, w.Close())
	must(t, z.Close())
	return b.Bytes()
}

func archived(entries map[string]string) func(*testing.T, *project) {
	return func(t *testing.T, p *project) {
		must(t, os.WriteFile(filepath.Join(p.dir, "c.tgz"), tgz(t, entries), 0o644))
		p.write("env/app/chart.yaml", strings.Replace(string(p.read("env/app/chart.yaml")), "path: ../chart", "path: ../c.tgz", 1))
	}
}

const canary = "canary-Pa55word"

var nastyCharts = map[string]nasty{
	"a secret in a ConfigMap":         {files: map[string]string{"templates/a.yaml": configMap("a", "  p: {{ .Values.pw }}\n")}, says: []string{"templates/a.yaml: ConfigMap a holds the secret field/pw/password at data.p, outside a Secret", "secretKeyRef"}},
	"its first letters":               {files: map[string]string{"templates/a.yaml": configMap("a", "  p: {{ trunc 4 .Values.pw }}\n")}, seal: true, says: []string{"templates/a.yaml: the ConfigMap a depends on a secret at data.p"}},
	"a random variable":               {files: map[string]string{"templates/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: c, env: [{name: T, value: {{ .Values.token | default (randAlphaNum 20) }}}]}]}}}\n"}, says: []string{"templates/a.yaml: Deployment d has at spec.template.spec.containers[0].env[0].value a value that the template draws by randAlphaNum", "set token, under spec.secretValues or spec.values"}},
	"the clock in an annotation":      {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: {at: {{ now | date \"2006-01-02\" | quote }}}\n"}, says: []string{"metadata.annotations.at", "draws by now"}},
	"two of one name":                 {files: map[string]string{"templates/a.yaml": configMap("a", "  a: b\n") + "---\n" + configMap("a", "  a: c\n")}, says: []string{"templates/a.yaml: renders the ConfigMap a that templates/a.yaml also renders"}},
	"keys that depend on a value":     {files: map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {{ dict (trunc 6 .Values.pw) \"eA==\" | toJson }}\n"}, seal: true, says: []string{"the Secret s has other keys with the real secrets than without"}},
	"no YAML":                         {files: map[string]string{"templates/a.yaml": "a: [\n"}, says: []string{"templates/a.yaml: is not a valid YAML object"}},
	"no object":                       {files: map[string]string{"templates/a.yaml": "a: b\n"}, says: []string{"templates/a.yaml: holds an object without apiVersion, kind or metadata.name"}},
	"a hook without a choice":         {files: map[string]string{"templates/a.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, annotations: {helm.sh/hook: post-install}}\n"}, says: []string{"a hook (post-install)", "spec.chart.hooks: keep"}},
	"a schema that refuses":           {files: map[string]string{"values.schema.json": `{"properties":{"n":{"type":"integer"}}}`, "templates/a.yaml": configMap("a", "  a: b\n")}, values: "n: " + canary + "\n", says: []string{"spec.values.n: is not what the chart takes there"}},
	"a schema from elsewhere":         {files: map[string]string{"values.schema.json": `{"$ref":"https://example.com/schema.json"}`, "templates/a.yaml": configMap("a", "  a: b\n")}, says: []string{"values.schema.json: refers to a schema that is not in the chart"}},
	"a missing dependency":            {files: map[string]string{"Chart.yaml": plainChart + "dependencies: [{name: gone, version: 1.x, repository: \"https://example.com\"}]\n", "templates/a.yaml": configMap("a", "  a: b\n")}, says: []string{`names "gone", which is not in the chart's folder charts`, "helm dependency update"}},
	"another Kubernetes":              {files: map[string]string{"Chart.yaml": plainChart + "kubeVersion: \"<1.20.0\"\n", "templates/a.yaml": configMap("a", "  a: b\n")}, says: []string{"asks for Kubernetes", "set spec.chart.kubeVersion"}},
	"the environment":                 {files: map[string]string{"templates/a.yaml": configMap("a", "  h: {{ env \"HOME\" }}\n")}, says: []string{"templates/a.yaml"}},
	"a value that is required":        {files: map[string]string{"templates/a.yaml": configMap("a", "  h: {{ required \"a host is required\" .Values.host }}\n")}, says: []string{"templates/a.yaml:6: a host is required"}},
	"a fold that quotes a secret":     {files: map[string]string{"templates/a.yaml": configMap("a", "  h: {{ fail (print .Values.pw \" is wrong\") }}\n")}, seal: true, says: []string{"templates/a.yaml:6: does not render with these values"}},
	"another archive":                 {source: ", sha256: \"" + strings.Repeat("ab", 32) + "\"", make: archived(map[string]string{"c/Chart.yaml": plainChart, "c/templates/a.yaml": "{{ not even a template"}), says: []string{"spec.chart.sha256: the archive is another one: its SHA-256 is ", "once the chart was reviewed"}},
	"a sum of a folder":               {source: ", sha256: \"" + strings.Repeat("ab", 32) + "\"", files: map[string]string{"templates/a.yaml": configMap("a", "  a: b\n")}, says: []string{"spec.chart.sha256: is of an archive"}},
	"a parent's folder in an archive": {make: archived(map[string]string{"c/Chart.yaml": plainChart, "c/../../../etc/x": "x"}), says: []string{"c.tgz: the chart's archive can't be read: it illegally references parent directory"}},
	"an absolute path in an archive":  {make: archived(map[string]string{"c/Chart.yaml": plainChart, "c//etc/x": "x"}), says: []string{"c.tgz: the chart's archive can't be read: it illegally contains absolute paths"}},
	"a bomb":                          {make: archived(map[string]string{"c/Chart.yaml": plainChart, "c/zeros": strings.Repeat("\x00", 101<<20)}), says: []string{"c.tgz: the chart's archive can't be read: it is larger than the maximum size"}},
	"a link out of the chart": {files: map[string]string{"templates/a.yaml": configMap("a", "  a: b\n")}, make: func(t *testing.T, p *project) {
		must(t, os.Symlink("/etc/hostname", filepath.Join(p.dir, "chart", "host")))
	}, says: []string{"chart/host: is a link that leads out of the chart"}},
	"a chart out of the repository": {make: func(t *testing.T, p *project) {
		must(t, os.MkdirAll(filepath.Join(p.dir, ".git"), 0o755))
		p.write("../elsewhere/Chart.yaml", plainChart)
		p.write("env/app/chart.yaml", strings.Replace(string(p.read("env/app/chart.yaml")), "path: ../chart", "path: ../../elsewhere", 1))
	}, says: []string{"elsewhere: is outside the repository"}},
	"an endless template":             {files: map[string]string{"templates/a.yaml": configMap("a", "  a: {{ range until 100000 }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}x\n")}, says: []string{"chart, c/templates/a.yaml: does not render within 60 seconds and 1024 MiB", "look at the loops of that template"}, slow: true},
	"a template that includes itself": {files: map[string]string{"templates/_h.tpl": `{{ define "x" }}{{ include "x" . }}{{ end }}`, "templates/a.yaml": configMap("a", "  a: {{ include \"x\" . }}\n")}, says: []string{"chart c, templates/_h.tpl:1: does not render"}},
	"memory in one piece":             {files: map[string]string{"templates/a.yaml": configMap("a", "  a: {{ repeat 2000000000 \"xxxxxxxx\" | len }}\n")}, says: []string{"chart, c/templates/a.yaml: does not render within 60 seconds and 1024 MiB"}},
	"memory bit by bit":               {files: map[string]string{"templates/a.yaml": "{{ $l := list }}{{ range until 1000000 }}{{ $l = append $l (repeat 100000 (print .)) }}{{ end }}" + configMap("a", "  a: {{ len $l }}\n")}, says: []string{"chart, c/templates/a.yaml: does not render within 60 seconds and 1024 MiB"}},
	"objects without end":             {files: map[string]string{"templates/a.yaml": "{{ range until 200000 }}---\n" + configMap("a{{ . }}", "  a: b\n") + "{{ end }}"}, says: []string{"renders to more than 10 MiB"}},
}

// Each ends with an error that names the place and the way out, in bounded time
// and memory, and never with a secret.
func TestNastyCharts(t *testing.T) {
	for name, c := range nastyCharts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := nastyProject(t, c.files, c.source, c.values)
			if c.make != nil {
				c.make(t, p)
			}
			began := time.Now()
			command := "build"
			if c.seal {
				command = "seal"
			}
			cmd := p.command("", tool("reggen"), command, "env")
			r := finish(t, cmd)
			if r.code != 1 || len(r.stdout) > 0 {
				t.Errorf("exit status %d, %d bytes on stdout", r.code, len(r.stdout))
			}
			for _, text := range c.says {
				if !bytes.Contains(r.stderr, []byte(text)) {
					t.Errorf("stderr does not say %q:\n%.2000s", text, r.stderr)
				}
			}
			if bytes.Contains(r.stderr, []byte(canary)) || bytes.Contains(r.stderr, []byte(base64.StdEncoding.EncodeToString([]byte(canary)))) {
				t.Errorf("the secret stands in stderr")
			}
			// Other tests run beside this one; a minute is what a chart may take.
			if took := time.Since(began); took > 150*time.Second || !c.slow && took > 100*time.Second {
				t.Errorf("it took %s", took)
			}
			usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if usage != nil && usage.Maxrss > 2<<20 { // KiB, of this process and of the one that it waited for
				t.Errorf("it took %d MiB", usage.Maxrss>>10)
			}
		})
	}
}

// nastyProject is chartProject with a secret value, pw.
func nastyProject(t *testing.T, files map[string]string, source, values string) *project {
	t.Helper()
	p := chartProject(t, files, source, values)
	p.write("env/app/chart.yaml", string(p.read("env/app/chart.yaml"))+"  secretValues:\n    pw: {credential: pw, field: password}\n")
	p.reseal(t)
	return p
}

// reseal makes the credentials by a chart that harms nobody.
func (p *project) reseal(t *testing.T) {
	t.Helper()
	spec := string(p.read("env/app/chart.yaml"))
	p.write("fine/Chart.yaml", plainChart)
	p.write("fine/values.yaml", "pw: \"\"\n")
	p.write("fine/templates/s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: pw}\ndata: {pw: {{ .Values.pw | b64enc }}}\n")
	p.write("env/app/chart.yaml", "apiVersion: reggen.dev/v1alpha1\nkind: Chart\nmetadata: {name: rel, namespace: apps}\nspec:\n  chart: {path: ../fine}\n  secretValues:\n    pw: {credential: pw, field: password}\n")
	p.ok(canary, tool("reggen"), "credential", "set", "pw", "--field", "password", "--stdin", "--dir", "env", "--accept-recipients", p.accept)
	p.reggen("seal", "env")
	must(t, os.RemoveAll(filepath.Join(p.dir, "env", "sealed")))
	p.write("env/app/chart.yaml", spec)
}

// What is odd and harmless renders.
func TestOddCharts(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		holds string
	}{
		"stringData":               {map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {pw: {{ .Values.pw | quote }}}\n"}, "name: s"},
		"an empty Secret":          {map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"}, "name: s"},
		"a Secret inside a List":   {map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {r: {{ randAlphaNum 9 | b64enc }}, pw: {{ .Values.pw | b64enc }}}}\n"}, "name: s"},
		"five megabytes":           {map[string]string{"templates/a.yaml": configMap("a", "  a: {{ .Files.Get \"big.txt\" | sha256sum }}\n"), "big.txt": strings.Repeat("0123456789abcdef", 330_000)}, "name: a"},
		"a parent's values by dig": {map[string]string{"templates/a.yaml": configMap("a", "  a: {{ dig \"x\" \"y\" \"none\" .Values.AsMap }}\n")}, "name: a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := nastyProject(t, c.files, "", "")
			p.reggen("seal", "env")
			out := p.reggen("build", "env")
			if !bytes.Contains(out, []byte(c.holds)) || bytes.Contains(out, []byte(canary)) {
				t.Errorf("built\n%.1000s", out)
			}
		})
	}
}

const certificates = `{{- $ca := genCA "ca" 100 }}{{ $c := genSignedCert "db" nil (list "db.apps.svc") 50 $ca -}}
apiVersion: v1
kind: Secret
metadata: {name: tls}
type: kubernetes.io/tls
data: {ca.crt: {{ $ca.Cert | b64enc }}, tls.crt: {{ $c.Cert | b64enc }}, tls.key: {{ $c.Key | b64enc }}}
---
apiVersion: v1
kind: Secret
metadata: {name: random}
data: {a: {{ randAlphaNum 20 | b64enc }}, b: {{ uuidv4 | b64enc }}, c: {{ randAlpha 6 | b64enc }}, d: {{ htpasswd "u" .Values.pw | b64enc }}}
`

// What a chart draws stays what it is: sealed again, sealed from nothing, with a
// new version of the chart, and in another folder, on another day, in another zone.
func TestDrawsStay(t *testing.T) {
	p := nastyProject(t, map[string]string{"templates/a.yaml": certificates}, "", "")
	p.reggen("seal", "env")
	before := tree(t, p.dir)
	p.reggen("seal", "env")
	for name, text := range tree(t, p.dir) {
		if !bytes.Equal(before[name], text) {
			t.Errorf("a second seal changes %s", name)
		}
	}
	plain := p.reggen("build", "--secrets", "plain", "env")
	must(t, os.RemoveAll(filepath.Join(p.dir, "env", "sealed")))
	p.reggen("seal", "env")
	same(t, "sealed from nothing", p.reggen("build", "--secrets", "plain", "env"), plain)

	// The certificates are real, and of one CA.
	secrets := byID(t, plain)
	data, _ := secrets["Secret <nil>/tls"]["data"].(map[string]any)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(decoded(t, data["ca.crt"]))
	block, _ := pem.Decode(decoded(t, data["tls.crt"]))
	cert, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: pool, DNSName: "db.apps.svc"}); err != nil {
		t.Error(err)
	}

	// No key, another folder, another zone, another day as far as reggen can tell.
	sealed := p.reggen("build", "env")
	q := bare(t)
	copyTree(t, p.dir, q.dir)
	q.env = append(q.env, "TZ=Pacific/Auckland")
	same(t, "a build elsewhere", q.reggen("build", "env"), sealed)

	// A value more changes only that.
	p.write("chart/templates/a.yaml", strings.Replace(certificates, "data: {a:", "data: {more: {{ randAlphaNum 20 | b64enc }}, a:", 1))
	p.reggen("seal", "env")
	now := byID(t, p.reggen("build", "--secrets", "plain", "env"))
	for id, o := range secrets {
		old, _ := o["data"].(map[string]any)
		data, _ := now[id]["data"].(map[string]any)
		for key, v := range old {
			if data[key] != v && id != "Secret <nil>/random" {
				t.Errorf("%s of %s is another one", key, id)
			}
		}
	}
	// A certificate is renewed alone.
	p.reggen("seal", "--renew", "tls", "env")
	renewed := byID(t, p.reggen("build", "--secrets", "plain", "env"))
	if a, b := encoded(t, renewed["Secret <nil>/tls"]["data"]), encoded(t, now["Secret <nil>/tls"]["data"]); a == b {
		t.Error("nothing was renewed")
	}
	if a, b := encoded(t, renewed["Secret <nil>/random"]["data"]), encoded(t, now["Secret <nil>/random"]["data"]); a != b {
		t.Error("something else was renewed")
	}
}

func decoded(t *testing.T, v any) []byte {
	t.Helper()
	text, _ := v.(string)
	out, err := base64.StdEncoding.DecodeString(text)
	must(t, err)
	return out
}

// One byte of an archive is another one: nothing of it is read.
func TestAnArchiveIsHeldAgainstItsSum(t *testing.T) {
	p := nastyProject(t, map[string]string{"templates/a.yaml": configMap("a", "  a: b\n")}, "", "")
	p.ok("", tool("helm"), "package", "chart")
	path := filepath.Join(p.dir, "c-1.2.3.tgz")
	data := readFile(t, path)
	sum := sha256.Sum256(data)
	spec := string(p.read("env/app/chart.yaml"))
	p.write("env/app/chart.yaml", strings.Replace(spec, "path: ../chart", "path: ../c-1.2.3.tgz, sha256: "+hex.EncodeToString(sum[:]), 1))
	p.reggen("build", "env")
	data[len(data)-5] ^= 1
	must(t, os.WriteFile(path, data, 0o644))
	p.fails([]string{"spec.chart.sha256: the archive is another one"}, "build", "env")
}
