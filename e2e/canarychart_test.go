package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const canaryTemplate = `apiVersion: v1
kind: Secret
metadata: {name: s}
stringData:
  password: {{ .Values.password | quote }}
  url: {{ printf "https://u:%s@h" (urlquery .Values.password) | quote }}
  hash: {{ htpasswd "u" .Values.password | quote }}
  key: {{ index .Values.keys 0 | quote }}
  drawn: {{ randAlphaNum 20 | quote }}
---
apiVersion: v1
kind: Secret
metadata: {name: tls}
data: {ca.crt: {{ (genCA "a" 10).Cert | b64enc }}}
`

const canaryPods = `apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata:
      labels: {a: b}
      annotations: {checksum/secret: {{ include (print $.Template.BasePath "/s.yaml") . | sha256sum }}}
    spec: {containers: [{name: c, image: "i:1", envFrom: [{secretRef: {name: s}}]}]}
`

// canaryChart is an environment of a Chart whose credential holds canaries.
func canaryChart(t *testing.T) watch {
	t.Helper()
	e := newEnvironment(t, nil)
	must(t, os.RemoveAll(filepath.Join(e.dir, "env", "registry")))
	e.write("env/kustomization.yaml", "generators: [app]\nnamespace: apps\n")
	e.write("env/app/kustomization.yaml", "resources: [chart.yaml]\n")
	e.write("env/app/chart.yaml", `apiVersion: reggen.dev/v1alpha1
kind: Chart
metadata: {name: rel, namespace: apps}
spec:
  chart: {path: ../chart}
  secretValues:
    password: {credential: birds, field: password}
    keys[0]: {credential: birds, field: secretKey}
`)
	e.write("chart/Chart.yaml", "apiVersion: v2\nname: birds\nversion: 1.0.0\n")
	e.write("chart/values.yaml", "password: \"\"\nkeys: []\n")
	e.write("chart/templates/s.yaml", canaryTemplate)
	e.write("chart/templates/d.yaml", canaryPods)
	e.credential("birds", map[string]any{"type": "generic"}, map[string]string{"password": canaries["password"], "secretKey": canaries["secretKey"]})
	return watch{e, t}
}

// Point 6 of the kind Chart: what TestCanary shows of a Registry.
func TestCanaryOfAChart(t *testing.T) {
	t.Run("success", func(t *testing.T) {
		w := canaryChart(t)
		w.quiet("first seal", "", "seal", "env")
		if n := w.commands("sealed"); n > 0 {
			t.Errorf("%d commands failed on a good environment", n)
		}
		w.quiet("renew", "", "seal", "--renew", "tls", "env")
		w.quiet("rotate", "", "seal", "--rotate-keys", "env")
		r := w.run("", tool("reggen"), "build", "--secrets", "plain", "env")
		for _, name := range []string{"password", "secretKey"} {
			if r.code != 0 || !revealed(t, r.stdout, canaries[name]) {
				t.Errorf("the plain build does not hold the canary %s: this test would miss it elsewhere too\n%s", name, r.stderr)
			}
		}
		w.search("plain", "stderr", r.stderr)
	})
	t.Run("typed by a person", func(t *testing.T) {
		w := canaryChart(t)
		w.quiet("set", canaries["password"]+"\n", "credential", "set", "birds", "--field", "password", "--stdin", "--dir", "env")
		w.quiet("bad field", canaries["password"]+"\n", "credential", "set", "birds", "--field", "a b", "--stdin", "--dir", "env")
		w.quiet("lines", canaries["password"]+"\n", "credential", "set", "birds", "--stdin", "--dir", "env")
		w.quiet("a user", canaries["password"]+"\n", "user", "add", "bird", "--dir", "env", "--password-stdin")
	})
	template := func(text string) func(w watch) {
		return func(w watch) { w.write("chart/templates/more.yaml", text) }
	}
	configMap := func(value string) func(w watch) {
		return template("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {k: " + value + "}\n")
	}
	for name, spoil := range map[string]func(w watch){
		"stale": func(w watch) {
			w.credential("birds", map[string]any{"type": "generic"}, map[string]string{"password": canaries["password"] + "!", "secretKey": "x"})
		},
		"no key":    func(w watch) { w.env[len(w.env)-1] = "NOTHING=" },
		"wrong key": func(w watch) { w.env[len(w.env)-1] = "SOPS_AGE_KEY_FILE=" + w.cluster },
		"cut off": func(w watch) {
			w.edit("credentials/birds.enc.yaml", func(_ watch, s string) string { return s[:len(s)/2] })
		},
		"a kept value flipped":  func(w watch) { w.edit("credentials/machine.enc.yaml", flip("-genCA/")) },
		"sealed cut off":        func(w watch) { w.edit("sealed/s.yaml", func(_ watch, s string) string { return s[:len(s)*2/3] }) },
		"in a ConfigMap":        configMap(`{{ .Values.password | quote }}`),
		"its letters":           configMap(`{{ trunc 9 .Values.password | quote }}`),
		"in capitals":           configMap(`{{ upper .Values.password | quote }}`),
		"a failure that says":   configMap(`{{ fail (print "wrong: " .Values.password) }}`),
		"a failure of a type":   configMap(`{{ add1 (index .Values.keys 0).deeper }}`),
		"a failure of a URL":    configMap(`{{ urlParse .Values.password | toJson | quote }}{{ urlParse (print "http://[" .Values.password) }}`),
		"a failure of tpl":      configMap(`{{ tpl (print "{{ " .Values.password) . | quote }}`),
		"no YAML with it":       template("a: {{ .Values.password }}: [\n"),
		"a key of it":           template("apiVersion: v1\nkind: Secret\nmetadata: {name: more}\ndata: { {{ .Values.password | b64enc | quote }}: eA== }\n"),
		"an object of its name": template("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.password | quote }}}\n"),
		"a schema": func(w watch) {
			w.write("chart/values.schema.json", `{"properties":{"password":{"enum":["a"]},"keys":{"items":{"maxLength":3}}}}`)
		},
		"a bad archive": func(w watch) {
			w.edit("app/chart.yaml", func(_ watch, s string) string { return strings.Replace(s, "../chart", "credentials/birds.enc.yaml", 1) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := canaryChart(t)
			w.quiet("first seal", "", "seal", "env")
			spoil(w)
			if w.commands(name) == 0 {
				t.Error("nothing failed")
			}
		})
	}
	stopSeals(t, canaryChart, func(w watch, i int) {
		w.credential("birds", map[string]any{"type": "generic"}, map[string]string{"password": fmt.Sprint(canaries["password"], i), "secretKey": canaries["secretKey"]})
	}, 10, 30*time.Millisecond, syscall.SIGKILL, syscall.SIGINT)
}
