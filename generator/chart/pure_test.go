package chart

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRendersAreEqualAndLeaveTheirInputAlone(t *testing.T) {
	c := one(t, `{{- $_ := set .Values.a "b" "changed" }}{{- $_ := set .Values "n" (list (keys .Values.a) (values .Values.a)) }}{{ toYaml .Values }}`)
	values := map[string]any{"a": map[string]any{"d": 3.0}}
	first, err := c.Plain(release, values)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := c.Plain(release, values)
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
	out, err := one(t, `{{ .Capabilities.KubeVersion }} {{ .Capabilities.HelmVersion.Version }} {{ .Capabilities.APIVersions.Has "apps/v1" }} {{ .Release.Service }}`).Plain(release, nil)
	if err != nil || strings.Trim(string(out[0].Data), "-\n") != "v1.35.0 v4.3.1 true Helm" {
		t.Errorf("%v %s", err, out[0].Data)
	}
}

func TestImpureFunctionsAreRefused(t *testing.T) {
	for _, name := range impure {
		_, err := one(t, "a: 1\nb: {{ "+name+" }}\n").Plain(release, nil)
		want := "chart one, templates/x.yaml:2: calls " + name + ", whose result changes from build to build"
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
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
		_, err = c.Plain(release, values)
		if err == nil || strings.Contains(err.Error(), "canary") || !strings.HasPrefix(err.Error(), "chart one, templates/x.yaml:2: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
