package cases

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const chartDir = "generator/chart/default"

// value is a key of the chart's values.yaml.
type value struct {
	key, comment string
	def          any
	schema       map[string]any
}

// chartValues reads the chart's keys, in their order, with the comment of
// each, and what the schema says of it. A mapping is one key when the schema
// doesn't say what is in it, or when it is empty.
func chartValues(t testing.TB) []value {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(chartFile(t, "values.yaml"), &doc); err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(chartFile(t, "values.schema.json"), &schema); err != nil {
		t.Fatal(err)
	}
	var out []value
	var walk func(n *yaml.Node, at string, schema map[string]any)
	walk = func(n *yaml.Node, at string, schema map[string]any) {
		properties, _ := schema["properties"].(map[string]any)
		for i := 0; i < len(n.Content); i += 2 {
			key, v := n.Content[i], n.Content[i+1]
			below, _ := properties[key.Value].(map[string]any)
			if v.Kind == yaml.MappingNode && len(v.Content) > 0 && below["properties"] != nil {
				walk(v, at+key.Value+".", below)
				continue
			}
			var def any
			if err := v.Decode(&def); err != nil {
				t.Fatal(err)
			}
			comment := v.LineComment
			if comment == "" {
				comment = key.HeadComment
			}
			out = append(out, value{at + key.Value, strings.TrimSpace(strings.ReplaceAll(strings.TrimPrefix(comment, "#"), "\n#", "")), def, below})
		}
	}
	walk(doc.Content[0], "", schema)
	if len(out) < 90 {
		t.Fatalf("only %d keys found", len(out))
	}
	return out
}

func chartFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repo, chartDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func chartKeys(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, v := range chartValues(t) {
		out = append(out, v.key)
	}
	return out
}

// TestValuesReference writes docs/reference/values.md from the chart's
// values.yaml, its schema, and what the spec's fields do to the values.
func TestValuesReference(t *testing.T) {
	all := chartValues(t)
	by := setters(t, chartKeys(t))
	var b strings.Builder
	b.WriteString("# Values of the chart\n\nGenerated from the chart and from what the spec makes of it; `go test ./internal/cases -run TestValuesReference -update` writes it.\n\n" +
		"The embedded chart takes the values of the chart that the tutorial installs; those marked with + are its own. What a field of [the spec](registry.md)\n" +
		"sets is set there; anything else goes into `spec.values`, which can't contradict the spec and holds no secrets.\n\n" +
		"| key | type | default | what it does | set by |\n|---|---|---|---|---|\n")
	for _, v := range all {
		text := v.comment
		mark := ""
		if rest, own := strings.CutPrefix(text, "(+) "); own {
			mark, text = " +", rest
		}
		if text == "" {
			t.Errorf("%s has no comment in values.yaml", v.key)
		}
		if v.schema == nil {
			t.Errorf("%s is unknown to values.schema.json", v.key)
		}
		def, err := json.Marshal(v.def)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| `%s`%s | %s | `%s` | %s | %s |\n", v.key, mark, typeOf(v.schema), def, cell(text+allowed(v.schema)), cell(names(by[v.key])))
		delete(by, v.key)
	}
	for key, fields := range by {
		if key != "" {
			t.Errorf("%v set %s, which values.yaml doesn't have", fields, key)
		}
	}
	golden(t, "docs/reference/values.md", []byte(b.String()))
}

func typeOf(schema map[string]any) string {
	words := map[string]string{"integer": "whole number", "string": "text", "object": "mapping", "array": "list", "boolean": "boolean", "null": "null"}
	list, ok := schema["type"].([]any)
	if !ok {
		list = []any{schema["type"]}
	}
	var out []string
	for _, e := range list {
		out = append(out, words[fmt.Sprint(e)])
	}
	return strings.Join(out, " or ")
}

