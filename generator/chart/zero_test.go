package chart

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// contexts are the values beside which keys, by prefix, mean something.
var contexts = []struct{ prefix, values string }{
	{"s3.", "{storage: s3, s3: {regionEndpoint: x}}"},
	{"azure.", "{storage: azure, secrets: {azure: {accountName: x, container: x}}}"},
	{"gcs.", "{storage: gcs}"},
	{"redis.", "{redis: {enabled: true, addrs: [\"a:1\"]}}"},
	{"notifications.", "{notifications: {endpoints: [{name: a, url: \"https://a\"}]}}"},
	{"persistence.deleteEnabled", "{}"},
	{"auth.anonymous", "{secrets: {htpasswd: x}}"},
	{"metrics.serviceMonitor", "{metrics: {enabled: true}}"},
	{"metrics.prometheusRule", "{metrics: {enabled: true}}"},
	{"metrics.port", "{metrics: {enabled: true}}"},
	{"autoscaling.enabled", "{storage: s3}"},
	{"autoscaling.", "{storage: s3, autoscaling: {enabled: true}}"},
	{"garbageCollect.enabled", "{storage: s3, readOnly: true}"},
	{"garbageCollect.", "{storage: s3, readOnly: true, garbageCollect: {enabled: true}}"},
	{"networkPolicy.enabled", "{networkPolicy: {egress: []}}"},
	{"gateway.enabled", "{gateway: {parentRefs: [{name: g}]}}"},
	{"ingress.enabled", "{ingress: {hosts: [h]}}"},
	{"gateway.backendTLS", "{tlsSecretName: t, gateway: {enabled: true, parentRefs: [{name: g}], backendTLS: {enabled: true, caConfigMap: c, hostname: h}}}"},
	{"service.nodePort", "{service: {type: NodePort}}"},
}

// Every switch and every number of the chart counts whatever it is set to:
// true and false render differently, and so do 0, 1 and 2, unless the schema
// refuses them.
func TestFalseAndZeroCount(t *testing.T) {
	var schema map[string]any
	raw, err := embedded.ReadFile("default/values.schema.json")
	if err == nil {
		err = json.Unmarshal(raw, &schema)
	}
	if err != nil {
		t.Fatal(err)
	}
	switches, numbers := 0, 0
	kinds(schema, "", func(path, kind string) {
		var settings []any
		switch kind {
		case "boolean":
			switches++
			settings = []any{false, true}
		case "integer":
			numbers++
			settings = []any{0, 1, 2}
		default:
			return
		}
		seen := map[string]any{}
		for _, v := range settings {
			text, taken := rendered(t, path, v)
			if !taken {
				continue
			}
			if other, same := seen[text]; same {
				t.Errorf("%s: %v renders the same as %v", path, v, other)
			}
			seen[text] = v
		}
		if len(seen) < 2 {
			t.Errorf("%s: the schema takes only %d of %v", path, len(seen), settings)
		}
	})
	if switches < 15 || numbers < 7 {
		t.Errorf("%d switches and %d numbers found", switches, numbers)
	}
}

func kinds(schema map[string]any, at string, f func(path, kind string)) {
	properties, _ := schema["properties"].(map[string]any)
	for k, p := range properties {
		below, _ := p.(map[string]any)
		f(at+k, fmt.Sprint(below["type"]))
		kinds(below, at+k+".", f)
	}
}

// rendered is all that the chart renders with a key set beside its context;
// false when the schema refuses the value.
func rendered(t *testing.T, path string, v any) (string, bool) {
	t.Helper()
	values := map[string]any{}
	for _, c := range contexts {
		if strings.HasPrefix(path, c.prefix) {
			if err := yaml.Unmarshal([]byte(c.values), &values); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	at, keys := values, strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		below, _ := at[k].(map[string]any)
		if below == nil {
			below = map[string]any{}
			at[k] = below
		}
		at = below
	}
	at[keys[len(keys)-1]] = v
	c := mustDefault(t)
	if len(c.CheckValues(values)) > 0 {
		return "", false
	}
	out, err := c.Plain(release, values)
	if err != nil {
		t.Fatalf("%s: %v: %v", path, v, err)
	}
	var b strings.Builder
	for _, f := range out {
		b.Write(f.Data)
	}
	return b.String(), true
}
