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
