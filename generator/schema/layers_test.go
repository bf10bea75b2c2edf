package schema

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/spec"
)

// minimal is the least that a spec says; tests add to it.
const minimal = `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: reg, namespace: apps}
spec:
  host: registry.example.com
`

const onVolume = minimal + "  storage: {filesystem: {}}\n"

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// merge puts a layer over another one.
func merge(base, over map[string]any) map[string]any {
	for key, value := range over {
		below, both := base[key].(map[string]any)
		if above, is := value.(map[string]any); is && both {
			value = merge(below, above)
		}
		if base[key] = value; value == nil {
			delete(base, key)
		}
	}
	return base
}

// layers are those of the examples, merged ones and defaulted ones among them.
func layers(t *testing.T) map[string]string {
	t.Helper()
	read := func(path string) (string, map[string]any) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var layer map[string]any
		if err := yaml.Unmarshal(text, &layer); err != nil {
			t.Fatal(err)
		}
		return string(text), layer
	}
	const base = "../../bases/registry/registry.yaml"
	paths, err := filepath.Glob("../../overlays/*/registry/registry.yaml")
	if err != nil || len(paths) < 2 {
		t.Fatalf("found %d overlays, %v", len(paths), err)
	}
	out := map[string]string{}
	for _, path := range paths {
		text, layer := read(path)
		baseText, under := read(base)
		out[base], out[path], out[path+" merged"] = baseText, text, asJSON(t, merge(under, layer))
		r, err := spec.Decode([]byte(out[path+" merged"]), "")
		if err != nil {
			t.Fatal(err)
		}
		out[path+" defaulted"] = asJSON(t, r)
	}
	return out
}

func withHost(host string) string {
	return strings.Replace(onVolume, "registry.example.com", host, 1)
}
