package kustomize

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/internal/needs"
)

// alone is an environment of one generator and nothing else.
func alone() map[string]string {
	files := layered()
	files["env/kustomization.yaml"] = "generators: [registry]\n"
	return files
}

// both builds env directly, if that can be, and with all of kustomize.
func both(t testing.TB, dir string, gen Generator) (built Built, err error) {
	t.Helper()
	Begin() // each is a command of its own
	dir = filepath.Join(dir, "env")
	built, err = Allow{}.Build(dir, gen)
	want, werr := Allow{}.whole(dir, gen)
	if !bytes.Equal(built.Text, want) || (err == nil) != (werr == nil) || err != nil && err.Error() != werr.Error() {
		t.Errorf("%v\n%s\nkustomize: %v\n%s", err, built.Text, werr, want)
	}
	return built, err
}

func parsed(text string) Generator {
	return func(Request) ([]object.Object, error) { return object.Parse("made", []byte(text)) }
}

// What kustomizations leave kustomize out, and that it makes no difference.
func TestDirect(t *testing.T) {
	inline := "generators:\n- |\n  apiVersion: reggen.dev/v1alpha1\n  kind: Registry\n  metadata: {name: r, namespace: registry}\n"
	second := "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: second, namespace: n}\n"
	for name, c := range map[string]struct {
		direct bool
		files  map[string]string // "" deletes one
	}{
		"a folder":              {true, nil},
		"with its head":         {true, map[string]string{"env/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\ngenerators: [registry]\n"}},
		"a folder further away": {true, map[string]string{"env/kustomization.yaml": "generators: [../other]\n", "other/kustomization.yaml": "resources: [../env/registry]\n"}},
		"a file":                {true, map[string]string{"env/kustomization.yaml": "generators: [one.yaml]\n", "env/one.yaml": second}},
		"a local-config":        {true, map[string]string{"env/kustomization.yaml": "generators: [one.yaml]\n", "env/one.yaml": "metadata: {name: a, annotations: {config.kubernetes.io/local-config: 'true'}}\napiVersion: reggen.dev/v1alpha1\nkind: Registry\n"}},

		"inline":                       {false, map[string]string{"env/kustomization.yaml": inline}},
		"a file outside":               {false, map[string]string{"env/kustomization.yaml": "generators: [../one.yaml]\n", "one.yaml": second}},
		"a prefix":                     {false, map[string]string{"env/kustomization.yaml": "generators: [registry]\nnamePrefix: a-\n"}},
		"resources":                    {false, map[string]string{"env/kustomization.yaml": "generators: [registry]\nresources: []\n"}},
		"an order":                     {false, map[string]string{"env/kustomization.yaml": "generators: [registry]\nsortOptions: {order: fifo}\n"}},
		"build metadata":               {false, map[string]string{"env/kustomization.yaml": "generators: [registry]\nbuildMetadata: [managedByLabel, originAnnotations]\n"}},
		"two generators":               {false, map[string]string{"env/kustomization.yaml": "generators: [registry, one.yaml]\n", "env/one.yaml": second}},
		"two specs":                    {false, map[string]string{"env/registry/kustomization.yaml": "resources: [../../base, second.yaml]\n", "env/registry/second.yaml": second}},
		"something beside the spec":    {false, map[string]string{"env/registry/kustomization.yaml": "resources: [../../base, map.yaml]\n", "env/registry/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"}},
		"another version":              {false, map[string]string{"env/registry/kustomization.yaml": "resources: [one.yaml]\n", "env/registry/one.yaml": "apiVersion: reggen.dev/v9\nkind: Registry\nmetadata: {name: r}\n"}},
		"a generator of generators":    {false, map[string]string{"env/registry/kustomization.yaml": "resources: [../../base]\ngenerators: [second.yaml]\n", "env/registry/second.yaml": second}},
		"two kustomization files":      {false, map[string]string{"env/kustomization.yml": "generators: [registry]\n"}},
		"another kind":                 {false, map[string]string{"env/kustomization.yaml": "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\ngenerators: [registry]\n"}},
		"a wrong kind":                 {false, map[string]string{"env/kustomization.yaml": "kind: Kustomisation\ngenerators: [registry]\n"}},
		"an unknown field":             {false, map[string]string{"env/kustomization.yaml": "generator: [registry]\ngenerators: [registry]\n"}},
		"a field twice":                {false, map[string]string{"env/kustomization.yaml": "generators: [registry]\ngenerators: [registry]\n"}},
		"two documents":                {false, map[string]string{"env/kustomization.yaml": "generators: [registry]\n---\nnamePrefix: a-\n"}},
		"no entry":                     {false, map[string]string{"env/kustomization.yaml": "generators: []\n"}},
		"a schema of one's own":        {false, map[string]string{"env/registry/kustomization.yaml": "resources: [../../base]\nopenapi: {version: v1.20.4}\n"}},
		"nothing there":                {false, map[string]string{"env/kustomization.yaml": "generators: [nothing]\n"}},
		"something remote":             {false, map[string]string{"env/kustomization.yaml": "generators: ['https://127.0.0.1:1/x.yaml']\n"}},
		"a broken layer":               {false, map[string]string{"env/registry/patch.yaml": "a: b\n"}},
		"a cycle":                      {false, map[string]string{"env/registry/kustomization.yaml": "resources: [..]\n"}},
		"a function's annotation":      {false, map[string]string{"env/registry/kustomization.yaml": "resources: [../../base]\ncommonAnnotations: {config.kubernetes.io/function: 'exec: {path: reggen}'}\n"}},
		"a patch that removes the lot": {false, map[string]string{"env/registry/patch.yaml": "$patch: delete\napiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r, namespace: registry}\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := alone()
			maps.Copy(files, c.files)
			dir := tree(t, files)
			var calls []string
			built, err := both(t, dir, func(r Request) ([]object.Object, error) {
				calls = append(calls, string(r.Config))
				name := fmt.Sprint("made-", strings.Contains(string(r.Config), "name: second"))
				return object.Parse("made", []byte(strings.ReplaceAll(made, "name: made", "name: "+name)))
			})
			if err == nil && built.Untouched != c.direct || err != nil && c.direct {
				t.Errorf("direct: %v (%v)", built.Untouched, err)
			}
			registries := map[string]int{"two generators": 2, "two specs": 2, "no entry": 0, "a patch that removes the lot": 0}
			want, ok := registries[name]
			if !ok {
				want = 1
			}
			if err == nil && len(calls) != 2*want { // once each way
				t.Errorf("the generator was called %d times", len(calls))
			}
		})
	}
}