func allowed(schema map[string]any) string {
	var out []string
	list, _ := schema["enum"].([]any)
	for _, e := range list {
		if e != "" {
			out = append(out, fmt.Sprintf("`%v`", e))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "; one of " + strings.Join(out, ", ")
}

// names are fields as the reference of the spec spells them, each mapping of
// a list or map once.
func names(fields []string) string {
	if len(fields) == 0 {
		return "`spec.values`"
	}
	var out []string
	for _, f := range fields {
		f, _, _ = strings.Cut(f, ".*")
		if !strings.Contains(f, " ") {
			f = "`" + f + "`"
		}
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return strings.Join(out, ", ")
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// contract are the keys of the chart that many registries were installed with:
// values files in use hold them.
const contract = `replicaCount updateStrategy podAnnotations podLabels serviceAccount.create serviceAccount.name serviceAccount.annotations
image.repository image.tag image.pullPolicy imagePullSecrets deployment.annotations service.name service.type service.sessionAffinity
service.sessionAffinityConfig service.clusterIP service.port service.nodePort service.loadBalancerIP service.loadBalancerSourceRanges
service.annotations service.labels ingress.enabled ingress.className ingress.path ingress.hosts ingress.annotations ingress.labels ingress.tls resources
persistence.accessMode persistence.enabled persistence.size persistence.storageClass persistence.existingClaim persistence.deleteEnabled storage
tlsSecretName secrets.haSharedSecret secrets.htpasswd secrets.azure.accountName secrets.azure.accountKey secrets.azure.container
secrets.s3.secretRef secrets.s3.accessKey secrets.s3.secretKey secrets.swift.username secrets.swift.password s3.region s3.regionEndpoint s3.bucket
s3.rootdirectory s3.encrypt s3.secure s3.forcepathstyle s3.skipverify swift.authurl swift.container proxy.enabled proxy.remoteurl proxy.username
proxy.password proxy.secretRef metrics.enabled metrics.port metrics.serviceMonitor.enabled metrics.serviceMonitor.labels
metrics.prometheusRule.enabled metrics.prometheusRule.labels metrics.prometheusRule.rules configPath configData containerSecurityContext
securityContext priorityClassName podDisruptionBudget autoscaling.enabled autoscaling.minReplicas autoscaling.maxReplicas
autoscaling.targetCPUUtilizationPercentage autoscaling.targetMemoryUtilizationPercentage autoscaling.behavior nodeSelector affinity tolerations
extraVolumeMounts extraVolumes extraEnvVars initContainers garbageCollect.enabled garbageCollect.deleteUntagged garbageCollect.schedule
garbageCollect.podAnnotations garbageCollect.podLabels garbageCollect.resources nameOverride fullnameOverride namespace`

// Every key of the contract is one of the chart's and not called its own, and
// every other one is. Those of a storage that the spec doesn't know yet wait
// for it.
func TestTheContractIsInTheReference(t *testing.T) {
	known := map[string]value{}
	for _, v := range chartValues(t) {
		known[v.key] = v
	}
	for _, key := range strings.Fields(contract) {
		v, there := known[key]
		delete(known, key)
		if kind := strings.Split(strings.TrimPrefix(key, "secrets."), ".")[0]; !there && (kind == "azure" || kind == "swift") && !slices.Contains(Storages(), kind) {
			continue
		}
		if !there || strings.HasPrefix(v.comment, "(+)") {
			t.Errorf("%s is a key of the contract; in values.yaml: %v, its comment: %s", key, there, v.comment)
		}
	}
	for key, v := range known {
		if !strings.HasPrefix(v.comment, "(+)") {
			t.Errorf("%s is no key of the contract: mark its comment with (+)", key)
		}
	}
}

// What a key may be given is no news to the schema: the defaults have the
// types that it names, and it names no key that values.yaml lacks.
func TestSchemaAndValuesAgree(t *testing.T) {
	keys := chartKeys(t)
	for _, v := range chartValues(t) {
		if v.def != nil && reflect.ValueOf(v.def).Kind() == reflect.Map && v.schema["type"] != "object" {
			t.Errorf("%s is a mapping, and to the schema %v", v.key, v.schema["type"])
		}
	}
	var schema map[string]any
	if err := json.Unmarshal(chartFile(t, "values.schema.json"), &schema); err != nil {
		t.Fatal(err)
	}
	// Kept for values files of the chart that many registries were installed
	// with: what this chart doesn't do is refused there or left alone.
	foreign := []string{"global"}
	var walk func(s map[string]any, at string)
	walk = func(s map[string]any, at string) {
		properties, _ := s["properties"].(map[string]any)
		for _, k := range sortedKeys(properties) {
			below, _ := properties[k].(map[string]any)
			path := at + k
			switch {
			case slices.Contains(foreign, path), slices.Contains(keys, path):
			case below["properties"] == nil:
				t.Errorf("values.schema.json has %s, which values.yaml doesn't", path)
			default:
				walk(below, path+".")
			}
		}
	}
	walk(schema, "")
}
