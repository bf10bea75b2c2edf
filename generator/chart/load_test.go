package chart

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
)

func TestLoadRefuses(t *testing.T) {
	for want, files := range map[string]fstest.MapFS{
		"Chart.yaml: is missing or names no chart": {"templates/a.yaml": {}},
		"templates: the chart has no templates":    {"Chart.yaml": {Data: []byte("name: x\nversion: 0.1.0\n")}},
		"values.yaml: is not the YAML":             {"Chart.yaml": {Data: []byte("name: x\n")}, "values.yaml": {Data: []byte("[")}},
		"charts/sub: is a subchart":                {"Chart.yaml": {Data: []byte("name: x\nversion: 0.1.0\n")}, "charts/sub/Chart.yaml": {}},
		"charts/sub/values.yaml: is not the YAML":  {"Chart.yaml": {Data: []byte("name: x\nversion: 0.1.0\n")}, "charts/sub/Chart.yaml": {Data: []byte("name: sub\nversion: 0.1.0\n")}, "charts/sub/values.yaml": {Data: []byte("[")}},
		"Chart.yaml: is a library chart":           {"Chart.yaml": {Data: []byte("name: x\nversion: 0.1.0\ntype: library\n")}, "templates/a.yaml": {}},
	} {
		if _, err := Load(files); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

func TestCheckValues(t *testing.T) {
	for values, want := range map[string]string{
		"replicaCont: 2":                             `spec.values.replicaCont: the chart knows no such value; did you mean "replicaCount"?`,
		"service: {prot: 1}":                         `spec.values.service.prot: the chart knows no such value; did you mean "port"?`,
		"replicaCount: two":                          "spec.values.replicaCount: is not what the chart takes there; expected a whole number",
		"storage: disk":                              "spec.values.storage: is not what the chart takes there; expected one of filesystem, s3",
		"service: 5":                                 "spec.values.service: is not what the chart takes there; expected a mapping",
		"podLabels: {a: 1}":                          "spec.values.podLabels.a: is not what the chart takes there; expected text; in quotes, where YAML takes it for something else",
		"podAnnotations: {a.b/c: true}":              "spec.values.podAnnotations[a.b/c]: is not what the chart takes there; expected text",
		"podAnnotations: 1":                          "spec.values.podAnnotations: is not what the chart takes there; expected a mapping",
		"extraEnvVars: [a]":                          "spec.values.extraEnvVars[0]: is not what the chart takes there; expected a mapping",
		"ingress: {tls: [{secretNam: a}]}":           `spec.values.ingress.tls[0].secretNam: the chart knows no such value; did you mean "secretName"?`,
		"gateway: {parentRefs: [{}]}":                "spec.values.gateway.parentRefs[0]: is not what the chart takes there; expected a mapping with name",
		"autoscaling: {minReplicas: 0}":              "spec.values.autoscaling.minReplicas: is not what the chart takes there; expected a whole number, 1 or more",
		"ingress: {hosts: [1]}":                      "spec.values.ingress.hosts[0]: is not what the chart takes there; expected text",
		"service: {port: 70000}":                     "spec.values.service.port: is not what the chart takes there; expected a whole number from 1 to 65535",
		"commonLabels: {a: b c}":                     "spec.values.commonLabels.a: is not what the chart takes there; expected a label's value",
		"nameOverride: a b":                          "spec.values.nameOverride: is not what the chart takes there; expected a label's value",
		"commonLabels: {a: \"\"}":                    "",
		"extraEnvVars: [{value: a}]":                 "spec.values.extraEnvVars[0]: is not what the chart takes there; expected a mapping with name",
		"extraVolumeMounts: [{name: a}]":             "spec.values.extraVolumeMounts[0]: is not what the chart takes there; expected a mapping with name and mountPath",
		"tolerations: [{key: a}]":                    "",
		"configData: {any: {thing: 1}}":              "",
		"ingress: {tls: null, hosts: [a]}":           "",
		"persistence: null":                          "spec.values.persistence: is empty, which takes the chart's defaults away; expected a mapping\n  next: leave the key out to keep them",
		"service: {port: null}":                      "spec.values.service.port: is empty, which takes the chart's defaults away; expected a whole number from 1 to 65535\n",
		"service: {name: null}":                      "spec.values.service.name: is empty, which takes the chart's defaults away; expected text\n",
		"service: {name: Foo Bar}":                   "spec.values.service.name: is not what the chart takes there; expected at most 15 lower-case letters",
		"service: {annotations: null}":               "",
		"auth: {existingSecret: null}":               "spec.values.auth.existingSecret: is empty",
		"metrics: {enabled: true}":                   "",
		"metrics: {prometheusRule: {rules: {}}}":     "",
		"metrics: {prometheusRule: {rules: {a: b}}}": "spec.values.metrics.prometheusRule.rules: is not what the chart takes there; expected a list",
		"securityContext: {fsGroup: 12}":             "",
		"nodeSelector: {a: b}":                       "",
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

// Null takes a default away, or is refused where the chart can't do without:
// it never ends a render with words that help nobody.
func TestNullIsTakenOrRefused(t *testing.T) {
	c := mustDefault(t)
	contexts := map[string]string{
		"": "{}",
		"everything": `{replicaCount: 2, readOnly: true, storage: s3, tlsSecretName: t, secrets: {htpasswd: x, haSharedSecret: x, s3: {accessKey: x, secretKey: x}}, ingress: {enabled: true, hosts: [h]},
gateway: {enabled: true, parentRefs: [{name: g}], hosts: [h], pullHosts: [p], backendTLS: {enabled: true, systemCAs: true, hostname: h}}, redis: {enabled: true, addrs: ["a:1"]}, networkPolicy: {enabled: true, egress: []},
metrics: {enabled: true, serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}}, autoscaling: {enabled: true}, garbageCollect: {enabled: true}, podDisruptionBudget: {maxUnavailable: 1}}`,
		"proxy": "{proxy: {enabled: true, username: x, password: x}, persistence: {enabled: true}}",
		"azure": "{storage: azure, secrets: {azure: {accountName: x, container: x, accountKey: x}}}",
		"gcs":   "{storage: gcs, gcs: {bucket: x}, secrets: {gcs: {key: x}}}",
		"swift": "{storage: swift, image: {flavor: distribution-v2}, swift: {authurl: x, container: x}, secrets: {swift: {username: x, password: x}}}",
	}
	tried := 0
	for name, text := range contexts {
		var context map[string]any
		if err := yaml.Unmarshal([]byte(text), &context); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Plain(release, context); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, path := range paths(c.Values(), nil) {
			var null any
			for i := len(path) - 1; i >= 0; i-- {
				null = map[string]any{path[i]: null}
			}
			v := object.Merge(context, null.(map[string]any))
			cloud := name == "azure" || name == "gcs" || name == "swift"
			if cloud && path[0] != name && path[0] != "secrets" || c.CheckValues(v).Err() != nil {
				continue
			}
			tried++
			_, err := c.Plain(release, v)
			if err != nil && strings.Contains(err.Error(), "does not render") {
				t.Errorf("%s: null at %s: %v", name, strings.Join(path, "."), err)
			}
		}
	}
	if tried < 400 {
		t.Errorf("only %d tried", tried)
	}
}

// paths are those of everything that values hold, mappings included.
func paths(values map[string]any, at []string) [][]string {
	var out [][]string
	for _, k := range sortedKeys(values) {
		here := append(slices.Clone(at), k)
		out = append(out, here)
		if m, ok := values[k].(map[string]any); ok {
			out = append(out, paths(m, here)...)
		}
	}
	return out
}
