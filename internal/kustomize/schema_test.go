package kustomize

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/reggen/reggen/generator/object"
)

var update = flag.Bool("update", false, "write mergekeys.json anew")

// The extensions that a merge looks at.
var extensions = []string{"x-kubernetes-patch-strategy", "x-kubernetes-patch-merge-key", "x-kubernetes-list-map-keys"}

// pruner reduces kustomize's schema to what leads to a merged list.
type pruner struct {
	from    spec.Definitions
	matters map[string]bool // definitions that are kept
}

// reduce returns what is left of a schema, or nil when nothing in it matters.
func (p *pruner) reduce(s spec.Schema) map[string]any {
	out := map[string]any{}
	if ref := s.Ref.String(); ref != "" {
		// kustomize follows a reference and forgets what stands beside it.
		if p.matters[strings.TrimPrefix(ref, "#/definitions/")] {
			out["$ref"] = ref
			return out
		}
		return nil
	}
	for _, k := range extensions {
		if v, ok := s.Extensions[k]; ok && s.Extensions["x-kubernetes-patch-strategy"] != nil {
			out[k] = v
		}
	}
	if s.Items != nil && s.Items.Schema != nil {
		if items := p.reduce(*s.Items.Schema); items != nil {
			out["items"] = items
		}
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		if more := p.reduce(*s.AdditionalProperties.Schema); more != nil {
			out["additionalProperties"] = more
		}
	}
	properties := map[string]any{}
	for name, field := range s.Properties {
		if kept := p.reduce(field); kept != nil {
			properties[name] = kept
		}
	}
	if len(properties) > 0 {
		out["properties"] = properties
	}
	if len(out) == 0 {
		return nil
	}
	if len(s.Type) == 1 && s.Type[0] == "array" {
		out["type"] = "array"
	}
	return out
}

func reduceAll(from spec.Definitions) map[string]any {
	p := &pruner{from, map[string]bool{}}
	for again := true; again; { // until no further definition matters
		again = false
		for name, s := range from {
			if !p.matters[name] && p.reduce(s) != nil {
				p.matters[name], again = true, true
			}
		}
	}
	definitions := map[string]any{}
	for name := range p.matters {
		d := p.reduce(from[name])
		if gvk, ok := from[name].Extensions["x-kubernetes-group-version-kind"]; ok {
			d["x-kubernetes-group-version-kind"] = gvk
		}
		definitions[name] = d
	}
	return map[string]any{"definitions": definitions}
}

// TestMergeKeys makes mergekeys.json from kustomize's schema and compares.
func TestMergeKeys(t *testing.T) {
	useBuiltIn()
	if openapi.SchemaForResourceType(yaml.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}) == nil {
		t.Fatal("kustomize's schema knows no Deployment")
	}
	want, err := json.Marshal(reduceAll(openapi.Schema().Definitions))
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile("mergekeys.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("mergekeys.json")
	if err != nil || !bytes.Equal(have, want) {
		t.Errorf("mergekeys.json is out of date (%v): go test ./internal/kustomize -run TestMergeKeys -update", err)
	}
}

