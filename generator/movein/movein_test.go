package movein

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/spec"
)

var update = flag.Bool("update", false, "write golden files anew")

func read(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := yaml.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// told is all that a result says, without its secrets.
func told(t *testing.T, r Result) string {
	t.Helper()
	text, err := yaml.Marshal(r.Spec)
	if err != nil {
		t.Fatal(err)
	}
	out := string(text)
	for _, u := range r.Users {
		out += "# user " + u.Name + "\n"
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Credentials)) {
		out += fmt.Sprintf("# credential %s: %s\n", kind, strings.Join(slices.Sorted(maps.Keys(r.Credentials[kind])), ", "))
	}
	if r.HTTPSecret != "" {
		out += "# http secret\n"
	}
	for _, p := range r.Left {
		out += "# left: " + strings.ReplaceAll(p.Error(), "\n", "\n#   ") + "\n"
	}
	return out
}

// Values files of many shapes, each with the spec that it comes to and what could
// not be carried over.
func TestValuesFiles(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/movein/*/values.yaml")
	if err != nil || len(paths) < 8 {
		t.Fatal(len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			r, err := FromValues(read(t, path), Release{Name: "docker-registry", Namespace: "registry"})
			if err != nil {
				t.Fatal(err)
			}
			got := told(t, r)
			golden := filepath.Join(filepath.Dir(path), "spec.yaml")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != got {
				t.Errorf("%v, is now\n%s", err, got)
			}
			// No secret is in what is said or written.
			var secrets []string
			for _, c := range r.Credentials {
				secrets = append(secrets, slices.Collect(maps.Values(c))...)
			}
			for _, u := range r.Users {
				secrets = append(secrets, u.Hash)
			}
			for _, s := range append(secrets, r.HTTPSecret) {
				if s != "" && strings.Contains(got, s) {
					t.Error("a secret is told")
				}
			}
		})
	}
}

// FuzzFromValues: whatever the values, they come to a spec that reggen takes, or
// to an error; and a second time to the same.
func FuzzFromValues(f *testing.F) {
	paths, err := filepath.Glob("../../testdata/movein/*/values.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("ingress: {enabled: true, hosts: [[]], tls: [x]}\nproxy: 1\nautoscaling: {enabled: true, maxReplicas: x}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var in map[string]any
		if bounded.Secret("values", text) != nil || yaml.Unmarshal(text, &in) != nil {
			return
		}
		r, err := FromValues(in, Release{Name: "docker-registry", Namespace: "registry"})
		if err != nil {
			return
		}
		merged, err := yaml.Marshal(map[string]any{"apiVersion": spec.APIVersion, "kind": spec.KindRegistry, "metadata": map[string]any{"name": "docker-registry", "namespace": "registry"}, "spec": r.Spec})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := spec.Decode(merged, ""); err != nil {
			t.Errorf("%v\n%s", err, merged)
		}
		again, err := FromValues(in, Release{Name: "docker-registry", Namespace: "registry"})
		if err != nil || told(t, again) != told(t, r) {
			t.Errorf("a second time: %v", err)
		}
	})
}
