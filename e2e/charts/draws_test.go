package charts

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// drawn is a chart with passwords that it makes, and a CA and what it signs.
var drawn = map[string]string{
	"templates/_h.tpl": `{{ define "c.pw" }}{{ randAlphaNum 24 }}{{ end }}`,
	"templates/a.yaml": `apiVersion: v1
kind: Secret
metadata: {name: random}
data:
  a: {{ randAlphaNum 20 | b64enc }}
  b: {{ include "c.pw" . | b64enc }}
  c: {{ randNumeric 8 | b64enc }}
  u: {{ uuidv4 | b64enc }}
`,
	"templates/b.yaml": `apiVersion: v1
kind: Secret
metadata: {name: again}
stringData: {b: {{ include "c.pw" . }}, url: "https://u:{{ include "c.pw" . }}@h", h: {{ htpasswd "u" .Values.pw | quote }}}
`,
	"templates/tls.yaml": `{{- $ca := genCA "ca.example.com" 365 }}
{{- $c := genSignedCert "db" (list "10.0.0.1") (list "db.apps.svc" "db") 90 $ca -}}
apiVersion: v1
kind: Secret
metadata: {name: tls}
type: kubernetes.io/tls
data:
  ca.crt: {{ $ca.Cert | b64enc }}
  tls.crt: {{ $c.Cert | b64enc }}
  tls.key: {{ $c.Key | b64enc }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: w}
webhooks: [{name: w.example.com, clientConfig: {caBundle: {{ $ca.Cert | b64enc }}}}]
`,
	"templates/other.yaml": `{{- $o := genSelfSignedCert "other" nil nil 30 -}}
apiVersion: v1
kind: Secret
metadata: {name: other}
data: {tls.crt: {{ $o.Cert | b64enc }}, tls.key: {{ $o.Key | b64enc }}, k: {{ genPrivateKey "ecdsa" | b64enc }}}
`,
	"templates/d.yaml": strings.Replace(deployment, "{labels: {a: b}}", "{labels: {a: b}, annotations: {checksum/a: {{ include (print $.Template.BasePath \"/a.yaml\") . | sha256sum }}}}", 1),
}

func newDrawn(t *testing.T) *place {
	t.Helper()
	p := newPlace(t)
	p.chart(drawn)
	p.spec("../../chart", "", "", map[string]string{"pw": "password"})
	p.seal()
	return p
}

// tree are the files of the repository.
func (p *place) tree() map[string]string {
	p.t.Helper()
	out := map[string]string{}
	must(p.t, filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.Contains(path, "/.git/") {
			return err
		}
		rel, _ := filepath.Rel(p.dir, path)
		out[rel] = p.read(rel)
		return nil
	}))
	return out
}

// opened are the sealed files as the real sops decrypts them: the data by Secret
// and key.
func (p *place) opened() map[string]map[string]string {
	p.t.Helper()
	files, _ := filepath.Glob(filepath.Join(p.dir, "overlays/x/sealed/*"))
	out := map[string]map[string]string{}
	for _, f := range files {
		var o struct {
			Kind       string
			Metadata   struct{ Name string }
			Data       map[string]string
			StringData map[string]string
		}
		must(p.t, yaml.Unmarshal([]byte(p.ok("sops", "decrypt", f)), &o))
		data := map[string]string{}
		for k, v := range o.Data {
			plain, err := base64.StdEncoding.DecodeString(v)
			must(p.t, err)
			data[k] = string(plain)
		}
		for k, v := range o.StringData {
			data[k] = v
		}
		if o.Kind != "Secret" || len(data) == 0 {
			p.t.Fatalf("%s is no Secret with data", f)
		}
		out[o.Metadata.Name] = data
	}
	return out
}

// A seal that has nothing to do touches nothing; from nothing it makes the same.
func TestSealAgain(t *testing.T) {
	t.Parallel()
	p := newDrawn(t)
	before, secrets := p.tree(), p.opened()
	p.seal()
	if after := p.tree(); !reflect.DeepEqual(before, after) {
		for name := range after {
			if after[name] != before[name] {
				t.Errorf("a second seal changes %s", name)
			}
		}
	}
	p.ok("reggen", "seal", "--check", "overlays/x")
	must(t, os.RemoveAll(filepath.Join(p.dir, "overlays/x/sealed")))
	p.seal()
	if again := p.opened(); !reflect.DeepEqual(again, secrets) {
		t.Error("sealed from nothing the content is another one")
	}
	if len(secrets) != 4 {
		t.Fatalf("%d Secrets", len(secrets))
	}
	// A helper that three places include draws one value.
	b := secrets["random"]["b"]
	if secrets["again"]["b"] != b || secrets["again"]["url"] != "https://u:"+b+"@h" || len(b) != 24 {
		t.Error("a helper draws more than one value")
	}
	if a := secrets["random"]["a"]; a == b || len(a) != 20 || len(secrets["random"]["c"]) != 8 {
		t.Error("draws have other lengths, or are the same")
	}
}

