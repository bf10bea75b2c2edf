package movein

import (
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/values"
)

// What a spec of ours gives the chart comes, as a values file, to that spec again.
func TestAFixedPoint(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/movein/*/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := func(v any) string {
		out, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	again := func(made map[string]any, keys map[string]string) map[string]any {
		r, err := spec.Decode([]byte(text(map[string]any{"apiVersion": spec.APIVersion, "kind": spec.KindRegistry, "metadata": map[string]any{"name": "docker-registry", "namespace": "registry"}, "spec": made})), "")
		if err != nil {
			t.Fatal(err)
		}
		v, err := values.From(r, secret.Placeholders(nil))
		if err != nil {
			t.Fatal(err)
		}
		if keys != nil { // they are in credentials, and the chart gets them at a seal
			v["secrets"].(map[string]any)["s3"] = map[string]any{"accessKey": keys["accessKey"], "secretKey": keys["secretKey"]}
		}
		next, err := FromValues(v, Release{Name: "docker-registry", Namespace: "registry"})
		if err != nil {
			t.Fatal(err)
		}
		return next.Spec
	}
	for _, path := range paths {
		first, err := FromValues(read(t, path), Release{Name: "docker-registry", Namespace: "registry"})
		if err != nil {
			t.Fatal(err)
		}
		keys := first.Credentials[credential.S3]
		second := again(first.Spec, keys)
		if third := again(second, keys); text(second) != text(third) {
			t.Errorf("%s:\n%s\nbecame\n%s", path, text(second), text(third))
		}
		delete(first.Spec, "image") // a release that says none has the chart's, and ours says which
		delete(second, "image")
		if first.Spec["ingress"] == nil { // which alone tells the chart the host
			delete(first.Spec, "host")
			delete(second, "host")
		}
		if text(first.Spec) != text(second) {
			t.Errorf("%s:\n%s\nbecame\n%s", path, text(first.Spec), text(second))
		}
	}
}
