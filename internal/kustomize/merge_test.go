package kustomize

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/resmap"

	"github.com/reggen/reggen/internal/needs"
)

// bothMerges reads the entry of env both ways and says whether kustomize could
// be left out. What comes out must be the same.
func bothMerges(t *testing.T, dir string) bool {
	t.Helper()
	useNone()
	env := filepath.Join(dir, "env")
	k, err := Allow{}.read(env)
	if err != nil || k == nil || len(k.Generators) != 1 {
		t.Fatalf("no kustomization of one generator: %v", err)
	}
	quick := Allow{}.reader()
	quick.dir = env
	rm, ok := k.merged(quick, k.Generators[0])
	if !ok {
		return false
	}
	got := &content{files: quick, rm: rm}
	slow := Allow{}.reader()
	slow.dir = env
	want := &content{files: slow}
	want.rm, want.nested, want.err = k.load(slow, k.Generators[0])
	g, gerr := got.found(k)
	w, werr := want.found(k)
	if gerr != nil && werr != nil && gerr.Error() == werr.Error() {
		return true
	}
	if gerr != nil || werr != nil || len(g) != 1 || len(w) != 1 {
		t.Fatalf("%d specs, %v; kustomize: %d, %v", len(g), gerr, len(w), werr)
	}
	if string(g[0].text) != string(w[0].text) || g[0].annotated != w[0].annotated || want.nested {
		t.Fatalf("%s\nkustomize:\n%s", g[0].text, w[0].text)
	}
	for _, rm := range []resmap.ResMap{got.rm, want.rm} {
		for _, r := range rm.Resources() {
			quick, err := asYAML(r)
			if slow, serr := r.AsYAML(); string(quick) != string(slow) || err != nil || serr != nil {
				t.Fatalf("%s, %v\nkustomize's own YAML of it: %s, %v", quick, err, slow, serr)
			}
		}
	}
	reads := slices.Compact(slices.DeleteFunc(slow.read, func(path string) bool { return path == k.file }))
	for i, path := range reads {
		reads[i] = filepath.Clean(path)
	}
	if !slices.Equal(quick.read, slices.Compact(reads)) || quick.schema != slow.schema || quick.function != slow.function {
		t.Errorf("read %v; kustomize: %v", quick.read, reads)
	}
	return true
}

