package chart

import (
	"strings"
	"testing"
	"testing/fstest"

	"sigs.k8s.io/yaml"
)

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
		"replicaCont: 2":                   `spec.values.replicaCont: the chart knows no such value; did you mean "replicaCount"?`,
		"service: {prot: 1}":               `spec.values.service.prot: the chart knows no such value; did you mean "port"?`,
		"replicaCount: two":                "spec.values.replicaCount: is not what the chart takes there; expected a whole number",
		"storage: disk":                    "spec.values.storage: is not what the chart takes there; expected one of filesystem, s3",
		"service: 5":                       "spec.values.service: is not what the chart takes there; expected a mapping",
		"podLabels: {a: 1}":                "spec.values.podLabels.a: is not what the chart takes there; expected text; in quotes, where YAML takes it for something else",
		"podAnnotations: {a.b/c: true}":    "spec.values.podAnnotations[a.b/c]: is not what the chart takes there; expected text",
		"podAnnotations: 1":                "spec.values.podAnnotations: is not what the chart takes there; expected a mapping",
		"extraEnvVars: [a]":                "spec.values.extraEnvVars[0]: is not what the chart takes there; expected a mapping",
		"ingress: {tls: [{secretNam: a}]}": `spec.values.ingress.tls[0].secretNam: the chart knows no such value; did you mean "secretName"?`,
		"gateway: {parentRefs: [{}]}":      "spec.values.gateway.parentRefs[0]: is not what the chart takes there; expected a mapping with name",
		"autoscaling: {minReplicas: 0}":    "spec.values.autoscaling.minReplicas: is not what the chart takes there; expected a whole number, 1 or more",
		"ingress: {hosts: [1]}":            "spec.values.ingress.hosts[0]: is not what the chart takes there; expected text",
		"service: {port: 70000}":           "spec.values.service.port: is not what the chart takes there; expected a whole number from 1 to 65535",
		"tolerations: [{key: a}]":          "",
		"configData: {any: {thing: 1}}":    "",
		"ingress: {tls: null, hosts: [a]}": "",
		"persistence: null":                "",
		"securityContext: {fsGroup: 12}":   "",
		"nodeSelector: {a: b}":             "",
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
