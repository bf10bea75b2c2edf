package movein

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/values"
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
			for _, path := range dropped(t, read(t, path), r) {
				t.Errorf("%s went without a word", path)
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

// dropped are the values that are neither in the spec nor in a credential, that
// the chart doesn't say by itself, and that nothing was said of.
func dropped(t *testing.T, in map[string]any, r Result) (out []string) {
	t.Helper()
	c, err := chart.Default()
	if err != nil {
		t.Fatal(err)
	}
	rest := copyOf(in)
	dropDefaults(rest, c.Values())
	have := map[string]bool{r.HTTPSecret: true, "10s": true} // the other chart's own interval of health.storagedriver
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				have[k] = true
				collect(e)
			}
		case []any:
			for _, e := range v {
				collect(e)
			}
		default:
			have[strings.Trim(fmt.Sprint(v), "/")] = true
		}
	}
	collect(plain(r.Spec))
	text, err := yaml.Marshal(map[string]any{"apiVersion": spec.APIVersion, "kind": spec.KindRegistry, "metadata": map[string]any{"name": "docker-registry", "namespace": "registry"}, "spec": r.Spec})
	if err != nil {
		t.Fatal(err)
	}
	reg, err := spec.Decode(text, "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := values.From(reg, secret.Placeholders(nil))
	if err != nil {
		t.Fatal(err)
	}
	files, err := c.Plain(chart.Release{Name: "docker-registry", Namespace: "registry"}, v)
	if err != nil {
		t.Fatal(err)
	}
	rendered := ""
	for _, f := range files {
		rendered += string(f.Data)
	}
	for _, u := range r.Users {
		have[u.Hash] = true
	}
	for _, c := range r.Credentials {
		for _, v := range c {
			have[v] = true
		}
	}
	var check func(path []string, v any)
	check = func(path []string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				check(append(slices.Clone(path), k), v[k])
			}
		case []any:
			for _, e := range v {
				if of, is := e.(map[string]any); is && (mentioned(r.Left, of["name"]) || mentioned(r.Left, of["key"]) || of["name"] == "REGISTRY_STORAGE_DELETE_ENABLED") {
					continue
				}
				check(path, e)
			}
		case bool, nil:
		default:
			text := strings.Trim(fmt.Sprint(v), "/")
			if have[text] || strings.Contains(text, ":$2y$") || text == "" || isPlaceholder(text) || strings.Contains(rendered, text) || slices.Equal(path, []string{"ingress", "tls", "hosts"}) {
				return
			}
			for _, p := range r.Left {
				said := slices.DeleteFunc(keysOf(strings.Fields(p.Path)[0]), func(k string) bool { _, err := strconv.Atoi(k); return err == nil })
				if said[0] == "scheduling" { // whose fields are the values' own
					said = said[1:]
				}
				if len(said) <= len(path) && slices.Equal(said, path[:len(said)]) || strings.Contains(p.What+p.Path, text) {
					return
				}
			}
			out = append(out, dotted(path)+": "+text)
		}
	}
	check(nil, map[string]any(rest))
	return out
}

func mentioned(l problem.List, name any) bool {
	return name != nil && slices.ContainsFunc(l, func(p problem.Problem) bool { return strings.Contains(p.What+p.Path, fmt.Sprint(name)) })
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
		for _, path := range dropped(t, in, r) {
			t.Errorf("%s went without a word", path)
		}
		if err != nil || told(t, again) != told(t, r) {
			t.Errorf("a second time: %v", err)
		}
	})
}

// Of lists within lists each entry that is refused goes by itself, however many
// they are, and all else stays.
func TestRefusedEntriesGoAlone(t *testing.T) {
	var env []any
	for i := range 30 {
		env = append(env, map[string]any{"name": fmt.Sprintf("A%d_TOKEN", i), "value": fmt.Sprintf("demo-token-%d", i)}, map[string]any{"name": fmt.Sprintf("B%d", i), "value": "1"})
	}
	r, err := FromValues(map[string]any{"storage": "filesystem", "initContainers": []any{map[string]any{"name": "first", "image": "i", "env": env}}}, Release{Name: "docker-registry", Namespace: "registry"})
	if err != nil {
		t.Fatal(err)
	}
	text := told(t, r)
	for i := range 30 {
		if !strings.Contains(text, fmt.Sprintf("name: B%d\n", i)) || !strings.Contains(text, fmt.Sprintf("\"A%d_TOKEN\": is not carried over", i)) || strings.Contains(text, fmt.Sprintf("demo-token-%d", i)) {
			t.Fatalf("%d:\n%s", i, text)
		}
	}
}
