package kustomize

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// A key that stands twice is refused wherever a spec is read, and what only
// looks like one is not.
func TestRepeatedKeys(t *testing.T) {
	spec := "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r, namespace: registry}\n"
	for name, c := range map[string]struct{ file, text, want string }{
		"in a patch":         {"env/registry/patch.yaml", spec + "spec:\n  host: a\n  host: b\n", "env/registry/patch.yaml:6:3: spec.host: stands twice, first in line 5"},
		"in the base":        {"base/registry.yaml", spec + "spec: {host: a}\nspec: {host: b}\n", "base/registry.yaml:5:1: spec: stands twice, first in line 4"},
		"below":              {"base/registry.yaml", spec + "spec:\n  host: a\n  x: [{b: 1}, {b: 1, b: 2}]\n", "base/registry.yaml:6:22: spec.x.1.b: stands twice, first in line 6"},
		"in two documents":   {"base/registry.yaml", spec + "---\n" + strings.Replace(spec, "name: r", "name: s", 1), ""},
		"in two mappings":    {"base/registry.yaml", spec + "spec: {a: {host: a}, b: {host: a}}\n", ""},
		"another's own file": {"env/other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b, a: c}\n", ""},
	} {
		files := layered()
		files[c.file] = c.text
		dir := tree(t, files)
		_, found := Allow{}.Find(filepath.Join(dir, "env"))
		_, built := Allow{}.Build(filepath.Join(dir, "env"), func(r Request) ([]object.Object, error) {
			own := fmt.Sprint("name: made-", strings.Contains(string(r.Config), "name: s")) // of each spec
			return object.Parse("made", []byte(strings.ReplaceAll(made, "name: made", own)))
		})
		for how, err := range map[string]error{"find": found, "build": built} {
			if c.want == "" {
				if err != nil {
					t.Errorf("%s, %s: %v", name, how, err)
				}
				continue
			}
			var l problem.List
			l.Join(err)
			if err == nil || !strings.Contains(l.Error(), filepath.ToSlash(dir)+"/"+c.want) {
				t.Errorf("%s, %s: %v", name, how, err)
			}
		}
	}
}

// A patch of another name: what it says is so, and what it proposes works.
func TestAPatchOfAnotherName(t *testing.T) {
	files := layered()
	files["env/registry/patch.yaml"] = "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: my.own, namespace: registry}\nspec: {host: env}\n"
	dir := tree(t, files)
	_, err := Allow{}.Find(filepath.Join(dir, "env"))
	var p problem.Problem
	if !errors.As(err, &p) || p.File != filepath.Join(dir, "env") || !strings.Contains(p.What, `"my.own", namespace registry`) || strings.Contains(err.Error(), "Id") {
		t.Errorf("%v", err)
	}
	files["env/registry/kustomization.yaml"] = "resources: [../../base]\npatches: [{path: patch.yaml, target: {kind: Registry}, options: {allowNameChange: true}}]\n"
	found, err := Allow{}.Find(filepath.Join(tree(t, files), "env"))
	if err != nil || len(found) != 1 || !strings.Contains(string(found[0].Spec), "name: my.own") {
		t.Errorf("%v %v", found, err)
	}
}

// Every field of a kustomization that kustomize takes is known.
func TestKustomizationFields(t *testing.T) {
	k := &kustomization{file: "k", text: []byte("apiVersion: v\nkind: K\nmetadata: {}\nresources: []\nbases: []\nimageTags: []\nhelmCharts: []\nlabels: []\nvars: []\nopenapi: {}\nbuildMetadata: []\nsortOptions: {}\n")}
	if l := k.unknownFields(); len(l) > 0 {
		t.Error(l)
	}
	k.text = []byte("generator: [registry]\nnamePrefx: a\nresources: []\n")
	want := "k:1:1: generator: unknown field; did you mean \"generators\"?\nk:2:1: namePrefx: unknown field; did you mean \"namePrefix\"?"
	if got := k.unknownFields().Error(); got != want {
		t.Errorf("%s", got)
	}
}
