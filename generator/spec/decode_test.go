package spec

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// layer merges over into base as kustomize merges a kind it doesn't know:
// maps entry by entry, lists as a whole, null takes an entry out.
func layer(base, over map[string]any) map[string]any {
	for k, v := range over {
		b, isMap := base[k].(map[string]any)
		o, both := v.(map[string]any)
		switch {
		case v == nil:
			delete(base, k)
		case isMap && both:
			base[k] = layer(b, o)
		default:
			base[k] = v
		}
	}
	return base
}

func readMap(t *testing.T, file string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := yaml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// overlays returns the merged spec of every overlay that has one.
func overlays(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../../overlays/*/registry/registry.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("found %d overlays, %v", len(files), err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		data, err := yaml.Marshal(layer(readMap(t, "../../bases/registry/registry.yaml"), readMap(t, f)))
		if err != nil {
			t.Fatal(err)
		}
		out[f] = data
	}
	return out
}

func decode(t *testing.T, text string) *Registry {
	t.Helper()
	r, err := Decode([]byte(text), "")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return r
}

func TestOverlaysDecode(t *testing.T) {
	for name, data := range overlays(t) {
		r := decode(t, string(data))
		if r.Metadata.Name != "docker-registry" || r.Spec.Image.Tag != "3.1.1" || r.Spec.PullSecrets["regcred"].Server != r.Spec.Host {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// minimal is the least that a spec says; tests add to it.
const minimal = `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: reg, namespace: apps}
spec:
  host: registry.example.com
`

const onVolume = minimal + "  storage: {filesystem: {}}\n"

// kustomize hands over a spec with notes of its own, key-sorted.
func TestBookkeepingAnnotationsAreDropped(t *testing.T) {
	r := decode(t, `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata:
  annotations:
    config.kubernetes.io/local-config: "true"
    example.com/owner: team
    internal.config.kubernetes.io/index: "0"
  name: reg
  namespace: apps
spec: {host: registry.example.com, storage: {filesystem: {}}}
`)
	if len(r.Metadata.Annotations) != 1 || r.Metadata.Annotations["example.com/owner"] != "team" {
		t.Errorf("%v", r.Metadata.Annotations)
	}
}

func TestFreeFieldsKeepTheirTypes(t *testing.T) {
	r := decode(t, onVolume+`  config:
    log: {fields: {a: 1, b: 1.5, c: true, d: null, e: "1", f: 2024-01-02, g: [x, {y: z}]}}
`)
	got, err := json.Marshal(r.Spec.Config)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"log":{"fields":{"a":1,"b":1.5,"c":true,"d":null,"e":"1","f":"2024-01-02","g":["x",{"y":"z"}]}}}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

func TestAliasesAreResolved(t *testing.T) {
	r := decode(t, onVolume+"  resources: {requests: &r {cpu: 50m}, limits: *r}\n")
	if r.Spec.Resources.Limits["cpu"] != "50m" {
		t.Errorf("%v", r.Spec.Resources)
	}
}

// Unset and null are the same where nothing else could be meant.
func TestHarmlessNulls(t *testing.T) {
	r := decode(t, onVolume+"  image:\n  auth:\n  pullSecrets:\n  config:\n  resources: {limits: }\n  secrets: {credentials: }\n")
	if r.Spec.PullSecrets != nil || r.Spec.Config != nil || r.Spec.Secrets.Credentials[0] != "credentials" {
		t.Errorf("%+v", r.Spec)
	}
}

func TestUserNamesOfPullSecrets(t *testing.T) {
	for _, name := range []string{"true", "0755", "1e3", "~", "{{ .Values.x }}", `"q"`, "a#b", "Zoë", "日本", "a b", "robot$ci+1@example.com"} {
		quoted, _ := json.Marshal(name)
		r := decode(t, onVolume+"  pullSecrets: {regcred: {user: "+string(quoted)+"}}\n")
		if got := r.Spec.PullSecrets["regcred"].User; got != name {
			t.Errorf("%q became %q", name, got)
		}
	}
}

func TestLinesAndFile(t *testing.T) {
	_, err := Decode([]byte(`apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata:
  name: reg
  namespace: apps
spec:
  host: https://registry.example.com
  storage:
    s3:
      buckt: b
      region: 1
      encrypt: "yes"
  replicas: 0
`), "registry.yaml")
	want := `registry.yaml:7: spec.host: has a scheme: write it without https://
registry.yaml:10: spec.storage.s3.buckt: unknown field; did you mean "bucket"?
registry.yaml:11: spec.storage.s3.region: is a number; expected text: quote it
registry.yaml:12: spec.storage.s3.encrypt: is text; expected true or false, unquoted
registry.yaml:13: spec.replicas: is 0; expected at least 1`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v", err)
	}
	var list problem.List
	if !errors.As(err, &list) || len(list) != 5 {
		t.Errorf("%d problems in a %T", len(list), err)
	}
}

// What stands in a value stays there: it may be a secret in the wrong place.
func TestErrorsDoNotQuoteLongOrSecretValues(t *testing.T) {
	canary := "hunter2hunter2"
	for _, text := range []string{
		onVolume + "  auth: {password: " + canary + "}\n",
		onVolume + "  " + canary + ": [\n",
		onVolume + "  realm: *" + canary + "\n",
		minimal + "  storage: {s3: {provider: minio, bucket: abc, endpoint: 'http://me:" + canary + "@minio:9000'}}\n",
		strings.Replace(onVolume, "registry.example.com", "me:"+canary+"@registry.example.com", 1),
		onVolume + "  reggen: '" + strings.Repeat(canary, 6) + "'\n",
		onVolume + "  pullSecrets: {r: {user: 'a:" + canary + "'}}\n",
	} {
		_, err := Decode([]byte(text), "f.yaml")
		if err == nil {
			t.Errorf("accepted %s", text)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("quoted: %v", err)
		}
	}
}

func TestAliasBombs(t *testing.T) {
	bomb := onVolume + "  values:\n    a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
	for c := 'b'; c <= 'k'; c++ {
		prev := "*" + string(c-1)
		bomb += "    " + string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat(prev+", ", 10), ", ") + "]\n"
	}
	for text, want := range map[string]string{
		bomb:                                "aliases expand without end",
		onVolume + "  values: &v {a: *v}\n": "is an alias of something that contains it",
		onVolume + "  resources: &v {limits: *v}\n": "is an alias of something that contains it",
	} {
		if _, err := Decode([]byte(text), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %.300v", err)
		}
	}
}
