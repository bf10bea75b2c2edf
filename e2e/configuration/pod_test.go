package configuration

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/reggen/reggen/generator/object"
)

// pod is what one container that runs the registry is started with.
type pod struct {
	name   string
	config string
	env    map[string]string
}

// foreign stands for a key of a Secret or a ConfigMap that something else
// brings.
const foreign = "foreign0123456789"

// pods finds every container that is given the registry's configuration, and
// opens the Secrets that its environment refers to.
func pods(t testing.TB, objects []object.Object) []pod {
	t.Helper()
	config := ""
	data := map[string]map[string]string{}
	for _, o := range objects {
		switch o.Kind() {
		case "ConfigMap":
			if text, ok := o.Map("data")["config.yml"].(string); ok {
				config = text
			}
		case "Secret":
			data[o.Name()] = map[string]string{}
			for k, v := range o.Map("data") {
				raw, err := base64.StdEncoding.DecodeString(v.(string))
				if err != nil {
					t.Fatalf("%s: %s is not base64", o.ID(), k)
				}
				data[o.Name()][k] = string(raw)
			}
		}
	}
	if config == "" {
		t.Fatal("no configuration among the objects")
	}
	var out []pod
	for _, o := range objects {
		template, ok := o.PodTemplate()
		if !ok {
			continue
		}
		containers, _ := object.Object(template).Map("spec")["containers"].([]any)
		for _, c := range containers {
			container := object.Object(c.(map[string]any))
			out = append(out, pod{fmt.Sprint(o.ID(), " ", container["name"]), config, environment(t, container, data)})
		}
	}
	if len(out) == 0 {
		t.Fatal("no pods among the objects")
	}
	return out
}

func environment(t testing.TB, container object.Object, data map[string]map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	from, _ := container["envFrom"].([]any)
	for _, e := range from {
		name, _ := object.Object(e.(map[string]any)).Map("secretRef")["name"].(string)
		for k, v := range data[name] {
			out[k] = v
		}
	}
	env, _ := container["env"].([]any)
	for _, e := range env {
		entry := object.Object(e.(map[string]any))
		name, _ := entry["name"].(string)
		value, plain := entry["value"].(string)
		if !plain {
			value = foreign
			ref := entry.Map("valueFrom", "secretKeyRef")
			secret, _ := ref["name"].(string)
			key, _ := ref["key"].(string)
			if known, ours := data[secret]; ours {
				if value, ours = known[key]; !ours {
					t.Fatalf("%s comes from a key %s of the Secret %s, which has none", name, key, secret)
				}
			}
		}
		out[name] = value
	}
	return out
}
