package cases

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/internal/kustomize"
)

// throughKustomize builds the objects twice: as an environment of a generator
// and nothing else, which goes around kustomize, and with something for
// kustomize to do that changes nothing. The bytes are the same.
func throughKustomize(t testing.TB, objects []object.Object) {
	t.Helper()
	gen := func(kustomize.Request) ([]object.Object, error) { return objects, nil }
	direct, err := kustomize.Allow{}.Build(environment(t, "generators: [registry.yaml]\n"), gen)
	if err != nil || !direct.Untouched {
		t.Fatalf("does not go around kustomize: %v", err)
	}
	whole, err := kustomize.Allow{}.Build(environment(t, "generators: [registry.yaml]\nsortOptions: {order: legacy}\n"), gen)
	if err != nil || whole.Untouched {
		t.Fatalf("does not go through kustomize: %v", err)
	}
	if string(direct.Text) != string(whole.Text) {
		t.Errorf("kustomize makes other bytes:\n%s\nof\n%s", whole.Text, direct.Text)
	}
}

func environment(t testing.TB, kustomization string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"kustomization.yaml": kustomization, "registry.yaml": "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
