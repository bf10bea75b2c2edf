package kustomize

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/seen"
	"github.com/reggen/reggen/internal/needs"
)

// A link in the place of a kustomization, a base, a layer or a file leads
// nothing out of the repository: neither is what is there built, nor does an
// error say what it is.
func TestLinksOutOfTheRepositoryAreNotFollowed(t *testing.T) {
	needs.Unix(t, needs.Links)
	t.Run("each alone", linksOut)
	t.Run("among others", func(t *testing.T) {
		defer seen.Remember()()
		linksOut(t)
	})
}

func linksOut(t *testing.T) {
	outside := tree(t, map[string]string{
		"kustomization.yaml": "canaryField: x\nresources: [o.yaml]\n", "registry/kustomization.yaml": "resources: [../o.yaml]\n",
		"o.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: canaryObject}\ndata: {a: b}\n",
	})
	for link, c := range map[string]struct{ to, env string }{
		"env/kustomization.yaml":          {"kustomization.yaml", ""},
		"env/registry":                    {"registry", ""},
		"env/registry/kustomization.yaml": {"registry/kustomization.yaml", ""},
		"base":                            {".", ""},
		"env/more":                        {"registry", "generators: [registry]\nresources: [more]\n"},
		"env/part":                        {"registry", "generators: [registry]\ncomponents: [part]\n"},
		"env/more.yaml":                   {"o.yaml", "generators: [registry]\nresources: [more.yaml]\n"},
		"env/patch.yaml":                  {"o.yaml", "generators: [registry]\npatches: [{path: patch.yaml, target: {kind: ConfigMap}}]\n"},
		"env/value":                       {"o.yaml", "generators: [registry]\nconfigMapGenerator: [{name: x, files: [value]}]\n"},
	} {
		t.Run(link, func(t *testing.T) {
			files := layered()
			if c.env != "" {
				files["env/kustomization.yaml"] = c.env
			}
			dir := tree(t, files)
			if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(outside, c.to), filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
			built, err := Allow{}.Build(filepath.Join(dir, "env"), generate)
			if err == nil || strings.Contains(err.Error()+string(built.Text), "canary") {
				t.Errorf("built: %v\n%s", err, built.Text)
			}
			if _, err := (Allow{}).Find(filepath.Join(dir, "env")); err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("found: %v", err)
			}
		})
	}
	// A link within it is one of the repository's own ways.
	files := layered()
	dir := tree(t, files)
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "base"), filepath.Join(dir, "real")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "base")); err != nil {
		t.Fatal(err)
	}
	if _, err := (Allow{}).Build(filepath.Join(dir, "env"), generate); err != nil {
		t.Errorf("a link within: %v", err)
	}
}