// What objects leave kustomize out, and that it makes no difference.
func TestDirectObjects(t *testing.T) {
	object := func(meta string) string { return "apiVersion: v1\nkind: ConfigMap\nmetadata: " + meta + "\n" }
	for name, c := range map[string]struct {
		direct bool
		text   string
	}{
		"annotations":           {true, object("{name: a, annotations: {argocd.argoproj.io/sync-options: Prune=false, kustomize.toolkit.fluxcd.io/prune: disabled}}")},
		"labels":                {true, object("{name: a, labels: {}}")},
		"null":                  {true, object("{name: a}") + "data: null\nspec: {a: null, b: [], c: {}, d: [null, {}], e: '', f: 1.5, g: 100000000000000000000, h: true}\n"},
		"one name, two kinds":   {true, object("{name: a}") + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"},
		"one name, two spaces":  {true, object("{name: a, namespace: x}") + "---\n" + object("{name: a, namespace: z}")},
		"empty annotations":     {false, object("{name: a, annotations: {}}")},
		"annotations of null":   {false, object("{name: a, annotations: }")},
		"a hash asked for":      {false, object("{name: a, annotations: {kustomize.config.k8s.io/needs-hash: 'true'}}")},
		"local configuration":   {false, object("{name: a, annotations: {config.kubernetes.io/local-config: 'true'}}") + "---\n" + object("{name: b}")},
		"an origin":             {false, object("{name: a, annotations: {config.kubernetes.io/origin: x}}")},
		"internal":              {false, object("{name: a, annotations: {internal.config.kubernetes.io/index: '1'}}")},
		"twice":                 {false, object("{name: a}") + "---\n" + object("{name: a}")},
		"twice, one by default": {false, object("{name: a}") + "---\n" + object("{name: a, namespace: default}")},
	} {
		t.Run(name, func(t *testing.T) {
			built, err := both(t, tree(t, alone()), parsed(c.text))
			if err == nil && built.Untouched != c.direct || err != nil && c.direct {
				t.Errorf("direct: %v (%v)", built.Untouched, err)
			}
		})
	}
}

// A list is kustomize's to take apart.
func TestDirectList(t *testing.T) {
	inside := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "a"}}
	built, err := both(t, tree(t, alone()), func(Request) ([]object.Object, error) {
		return []object.Object{{"apiVersion": "v1", "kind": "List", "metadata": map[string]any{"name": "l"}, "items": []any{inside}}}, nil
	})
	if err != nil || built.Untouched {
		t.Errorf("direct: %v (%v)", built.Untouched, err)
	}
}