// TestMergeKeysMergeAlike looks up every field of every kind in both schemas:
// a merge finds the same strategy and keys.
func TestMergeKeysMergeAlike(t *testing.T) {
	type facts struct {
		strategy string
		keys     string
	}
	collect := func() map[string]facts {
		out := map[string]facts{}
		var walk func(path string, rs *openapi.ResourceSchema, whole spec.Schema, depth int)
		walk = func(path string, rs *openapi.ResourceSchema, whole spec.Schema, depth int) {
			if rs == nil || depth > 12 {
				return
			}
			strategy, keys := rs.PatchStrategyAndKeyList()
			if strategy != "" {
				out[path] = facts{strategy, strings.Join(keys, ",")}
			}
			for name := range rs.Schema.Properties {
				walk(path+"."+name, rs.Field(name), whole, depth+1)
			}
			if len(rs.Schema.Type) == 1 && rs.Schema.Type[0] == "array" {
				walk(path+"[]", rs.Elements(), whole, depth+1)
			}
		}
		for _, kind := range []yaml.TypeMeta{
			{APIVersion: "apps/v1", Kind: "Deployment"}, {APIVersion: "apps/v1", Kind: "StatefulSet"}, {APIVersion: "apps/v1", Kind: "DaemonSet"},
			{APIVersion: "v1", Kind: "Service"}, {APIVersion: "v1", Kind: "ServiceAccount"}, {APIVersion: "v1", Kind: "Pod"}, {APIVersion: "v1", Kind: "PersistentVolumeClaim"},
			{APIVersion: "v1", Kind: "Secret"}, {APIVersion: "v1", Kind: "ConfigMap"}, {APIVersion: "batch/v1", Kind: "CronJob"}, {APIVersion: "batch/v1", Kind: "Job"},
			{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"}, {APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}, {APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
			{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"}, {APIVersion: "admissionregistration.k8s.io/v1", Kind: "MutatingWebhookConfiguration"},
		} {
			rs := openapi.SchemaForResourceType(kind)
			walk(kind.Kind, rs, spec.Schema{}, 0)
		}
		return out
	}
	useBuiltIn()
	whole := collect()
	if err := useMergeKeys(); err != nil {
		t.Fatal(err)
	}
	less := collect()
	useBuiltIn()
	if len(whole) < 100 {
		t.Fatalf("only %d merged lists found in kustomize's schema", len(whole))
	}
	for path, f := range whole {
		if less[path] != f {
			t.Errorf("%s: %v in kustomize's schema, %v in the reduced one", path, f, less[path])
		}
	}
	for path := range less {
		if _, ok := whole[path]; !ok {
			t.Errorf("%s is merged only with the reduced schema", path)
		}
	}
}

// patches are what people write over a build's output, one for each way in
// which a merge may go.
var patches = map[string]string{
	"containers by name":  "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: a, image: new, env: [{name: B, value: b}], ports: [{containerPort: 2, protocol: UDP}]}, {name: c, image: c}]}}}\n",
	"volumes and mounts":  "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {volumes: [{name: v, $patch: delete}, {name: w, emptyDir: {}}], containers: [{name: a, volumeMounts: [{mountPath: /w, name: w}]}]}}}\n",
	"scalars replaced":    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, finalizers: [z]}\nspec: {replicas: 7, template: {spec: {containers: [{name: a, args: [only]}], tolerations: [{key: t}], imagePullSecrets: [{name: s}]}}}\n",
	"service ports":       "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80, name: more}, {port: 5000, nodePort: 30000}]}\n",
	"replace directive":   "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{$patch: replace}, {name: z, image: z}]}}}\n",
	"service account":     "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\nimagePullSecrets: [{name: b}]\nsecrets: [{name: c}]\n",
	"ingress":             "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {rules: [{host: other}]}\n",
	"custom kind":         "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\nspec: {list: [{name: b}], map: {b: 1}}\n",
	"null takes away":     "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, labels: {l: null}}\nspec: {strategy: null}\n",
	"conditions":          "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nstatus: {conditions: [{type: B, status: \"True\"}]}\n",
	"webhooks":            "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: m}\nwebhooks: [{name: b.example.com, failurePolicy: Ignore}]\n",
	"topology and hosts":  "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {hostAliases: [{ip: 1.1.1.1, hostnames: [b]}], topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 2}], initContainers: [{name: i, image: i}]}}}\n",
	"owner and resources": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, ownerReferences: [{uid: b, name: b, kind: B, apiVersion: v1}]}\nspec: {template: {spec: {containers: [{name: a, resources: {limits: {cpu: \"2\"}}, envFrom: [{secretRef: {name: b}}]}]}}}\n",
}

const patched = `apiVersion: apps/v1
kind: Deployment
metadata: {name: d, labels: {l: "0755"}, finalizers: [a], ownerReferences: [{uid: a, name: a, kind: A, apiVersion: v1}]}
spec:
  replicas: 1
  strategy: {type: Recreate}
  template:
    spec:
      imagePullSecrets: [{name: p}]
      tolerations: [{key: k}]
      hostAliases: [{ip: 1.1.1.1, hostnames: [a]}]
      topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}, {topologyKey: host, whenUnsatisfiable: ScheduleAnyway, maxSkew: 1}]
      volumes: [{name: v, emptyDir: {}}]
      containers:
      - name: a
        image: old
        args: [x, y]
        env: [{name: A, value: a}, {name: B, value: old}]
        envFrom: [{secretRef: {name: a}}]
        ports: [{containerPort: 1}, {containerPort: 2, protocol: TCP}]
        volumeMounts: [{mountPath: /v, name: v}]
        resources: {limits: {cpu: "1", memory: 1Gi}}
      - {name: b, image: b}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {ports: [{port: 5000, name: http}]}
status: {conditions: [{type: A, status: "False"}, {type: B, status: "False"}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: sa}
imagePullSecrets: [{name: a}]
secrets: [{name: a}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
spec: {rules: [{host: one}, {host: two}]}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: t}
spec: {list: [{name: a}], map: {a: 1}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: m}
webhooks: [{name: a.example.com}, {name: b.example.com}]
`

// TestBytesAreThoseOfTheWholeSchema builds each patch with either schema.
func TestBytesAreThoseOfTheWholeSchema(t *testing.T) {
	none := func(Request) ([]object.Object, error) { return nil, nil }
	for name, patch := range patches {
		t.Run(name, func(t *testing.T) {
			for _, how := range []string{"resources: [all.yaml]\npatches: [{path: p.yaml}]\n", "resources: [all.yaml]\npatchesStrategicMerge: [p.yaml]\nnamespace: ns\nnamePrefix: x-\nlabels: [{pairs: {team: a}, includeTemplates: true}]\n"} {
				dir := tree(t, map[string]string{"kustomization.yaml": how, "all.yaml": patched, "p.yaml": patch})
				with, err := Allow{}.Build(dir, none)
				if err != nil {
					t.Fatal(err)
				}
				if loaded != reduced {
					t.Fatal("the reduced schema was not used")
				}
				// The word makes Build leave the schema to kustomize.
				if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(how+"# openapi\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				without, err := Allow{}.Build(dir, none)
				if err != nil {
					t.Fatal(err)
				}
				if loaded == reduced {
					t.Fatal("kustomize's own schema was not used")
				}
				if !bytes.Equal(with.Text, without.Text) {
					t.Errorf("other bytes with the reduced schema:\n%s\nwant:\n%s", with.Text, without.Text)
				}
				if bytes.Equal(with.Text, mustBuild(t, map[string]string{"kustomization.yaml": strings.Split(how, "\n")[0] + "\n", "all.yaml": patched})) {
					t.Error("the patch changed nothing: this compares nothing")
				}
			}
		})
	}
}

func mustBuild(t *testing.T, files map[string]string) []byte {
	t.Helper()
	out, err := Allow{}.Build(tree(t, files), func(Request) ([]object.Object, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	return out.Text
}

// A user's own schema is kustomize's business, and gone for the next build.
func TestAUsersSchemaIsUsedAndForgotten(t *testing.T) {
	files := map[string]string{
		"kustomization.yaml": "resources: [all.yaml]\npatches: [{path: p.yaml}]\nopenapi: {path: schema.json}\n",
		"all.yaml":           patched, "p.yaml": patches["custom kind"],
		"schema.json": `{"definitions": {"x.Thing": {"type": "object", "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Thing"}],
			"properties": {"spec": {"type": "object", "properties": {"list": {"type": "array", "items": {"type": "object"}, "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name"}}}}}}}`,
	}
	merged := mustBuild(t, files)
	if !bytes.Contains(merged, []byte("- name: b\n    - name: a\n")) && !bytes.Contains(merged, []byte("- name: b\n  - name: a\n")) {
		t.Errorf("the user's schema was not used:\n%s", merged)
	}
	files["kustomization.yaml"] = "resources: [all.yaml]\npatches: [{path: p.yaml}]\n"
	if again := mustBuild(t, files); bytes.Contains(again, []byte("name: b\n  - name: a")) {
		t.Errorf("the user's schema is still there:\n%s", again)
	}
}