// Which layers leave kustomize out, and that it makes no difference.
func TestMerged(t *testing.T) {
	head := "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r, namespace: registry}\n"
	kept := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- ../../base\npatches:\n- path: patch.yaml\n"
	middle := map[string]string{"middle/kustomization.yaml": "resources: [../base]\npatches: [{path: one.yaml}, {path: two/two.yaml}]\n",
		"middle/one.yaml": head + "spec: {replicas: 7, auth: {realm: one}}\n", "middle/two/two.yaml": head + "spec: {auth: {realm: null}}\n",
		"env/registry/kustomization.yaml": "resources: [../../middle]\npatches: [{path: patch.yaml}]\n"}
	with := func(name, text string) map[string]string { return map[string]string{name: text} }
	for name, c := range map[string]struct {
		quick bool
		files map[string]string
	}{
		"a base and a patch":   {true, nil},
		"with its head":        {true, with("env/registry/kustomization.yaml", kept)},
		"three layers":         {true, middle},
		"a spec alone":         {true, map[string]string{"env/kustomization.yaml": "generators: [one.yaml]\n", "env/one.yaml": head}},
		"a spec of its folder": {true, map[string]string{"env/registry/kustomization.yaml": "resources: [one.yaml]\n", "env/registry/one.yaml": head}},
		"lists":                {true, map[string]string{"base/registry.yaml": head + "spec: {pullSecrets: [{name: a, x: 1}, {name: b}], list: [1, 2]}\n", "env/registry/patch.yaml": head + "spec: {pullSecrets: [{name: b, x: 2}, {name: c}], list: [3]}\n"}},
		"a list replaced":      {true, map[string]string{"base/registry.yaml": head + "spec: {pullSecrets: [{name: a}]}\n", "env/registry/patch.yaml": head + "spec:\n  pullSecrets:\n  - name: c\n  - $patch: replace\n"}},
		"something deleted":    {true, map[string]string{"base/registry.yaml": head + "spec: {a: {b: c}, d: e}\n", "env/registry/patch.yaml": head + "spec: {a: {$patch: delete}, d: null}\n"}},
		"comments and anchors": {true, map[string]string{"base/registry.yaml": "# a\n" + head + "spec: {a: &x {b: c}, d: *x} # e\n"}},
		"texts": {true, map[string]string{"base/registry.yaml": head + "spec:\n  a: |\n    b\n      c\n\n  d: |2\n      e\n    f\n  g: >\n    h\n    i\n\n    j\n  k: >-\n     l\n  m: \"n\\r\\n o \\n\"\n  p: |+\n    q\n\n\n  r: '  s'\n",
			"env/registry/patch.yaml": head + "spec: # t\n  # u\n  g: |-\n    # v\n\n    w \n"}},
		"odd scalars": {true, map[string]string{"base/registry.yaml": head + "spec: {a: 0755, b: 0x1F, c: 1e3, d: yes, e: ~, f: 2001-12-14, g: '1', h: 1_000, j: '', k: 9007199254740993}\n"}},

		"annotations":            {false, with("env/registry/patch.yaml", "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r, namespace: registry, annotations: {a: b}}\n")},
		"for a function":         {false, with("base/registry.yaml", strings.Replace(head, "namespace: registry", "namespace: registry, annotations: {config.kubernetes.io/function: 'exec: {path: x}'}", 1))},
		"another field":          {false, with("env/registry/kustomization.yaml", "resources: [../../base]\nnameSuffix: -a\n")},
		"an unknown field":       {false, with("env/registry/kustomization.yaml", "resources: [../../base]\npatch: [{path: patch.yaml}]\n")},
		"a target":               {false, with("env/registry/kustomization.yaml", "resources: [../../base]\npatches: [{path: patch.yaml, target: {kind: Registry}}]\n")},
		"an inline patch":        {false, with("env/registry/kustomization.yaml", "resources: [../../base]\npatches: [{patch: '{}'}]\n")},
		"a JSON patch":           {false, with("env/registry/patch.yaml", "[{op: remove, path: /spec/host}]\n")},
		"two patches in a file":  {false, with("env/registry/patch.yaml", head+"---\n"+head)},
		"a patch of another":     {false, with("env/registry/patch.yaml", strings.Replace(head, "name: r", "name: s", 1))},
		"a patch that removes":   {false, with("env/registry/patch.yaml", "$patch: delete\n"+head)},
		"two specs":              {false, with("base/registry.yaml", head+"---\n"+strings.Replace(head, "name: r", "name: s", 1))},
		"two bases":              {false, with("env/registry/kustomization.yaml", "resources: [../../base, ../../base]\n")},
		"another object":         {false, with("base/registry.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\n")},
		"a list of specs":        {false, with("base/registry.yaml", "apiVersion: v1\nkind: List\nitems: []\n")},
		"a component":            {false, with("base/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [registry.yaml]\n")},
		"a file outside":         {false, map[string]string{"base/kustomization.yaml": "resources: [../registry.yaml]\n", "registry.yaml": head}},
		"a patch outside":        {false, map[string]string{"env/registry/kustomization.yaml": "resources: [../../base]\npatches: [{path: ../patch.yaml}]\n", "env/patch.yaml": head}},
		"a kustomization as one": {false, with("env/registry/kustomization.yaml", "resources: [kustomization.yaml]\n")},
		"two kustomizations":     {false, with("base/kustomization.yml", "resources: [registry.yaml]\n")},
		"no kustomization":       {false, with("env/registry/kustomization.yaml", "resources: [../../nothing]\n")},
		"a cycle":                {false, with("base/kustomization.yaml", "resources: [../env/registry]\n")},
		"the environment itself": {false, with("env/registry/kustomization.yaml", "resources: [..]\n")},
		"a key twice":            {false, with("base/registry.yaml", head+"spec: {host: a, host: b}\n")},
		"a field twice":          {false, with("env/registry/kustomization.yaml", kept+"resources: [../../base]\n")},
		"a mention of schemas":   {false, with("base/registry.yaml", head+"spec: {a: openapi}\n")},
		"two documents":          {false, with("env/registry/kustomization.yaml", kept+"---\n{}\n")},
		"something remote":       {false, with("base/kustomization.yaml", "resources: ['github.com/a/b']\n")},
		"no YAML":                {false, with("env/registry/patch.yaml", "a: [\n")},
		"an odd key":             {false, with("base/registry.yaml", head+"spec: {? {a: b} : c}\n")},
	} {
		t.Run(name, func(t *testing.T) {
			files := alone()
			maps.Copy(files, c.files)
			dir := tree(t, files)
			if quick := bothMerges(t, dir); quick != c.quick {
				t.Errorf("left kustomize out: %v", quick)
			}
			if _, err := both(t, dir, parsed(made)); err != nil && c.quick {
				t.Error(err)
			}
		})
	}
	t.Run("a link", func(t *testing.T) {
		needs.Unix(t, needs.Links)
		dir := tree(t, alone())
		if err := os.Rename(filepath.Join(dir, "base"), filepath.Join(dir, "real")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("real", filepath.Join(dir, "base")); err != nil {
			t.Fatal(err)
		}
		if bothMerges(t, dir) {
			t.Error("followed a link")
		}
	})
}

// Whatever stands in a base and in a patch of it, both ways give the same spec.
func FuzzMerged(f *testing.F) {
	f.Add("spec: {a: {b: [1, 2]}, c: d}", "spec: {a: {b: [3]}, c: null}")
	f.Add("spec: {a: [{name: x, b: c}]}", "spec:\n  a:\n  - name: x\n    $patch: delete\n")
	f.Add("spec: {a: &x {b: c}, d: {<<: *x}}", "metadata: {labels: {a: b}}")
	f.Add("spec: !x {a: 0755}", "$patch: replace")
	f.Add("spec: {a: |\n b\n}", "kind: Registry\nmetadata: {name: r}")
	f.Add("metadata: {annotations: {}}", "metadata: {annotations: null}")
	f.Add("0: {A}", "$patch: replace")
	f.Add("spec: {a: , b: [~, null, !!null '']}", "spec:\n  c:\n    d:\n")
	f.Fuzz(func(t *testing.T, base, patch string) {
		head := "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r, namespace: registry}\n"
		if len(base)+len(patch) > 1<<12 || strings.Contains(base+patch, "\x00") {
			return
		}
		files := alone()
		files["base/registry.yaml"], files["env/registry/patch.yaml"] = head+base+"\n", head+patch+"\n"
		Begin()
		bothMerges(t, tree(t, files))
	})
}