// The certificates are real, and of one CA, which the webhook has too.
func TestCertificates(t *testing.T) {
	t.Parallel()
	p := newDrawn(t)
	tls := p.opened()["tls"]
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(tls["ca.crt"])) {
		t.Fatal("no CA")
	}
	block, _ := pem.Decode([]byte(tls["tls.crt"]))
	cert, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	for _, host := range []string{"db.apps.svc", "db", "10.0.0.1"} {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: pool, DNSName: host}); err != nil {
			t.Error(err)
		}
	}
	block, _ = pem.Decode([]byte(tls["tls.key"]))
	k, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	must(t, err)
	if !k.PublicKey.Equal(cert.PublicKey) {
		t.Error("the key is of another certificate")
	}
	if want := base64.StdEncoding.EncodeToString([]byte(tls["ca.crt"])); !strings.Contains(p.ok("reggen", "build", "overlays/x"), want) {
		t.Error("the webhook has another CA")
	}
}

// A new version of the chart that draws a value more changes only that.
func TestAVersionMore(t *testing.T) {
	t.Parallel()
	p := newDrawn(t)
	before, kept := p.opened(), p.tree()
	p.write("chart/Chart.yaml", strings.Replace(plain, "1.2.3", "1.3.0", 1))
	p.write("chart/templates/a.yaml", strings.Replace(drawn["templates/a.yaml"], "data:\n", "data:\n  more: {{ randAlphaNum 20 | b64enc }}\n", 1))
	p.write("chart/templates/0.yaml", secretOf("x: {{ randAlphaNum 20 }}"))
	p.seal()
	after := p.opened()
	if len(after["random"]["more"]) != 20 || len(after["s"]["x"]) != 20 {
		t.Error("the new values are not there")
	}
	delete(after["random"], "more")
	delete(after, "s")
	if !reflect.DeepEqual(before, after) {
		t.Error("another value changed")
	}
	for name, text := range p.tree() {
		if strings.Contains(name, "/sealed/") && kept[name] != text && !strings.Contains(name, "random") && kept[name] != "" {
			t.Errorf("%s is written again", name)
		}
	}
}

// A build needs no key, and has the same bytes in another folder and zone.
func TestABuildElsewhere(t *testing.T) {
	t.Parallel()
	p := newDrawn(t)
	want := p.ok("reggen", "build", "overlays/x")
	top := t.TempDir()
	q := &place{t: t, dir: filepath.Join(top, "deep/er/other"), home: filepath.Join(top, "home"), env: []string{"TZ=Pacific/Auckland", "LANG=de_DE.UTF-8", "LC_ALL=C"}}
	must(t, os.CopyFS(q.dir, os.DirFS(p.dir)))
	must(t, os.Mkdir(q.home, 0o755))
	if got := q.ok("reggen", "build", "overlays/x"); got != want {
		t.Errorf("elsewhere it is\n%s\nand was\n%s", got, want)
	}
	// Nor does it need the credentials' ciphertexts, or anything in HOME.
	q.env = []string{"TZ=America/New_York", "HOME=/nonexistent"}
	for range 3 {
		if got := q.ok("reggen", "build", "overlays/x"); got != want {
			t.Error("another build is another one")
		}
	}
	for _, secret := range p.opened()["random"] {
		if strings.Contains(want, secret) || strings.Contains(want, base64.StdEncoding.EncodeToString([]byte(secret))) {
			t.Error("a build shows what was drawn")
		}
	}
}

// A certificate is made anew with what it signs, and nothing else.
func TestRenew(t *testing.T) {
	t.Parallel()
	p := newDrawn(t)
	before, kept := p.opened(), p.tree()
	p.seal("--renew", "tls")
	after := p.opened()
	for _, k := range []string{"ca.crt", "tls.crt", "tls.key"} {
		if before["tls"][k] == after["tls"][k] {
			t.Errorf("%s is the old one", k)
		}
	}
	delete(before, "tls")
	delete(after, "tls")
	if !reflect.DeepEqual(before, after) {
		t.Error("another Secret was renewed")
	}
	for name, text := range p.tree() {
		if strings.Contains(name, "/sealed/") && !strings.Contains(name, "tls") && ciphertexts(kept[name]) != ciphertexts(text) {
			t.Errorf("%s is encrypted again", name)
		}
	}
	p.ok("reggen", "seal", "--check", "overlays/x")
	// A Secret that has nothing to renew is told.
	for _, name := range []string{"random", "nope"} {
		if r := p.runs("", "reggen", "seal", "--renew", name, "overlays/x"); r.code != 1 || !strings.Contains(r.stderr, name) {
			t.Errorf("--renew %s: exit status %d\n%s", name, r.code, r.stderr)
		}
	}
}

// One changed byte of an archive is found before anything of it is read.
func TestOneByteOfAnArchive(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.chart(fine)
	p.ok("helm", "package", "chart")
	p.spec("../../c-1.2.3.tgz", "sha256: "+sumOf(p.read("c-1.2.3.tgz"))+"\n", "", nil)
	p.seal()
	p.ok("reggen", "build", "overlays/x")
	data := []byte(p.read("c-1.2.3.tgz"))
	for _, at := range []int{3, len(data) / 2, len(data) - 1} {
		changed := append([]byte{}, data...)
		changed[at] ^= 1
		p.write("c-1.2.3.tgz", string(changed))
		for _, command := range []string{"build", "seal"} {
			r := p.runs("", "reggen", command, "overlays/x")
			if r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "spec.chart.sha256: the archive is another one") {
				t.Errorf("byte %d, %s: exit status %d\n%s", at, command, r.code, r.stderr)
			}
		}
	}
}

// ciphertexts are those of a sealed file, without the MAC.
func ciphertexts(text string) (out string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, ": ENC[") && !strings.Contains(line, "mac: ENC[") {
			out += line
		}
	}
	return out
}
