package chart

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/secret"
)

var release = Release{"docker-registry", "registry"}

func mustDefault(t testing.TB) *Chart {
	t.Helper()
	c, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// one is a chart of one template.
func one(t testing.TB, template string) *Chart {
	t.Helper()
	c, err := Load(fstest.MapFS{
		"Chart.yaml":       {Data: []byte("apiVersion: v2\nname: one\nversion: 0.1.0\n")},
		"values.yaml":      {Data: []byte("a: {b: 1, c: 2}\nlist: [1, 2]\n")},
		"templates/x.yaml": {Data: []byte(template)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// objects renders the embedded chart and parses what came out, by kind and
// the part of the name behind the release.
func objects(t testing.TB, values string) map[string]map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal([]byte(values), &v); err != nil {
		t.Fatal(err)
	}
	c := mustDefault(t)
	if l := c.CheckValues(v); len(l) > 0 {
		t.Fatalf("the schema refuses the values: %v", l)
	}
	files, err := c.Render(release, v, secret.Placeholders(nil))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for _, f := range files {
		for _, doc := range strings.Split("\n"+string(f.Data), "\n---\n") {
			var o map[string]any
			if err := yaml.UnmarshalStrict([]byte(doc), &o); err != nil {
				t.Fatalf("%s: %v", f.File, err)
			}
			if o != nil {
				name := at(o, "metadata", "name").(string)
				out[at(o, "kind").(string)+strings.TrimPrefix(name, release.Name)] = o
			}
		}
	}
	return out
}

// at reads a path of keys and list indexes; nil when there is nothing.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func config(t testing.TB, objs map[string]map[string]any) map[string]any {
	t.Helper()
	var c map[string]any
	if err := yaml.UnmarshalStrict([]byte(at(objs["ConfigMap-config"], "data", "config.yml").(string)), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

const collecting = "readOnly: true\ngarbageCollect: {enabled: true}\n"

const s3Values = `
storage: s3
secrets: {haSharedSecret: shared, htpasswd: "a:b\n", s3: {accessKey: "0012345", secretKey: "#abc"}}
s3: {region: nyc3, bucket: space, regionEndpoint: nyc3.digitaloceanspaces.com, secure: true, encrypt: false}
ingress: {enabled: true, hosts: [registry.example.com], tls: [{secretName: tls, hosts: [registry.example.com]}]}
replicaCount: 2
`

func TestObjectsOfAnS3Registry(t *testing.T) {
	objs := objects(t, s3Values)
	want := []string{"ConfigMap-config", "Deployment", "Ingress", "Secret-htpasswd", "Secret-http", "Secret-s3", "Service", "ServiceAccount"}
	if got := slices.Sorted(maps.Keys(objs)); !slices.Equal(got, want) {
		t.Errorf("objects %v, want %v", got, want)
	}
	for name, o := range objs {
		if at(o, "metadata", "namespace") != "registry" {
			t.Errorf("%s has no namespace", name)
		}
	}
	d := objs["Deployment"]
	if got := fmt.Sprint(at(d, "spec", "selector", "matchLabels")); got != "map[app:docker-registry release:docker-registry]" {
		t.Errorf("the selector is %s; a live release could not be taken over", got)
	}
	pod := at(d, "spec", "template", "spec")
	for path, want := range map[string]any{
		"enableServiceLinks": false, "automountServiceAccountToken": false, "serviceAccountName": "docker-registry",
	} {
		if at(pod, path) != want {
			t.Errorf("%s is %v", path, at(pod, path))
		}
	}
	env := map[string]string{}
	for _, e := range at(pod, "containers", 0, "env").([]any) {
		env[at(e, "name").(string)] = fmt.Sprint(at(e, "value"), at(e, "valueFrom", "secretKeyRef", "name"), at(e, "valueFrom", "secretKeyRef", "key"))
	}
	for name, want := range map[string]string{
		"REGISTRY_HTTP_SECRET":  "<nil>docker-registry-httphaSharedSecret",
		"AWS_ACCESS_KEY_ID":     "<nil>docker-registry-s3s3AccessKey",
		"AWS_SECRET_ACCESS_KEY": "<nil>docker-registry-s3s3SecretKey",
		"OTEL_TRACES_EXPORTER":  "none<nil> <nil>",
	} {
		if env[name] != want {
			t.Errorf("%s comes from %q, want %q", name, env[name], want)
		}
	}
	for _, m := range at(pod, "containers", 0, "volumeMounts").([]any) {
		if at(m, "subPath") != nil {
			t.Error("a mount with subPath: the registry would not see a changed file")
		}
	}
	if at(pod, "containers", 0, "livenessProbe", "tcpSocket") == nil || at(pod, "containers", 0, "readinessProbe", "httpGet", "path") != "/" {
		t.Error("liveness must not depend on the storage, readiness must")
	}
	if at(pod, "topologySpreadConstraints", 0, "whenUnsatisfiable") != "ScheduleAnyway" {
		t.Error("two replicas are not spread")
	}
	if at(objs["Service"], "spec", "ports", 0, "port") != float64(5000) {
		t.Error("the Service is not on 5000")
	}
}

// Pod Security "restricted", field by field (Kubernetes, Pod Security
// Standards).
func TestPodsAreRestricted(t *testing.T) {
	for _, values := range []string{s3Values, "persistence: {enabled: true}\n", s3Values + collecting} {
		objs := objects(t, values)
		pod := at(objs["Deployment"], "spec", "template", "spec")
		if strings.HasSuffix(values, collecting) {
			pod = at(objs["CronJob-gc"], "spec", "jobTemplate", "spec", "template", "spec")
		}
		c := at(pod, "containers", 0, "securityContext")
		if at(pod, "securityContext", "runAsNonRoot") != true || at(pod, "securityContext", "seccompProfile", "type") != "RuntimeDefault" ||
			at(c, "allowPrivilegeEscalation") != false || at(c, "capabilities", "drop", 0) != "ALL" {
			t.Errorf("not restricted: %v %v", at(pod, "securityContext"), c)
		}
		for _, v := range at(pod, "volumes").([]any) {
			for kind := range v.(map[string]any) {
				if !slices.Contains([]string{"name", "configMap", "secret", "emptyDir", "persistentVolumeClaim"}, kind) {
					t.Errorf("a volume of kind %s", kind)
				}
			}
		}
	}
}

func TestConfigOfAnS3Registry(t *testing.T) {
	c := config(t, objects(t, s3Values))
	for path, want := range map[string]any{
		"region": "nyc3", "bucket": "space", "regionendpoint": "https://nyc3.digitaloceanspaces.com",
		"forcepathstyle": false, "encrypt": false, "secure": true, "skipverify": false, "accesskey": nil, "secretkey": nil,
	} {
		if got := at(c, "storage", "s3", path); got != want {
			t.Errorf("storage.s3.%s is %v, want %v", path, got, want)
		}
	}
	for name, got := range map[string]any{
		"redirect is a boolean": at(c, "storage", "redirect", "disable") == false,
		"host":                  at(c, "http", "host") == "https://registry.example.com",
		"htpasswd":              at(c, "auth", "htpasswd", "path") == "/auth/htpasswd",
		"health":                at(c, "health", "storagedriver", "enabled") == true,
		"no secret":             at(c, "http", "secret") == nil,
	} {
		if got != true {
			t.Errorf("%s: %v", name, c)
		}
	}
}

func TestFlavors(t *testing.T) {
	for flavor, want := range map[string]struct{ command, pathStyle string }{
		"distribution":    {"[registry serve /etc/distribution/config.yml]", "forcepathstyle"},
		"distribution-v2": {"[registry serve /etc/docker/registry/config.yml]", "forcepathstyle"},
		"gitlab":          {"[/bin/registry serve /etc/docker/registry/config.yml]", "pathstyle"},
	} {
		objs := objects(t, s3Values+"image: {flavor: "+flavor+"}\n")
		container := at(objs["Deployment"], "spec", "template", "spec", "containers", 0)
		if got := fmt.Sprint(at(container, "command")); got != want.command {
			t.Errorf("%s runs %s", flavor, got)
		}
		if at(config(t, objs), "storage", "s3", want.pathStyle) != false {
			t.Errorf("%s has no %s", flavor, want.pathStyle)
		}
	}
}

// A user's false and 0 survive the merge, which Helm's own merge drops.
func TestConfigDataWins(t *testing.T) {
	c := config(t, objects(t, s3Values+`
persistence: {deleteEnabled: true}
configData: {storage: {delete: {enabled: false}, cache: {blobdescriptor: redis}}, health: {storagedriver: {enabled: false, threshold: 0}}, log: {level: debug}}
`))
	if at(c, "storage", "delete", "enabled") != false || at(c, "health", "storagedriver", "enabled") != false || at(c, "health", "storagedriver", "threshold") != float64(0) {
		t.Errorf("a false was dropped: %v", c)
	}
	if at(c, "storage", "cache", "blobdescriptor") != "redis" || at(c, "log", "level") != "debug" || at(c, "storage", "s3", "region") != "nyc3" {
		t.Errorf("not merged: %v", c)
	}
}

// Values files for the chart that the tutorial installs work as they are.
func TestTheTutorialsValues(t *testing.T) {
	objs := objects(t, `
ingress:
  enabled: true
  hosts: [registry.example.com]
  annotations: {kubernetes.io/ingress.class: nginx, cert-manager.io/cluster-issuer: letsencrypt-prod, nginx.ingress.kubernetes.io/proxy-body-size: "30720m"}
  tls: [{secretName: docker-registry-prod, hosts: [registry.example.com]}]
storage: s3
secrets: {htpasswd: "demo:x\n", s3: {accessKey: demo, secretKey: demo}}
s3: {region: nyc3, regionEndpoint: nyc3.digitaloceanspaces.com, secure: true, bucket: space}
image: {repository: someone/registry, tag: dev}
`)
	if at(objs["Ingress"], "metadata", "annotations", "nginx.ingress.kubernetes.io/proxy-body-size") != "30720m" {
		t.Error("the annotations are lost")
	}
	if at(objs["Deployment"], "spec", "template", "spec", "containers", 0, "image") != "someone/registry:dev" {
		t.Error("the image is lost")
	}
}

func TestWhatTheChartCannotDoIsRefused(t *testing.T) {
	for values, want := range map[string]string{
		"proxy: {enabled: true, username: a}":                                                    "proxy: this chart has no credentials for the remote registry yet",
		"proxy: {enabled: true, secretRef: a}":                                                   "proxy: this chart has no credentials for the remote registry yet",
		"proxy: {enabled: true, remoteurl: \"\"}":                                                "proxy.remoteurl: the registry to cache is missing",
		"{readOnly: true, storage: s3, proxy: {enabled: true}, garbageCollect: {enabled: true}}": "garbageCollect.enabled: a cache stores what it pulls even while it is read-only",
		"metrics: {enabled: true, port: 5000}":                                                   "metrics.port: the registry itself listens on 5000",
		"networkPolicy: {enabled: true}":                                                         "networkPolicy.enabled: neither ingressNamespaces nor egress says anything",
		"autoscaling: {enabled: true}":                                                           "autoscaling.enabled: the volume belongs to one pod; use s3, or accessMode ReadWriteMany",
		"autoscaling: {enabled: true, targetCPUUtilizationPercentage: 0, targetMemoryUtilizationPercentage: 0}": "autoscaling: without a target there is nothing to scale by",
		"garbageCollect: {enabled: true}": "garbageCollect.enabled: safe only while the registry is read-only; set readOnly, roll, collect, unset both, roll",
		"{storage: s3, readOnly: true, garbageCollect: {enabled: true}, configData: {storage: {maintenance: {readonly: {enabled: false}}}}}": "garbageCollect.enabled: safe only while the registry is read-only",
		"{readOnly: true, garbageCollect: {enabled: true}}": "garbageCollect.enabled: it runs in a pod of its own, which can't have the registry's volume",
	} {
		var v map[string]any
		if err := yaml.Unmarshal([]byte(values), &v); err != nil {
			t.Fatal(err)
		}
		_, err := mustDefault(t).Render(release, v, secret.Placeholders(nil))
		if err == nil || !strings.HasPrefix(err.Error(), "chart docker-registry, templates/_names.tpl:") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", values, err)
		}
	}
}

func TestRendersAreEqualAndLeaveTheirInputAlone(t *testing.T) {
	c := one(t, `{{- $_ := set .Values.a "b" "changed" }}{{- $_ := set .Values "n" (list (keys .Values.a) (values .Values.a)) }}{{ toYaml .Values }}`)
	values := map[string]any{"a": map[string]any{"d": 3.0}}
	first, err := c.Render(release, values, secret.Placeholders(nil))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := c.Render(release, values, secret.Placeholders(nil))
		if err != nil || string(again[0].Data) != string(first[0].Data) {
			t.Fatalf("%v\n%s\n%s", err, first[0].Data, again[0].Data)
		}
	}
	if fmt.Sprint(values) != "map[a:map[d:3]]" || fmt.Sprint(c.Values()) != "map[a:map[b:1 c:2] list:[1 2]]" {
		t.Errorf("a template changed its input: %v %v", values, c.Values())
	}
}

// The capabilities are those of no machine.
func TestCapabilitiesAreFixed(t *testing.T) {
	out, err := one(t, `{{ .Capabilities.KubeVersion }} {{ .Capabilities.HelmVersion.Version }} {{ .Capabilities.APIVersions.Has "apps/v1" }} {{ .Release.Service }}`).Render(release, nil, secret.Placeholders(nil))
	if err != nil || string(out[0].Data) != "v1.35.0 v4.3.1 true Helm" {
		t.Errorf("%v %s", err, out[0].Data)
	}
}

func TestImpureFunctionsAreRefused(t *testing.T) {
	for _, name := range impure {
		_, err := one(t, "a: 1\nb: {{ "+name+" }}\n").Render(release, nil, secret.Placeholders(nil))
		want := "chart one, templates/x.yaml:2: calls " + name + ", whose result changes from build to build"
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDrawsHaveStablePlaces(t *testing.T) {
	c, err := Load(fstest.MapFS{
		"Chart.yaml":           {Data: []byte("apiVersion: v2\nname: d\nversion: 0.1.0\n")},
		"templates/_p.tpl":     {Data: []byte(`{{ define "p" }}{{ randAlphaNum 20 }}{{ end }}`)},
		"templates/a.yaml":     {Data: []byte(`a: {{ randAlphaNum 20 }}{{ include "p" . }}`)},
		"templates/b.yaml":     {Data: []byte(`sum: {{ include (print $.Template.BasePath "/a.yaml") . }} b: {{ randAscii 16 }}`)},
		"templates/NOTES.txt":  {Data: []byte(`notes`)},
		"templates/empty.yaml": {Data: []byte(`{{ if false }}x{{ end }}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Render(release, nil, secret.Seeded([]byte("seed"), nil))
	if err != nil || len(out) != 2 {
		t.Fatalf("%v: %d files", err, len(out))
	}
	a, b := string(out[0].Data), string(out[1].Data)
	if !strings.Contains(b, a) {
		t.Errorf("included from another file, a template draws other values:\n%s\n%s", a, b)
	}
	if other, _ := c.Render(release, nil, secret.Seeded([]byte("other"), nil)); string(other[0].Data) == a {
		t.Error("another seed draws the same values")
	}
}

// Helm's own texts quote values: none of it comes through.
func TestErrorsQuoteNothing(t *testing.T) {
	const canary = "canary-Pa55word"
	values := map[string]any{"s": canary}
	for name, template := range map[string]string{
		"fail":     `{{ fail .Values.s }}`,
		"printf":   `{{ fail (printf "bad %s" .Values.s) }}`,
		"required": `{{ required .Values.s "" }}`,
		"url":      `{{ urlParse (printf "%%zz%s" .Values.s) }}`,
		"tpl":      `{{ tpl (print "{{" .Values.s) . }}`,
		"index":    `{{ index .Values.s "x" }}`,
		"type":     `{{ add .Values.s.t 1 }}`,
		"template": `{{ template .Values.s }}`,
		"atoi":     `{{ mustToDate .Values.s .Values.s }}`,
		"include":  `{{ include .Values.s . }}`,
	} {
		c, err := Load(fstest.MapFS{
			"Chart.yaml":       {Data: []byte("apiVersion: v2\nname: one\nversion: 0.1.0\n")},
			"templates/x.yaml": {Data: []byte("a: b\n" + template)},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Render(release, values, secret.Placeholders(nil))
		if err == nil || strings.Contains(err.Error(), "canary") || !strings.HasPrefix(err.Error(), "chart one, templates/x.yaml:2: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for want, files := range map[string]fstest.MapFS{
		"Chart.yaml: is missing or names no chart": {"templates/a.yaml": {}},
		"templates: the chart has no templates":    {"Chart.yaml": {Data: []byte("name: x\n")}},
		"values.yaml: is not the YAML":             {"Chart.yaml": {Data: []byte("name: x\n")}, "values.yaml": {Data: []byte("[")}},
		"charts/sub/Chart.yaml: is a subchart":     {"Chart.yaml": {Data: []byte("name: x\n")}, "charts/sub/Chart.yaml": {}},
	} {
		if _, err := Load(files); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

func TestCheckValues(t *testing.T) {
	for values, want := range map[string]string{
		"replicaCont: 2":                 `spec.values.replicaCont: the chart knows no such value; did you mean "replicaCount"?`,
		"service: {prot: 1}":             `spec.values.service.prot: the chart knows no such value; did you mean "port"?`,
		"replicaCount: two":              "spec.values.replicaCount: is not what the chart takes there; expected a whole number",
		"storage: disk":                  "spec.values.storage: is not what the chart takes there; expected one of filesystem, s3",
		"service: 5":                     "spec.values.service: is not what the chart takes there; expected a mapping",
		"podLabels: {a: 1}":              "spec.values.podLabels: is not what the chart takes there; expected a mapping",
		"ingress: {hosts: [1]}":          "spec.values.ingress.hosts: is not what the chart takes there; expected a list",
		"service: {port: 70000}":         "spec.values.service.port: is not what the chart takes there; expected a whole number",
		"tolerations: [{key: a}]":        "",
		"configData: {any: {thing: 1}}":  "",
		"persistence: null":              "",
		"securityContext: {fsGroup: 12}": "",
		"nodeSelector: {a: b}":           "",
	} {
		var v map[string]any
		if err := yaml.Unmarshal([]byte(values), &v); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := mustDefault(t).CheckValues(v).Err(); err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", values, got, want)
		}
	}
}

// The chart's own defaults satisfy its schema, and the schema knows every one.
func TestDefaultsFitTheSchema(t *testing.T) {
	c := mustDefault(t)
	if l := c.CheckValues(c.Values()); len(l) > 0 {
		t.Errorf("%v", l)
	}
}

// Whatever text a secret is, it arrives in the Secret byte for byte.
func FuzzSecretsArriveExactly(f *testing.F) {
	for _, s := range []string{"true", "0755", "1e3", "~", "{{ .Values }}", "$2y$", "a'b\"c", "#", "ü", "- x", "a: b", "%", "\\", "<no value>x"} {
		f.Add(s)
	}
	c, err := Default()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || !utf8.ValidString(text) {
			return
		}
		files, err := c.Render(release, map[string]any{
			"storage": "s3", "secrets": map[string]any{"htpasswd": text, "haSharedSecret": text, "s3": map[string]any{"accessKey": text, "secretKey": text}},
		}, secret.Placeholders(nil))
		if err != nil {
			t.Fatal("does not render")
		}
		n := 0
		for _, file := range files {
			if file.File != "templates/secrets.yaml" {
				continue
			}
			for _, doc := range strings.Split(string(file.Data), "\n---\n") {
				var o map[string]any
				if err := yaml.UnmarshalStrict([]byte(doc), &o); err != nil {
					t.Fatal("not YAML")
				}
				data, _ := o["data"].(map[string]any)
				for k, v := range data {
					n++
					if raw, err := base64.StdEncoding.DecodeString(v.(string)); err != nil || string(raw) != text {
						t.Errorf("%s arrives changed", k)
					}
				}
			}
		}
		if n != 4 {
			t.Errorf("%d values, want 4", n)
		}
	})
}