// TestDirectOrder builds objects of every kind in a random order.
func TestDirectOrder(t *testing.T) {
	kinds := []string{"v1 Namespace", "v1 ResourceQuota", "v1 ServiceAccount", "v1 ConfigMap", "v1 Secret", "v1 Service", "v1 PersistentVolumeClaim", "v1 Pod",
		"apps/v1 Deployment", "apps/v1 StatefulSet", "batch/v1 CronJob", "batch/v1 Job", "policy/v1 PodDisruptionBudget", "autoscaling/v2 HorizontalPodAutoscaler", "autoscaling/v1 HorizontalPodAutoscaler",
		"networking.k8s.io/v1 Ingress", "networking.k8s.io/v1 NetworkPolicy", "gateway.networking.k8s.io/v1 HTTPRoute", "monitoring.coreos.com/v1 ServiceMonitor",
		"rbac.authorization.k8s.io/v1 Role", "rbac.authorization.k8s.io/v1 ClusterRole", "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
		"admissionregistration.k8s.io/v1 MutatingWebhookConfiguration", "example.com/v1 Secret", "example.com/v1 Thing", "example.com/v1beta1 Thing", "a/v1 Ingress"}
	names := []string{"a", "a-b", "a.b", "b", "ab", "a1", "a10", "a9", "registry", "~"}
	spaces := []string{"", "a", "a-b", "ab", "b", "default"}
	r := rand.New(rand.NewPCG(3, 4))
	dir, direct := tree(t, alone()), 0
	for range 150 {
		var objects []object.Object
		for range 1 + r.IntN(40) {
			var version, kind string
			if _, err := fmt.Sscan(kinds[r.IntN(len(kinds))], &version, &kind); err != nil {
				t.Fatal(err)
			}
			meta := map[string]any{"name": names[r.IntN(len(names))]}
			if ns := spaces[r.IntN(len(spaces))]; ns != "" && kind != "Namespace" {
				meta["namespace"] = ns
			}
			objects = append(objects, object.Object{"apiVersion": version, "kind": kind, "metadata": meta})
		}
		built, err := both(t, dir, func(Request) ([]object.Object, error) { return objects, nil })
		if err == nil && built.Untouched {
			direct++
		}
	}
	if direct < 50 {
		t.Errorf("only %d lists of objects were built directly", direct)
	}
}

// A folder behind a link is the one that the generator is told of.
func TestDirectThroughALink(t *testing.T) {
	needs.Unix(t, needs.Links)
	dir := tree(t, alone())
	if err := os.Rename(filepath.Join(dir, "env"), filepath.Join(dir, "real")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "env")); err != nil {
		t.Fatal(err)
	}
	var roots []string
	built, err := both(t, dir, func(r Request) ([]object.Object, error) {
		roots = append(roots, r.Root)
		return object.Parse("made", []byte(made))
	})
	if err != nil || !built.Untouched || len(roots) != 2 || roots[0] != filepath.Join(dir, "real") || roots[1] != roots[0] {
		t.Errorf("%v %v %v", built.Untouched, roots, err)
	}
}

// Texts that YAML could take for something else come out alike.
func FuzzDirectTexts(f *testing.F) {
	for _, s := range []string{"", "~", "null", "y", "on", "TRUE", "0755", "0o14", "0x1F", "0b11", "1_000", "1:30:45", "1e3", "+12e03", "-0", ".5", "5.", ".inf", ".NaN", "=", "<<",
		"2001-12-14t21:59:43.10-05:00", "- a", "a: b", "a #b", "#", "@x", "`x`", "%YAML", "!x", "&x", "*x", "|", ">", "? a", "---", "...", "{{ }}", "$2y$10$", "'", "\"", "\\",
		" a", "a ", "\ta", "a\t", "\n", "a\n", "a\n\nb\n\n", "a\r\nb", "\u0085", "\u2028", "\ufeff", "é", "😀", "\x00", "\x7f", strings.Repeat("long words ", 20), strings.Repeat("x", 2000)} {
		f.Add(s)
	}
	dir := tree(f, alone())
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("no text: YAML can't hold it")
		}
		data := map[string]any{"text": text, "list": []any{text, map[string]any{text: text}}}
		data["k"+text] = text
		built, err := both(t, dir, func(Request) ([]object.Object, error) {
			return []object.Object{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "a", "annotations": map[string]any{"a/b": text}}, "data": data}}, nil
		})
		if err == nil && !built.Untouched && !strings.Contains(text, "<<") && !strings.Contains(text, "\t") && !strings.Contains(text, `\t`) {
			t.Error("went through kustomize")
		}
	})
}
