package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sigs.k8s.io/yaml"
)

var release = Release{Name: "docker-registry", Namespace: "registry"}

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
	asHelm(t, c, v)
	files, err := c.Plain(release, v)
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
	if fmt.Sprint(at(pod, "containers", 0, "livenessProbe", "failureThreshold")) != "1440" || at(pod, "containers", 0, "readinessProbe", "httpGet", "path") != "/" {
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
