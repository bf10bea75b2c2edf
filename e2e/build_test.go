package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// plugins installs reggen as kustomize's exec plugin and returns the
// environment entry that lets kustomize find it.
func plugins(t *testing.T, p *project) string {
	t.Helper()
	home := "KUSTOMIZE_PLUGIN_HOME=" + filepath.Join(t.TempDir(), "plugins")
	q := *p
	q.env = append(append([]string{}, p.env...), home)
	q.reggen("plugin", "install")
	return home
}

// Point 2 of "what it must show": the plugin under the real kustomize and
// reggen build with neither plugin nor PATH print the same bytes.
func TestKustomizeAndBuildAgree(t *testing.T) {
	p := examples(t)
	home := plugins(t, p)
	for _, name := range overlays(t) {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("overlays", name)
			want := kustomize(t, p, home, tool("kustomize"), "build", "--enable-alpha-plugins", dir)
			same(t, "reggen build", p.reggen("build", dir), want)
			kubectl, err := exec.LookPath("kubectl")
			if err != nil {
				t.Log("no kubectl on this machine: kubectl kustomize was not compared")
				return
			}
			same(t, "kubectl kustomize", kustomize(t, p, home, kubectl, "kustomize", "--enable-alpha-plugins", dir), want)
		})
	}
}

func kustomize(t *testing.T, p *project, home, program string, args ...string) []byte {
	t.Helper()
	q := *p
	q.t = t
	q.env = append(append([]string{}, p.env...), home)
	return q.ok("", program, args...)
}

// A layer of operations, as the guide has it, is built to the same bytes, and its
// mistakes are told with their lines.
func TestLayerOfOperations(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repo, "docs/guide/delivery.md"))
	must(t, err)
	_, layer, ok := strings.Cut(string(page), "```yaml\n")
	layer, _, closed := strings.Cut(layer, "```\n")
	if !ok || !closed {
		t.Fatal("the page has no YAML")
	}
	p := examples(t)
	home := plugins(t, p)
	want := p.reggen("build", "overlays/dev")
	const path = "overlays/dev/registry/kustomization.yaml"
	p.write(path, layer)
	must(t, os.Remove(filepath.Join(p.dir, "overlays/dev/registry/registry.yaml")))
	same(t, "reggen build", p.reggen("build", "overlays/dev"), want)
	same(t, "the plugin", kustomize(t, p, home, tool("kustomize"), "build", "--enable-alpha-plugins", "overlays/dev"), want)
	wrong := strings.Replace(layer, "/spec/replicas, value: 1}", "/spec/replicas, value: one}", 1)
	line := strings.Count(wrong[:strings.Index(wrong, "value: one")], "\n") + 1
	p.write(path, wrong)
	if r := p.run("", tool("reggen"), "build", "overlays/dev"); r.code == 0 || !bytes.Contains(r.stderr, fmt.Appendf(nil, "%s:%d:", path, line)) {
		t.Errorf("exit status %d of a mistake in line %d:\n%s", r.code, line, r.stderr)
	}
}

// A user's own overlay on top, with everything kustomize may do to objects.
func TestKustomizeAndBuildAgreeOnWhatOverlaysDo(t *testing.T) {
	p := examples(t)
	home := plugins(t, p)
	for name, kustomization := range map[string]string{
		"all": "namespace: elsewhere\nnamePrefix: pre-\nnameSuffix: -suf\nlabels:\n- pairs: {team: images}\n  includeTemplates: true\n" +
			"commonAnnotations: {note: \"0755\"}\nreplicas:\n- name: docker-registry\n  count: 3\n",
		"patches": "patches:\n- target: {kind: Deployment}\n  patch: |-\n    - {op: add, path: /spec/template/metadata/annotations/x, value: \"1e3\"}\n" +
			"- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: docker-registry, namespace: registry}\n    spec: {type: NodePort}\n",
		"build metadata": "buildMetadata: [originAnnotations, managedByLabel]\n",
		"sort options":   "sortOptions:\n  order: fifo\n",
		"config maps":    "configMapGenerator:\n- name: more\n  literals: [a=b]\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := "layers/" + strings.ReplaceAll(name, " ", "-")
			p.write(dir+"/kustomization.yaml", "resources:\n- ../../overlays/staging\n"+kustomization)
			want := kustomize(t, p, home, tool("kustomize"), "build", "--enable-alpha-plugins", dir)
			same(t, "reggen build", p.reggen("build", dir), want)
		})
	}
}

// The annotated spec: kustomize runs reggen as a KRM function. The fixture is
// its own because nobody is advised to do this: without --enable-exec
// kustomize drops such a generator silently.
func TestKRMFunction(t *testing.T) {
	p := examples(t)
	copyTree(t, filepath.Join("testdata", "krm"), filepath.Join(p.dir, "krm"))
	copyTree(t, filepath.Join(repo, "overlays", "staging", "credentials"), filepath.Join(p.dir, "krm", "credentials"))
	copyTree(t, filepath.Join(repo, "overlays", "staging", "sealed"), filepath.Join(p.dir, "krm", "sealed"))
	withReggen := *p
	withReggen.env = append(append([]string{}, p.env...), "PATH="+bin)
	got := withReggen.ok("", tool("kustomize"), "build", "--enable-alpha-plugins", "--enable-exec", "krm")

	// The annotation is no part of the result: the overlay without it gives
	// the same objects.
	same(t, "the KRM function", got, p.reggen("build", "overlays/staging"))
	same(t, "reggen build of the annotated spec", p.reggen("build", "krm"), got)

	t.Run("fails loudly", func(t *testing.T) {
		must(t, os.RemoveAll(filepath.Join(p.dir, "krm", "sealed")))
		r := withReggen.run("", tool("kustomize"), "build", "--enable-alpha-plugins", "--enable-exec", "krm")
		if r.code == 0 || len(r.stdout) > 0 || !bytes.Contains(r.stderr, []byte("reggen seal")) {
			t.Errorf("exit status %d, %d bytes on stdout, stderr:\n%s", r.code, len(r.stdout), r.stderr)
		}
	})
}

// As a transformer the function takes sealed Secrets that come as items, and
// what it makes replaces an object of the same name or is added.
func TestKRMTransformer(t *testing.T) {
	p := examples(t)
	copyTree(t, filepath.Join("testdata", "krm", "registry"), filepath.Join(p.dir, "krm", "registry"))
	copyTree(t, filepath.Join(repo, "overlays", "staging", "credentials"), filepath.Join(p.dir, "krm", "credentials"))
	copyTree(t, filepath.Join(repo, "overlays", "staging", "sealed"), filepath.Join(p.dir, "krm", "sealed"))
	p.write("krm/old.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: docker-registry, namespace: registry}\nspec: {type: NodePort, ports: [{port: 1}]}\n"+
		"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: bystander, namespace: registry}\ndata: {n: \"0755\"}\n")
	p.write("krm/kustomization.yaml", "resources: [old.yaml, sealed/docker-registry-htpasswd.yaml, sealed/docker-registry-http.yaml, sealed/docker-registry-s3.yaml, sealed/regcred.yaml]\ntransformers: [registry]\n")
	withReggen := *p
	withReggen.env = append(append([]string{}, p.env...), "PATH="+bin)
	got := withReggen.ok("", tool("kustomize"), "build", "--enable-alpha-plugins", "--enable-exec", "krm")

	wanted, _ := documents(t, p.reggen("build", "overlays/staging"))
	have, objects := documents(t, got)
	in := map[string]bool{}
	for _, doc := range have {
		in[string(doc)] = true
	}
	for _, doc := range wanted {
		if !in[string(doc)] {
			t.Errorf("missing or other than in the overlay:\n%.200s", doc)
		}
	}
	if len(have) != len(wanted)+1 || !bytes.Contains(got, []byte("name: bystander")) || bytes.Contains(got, []byte("reggen.dev/record")) {
		t.Errorf("%d objects, want the overlay's %d and the bystander, and no sealed file", len(objects), len(wanted))
	}
	same(t, "reggen build of the transformer", p.reggen("build", "krm"), got)

	// The same entry without the annotation: kustomize starts reggen as an exec
	// plugin, and every object that was there stays.
	p.write("krm/kustomization.yaml", "resources: [old.yaml, sealed/docker-registry-htpasswd.yaml, sealed/docker-registry-http.yaml, sealed/docker-registry-s3.yaml, sealed/regcred.yaml]\ntransformers: [../overlays/staging/registry]\n")
	got = kustomize(t, p, plugins(t, p), tool("kustomize"), "build", "--enable-alpha-plugins", "krm")
	if !bytes.Contains(got, []byte("name: bystander")) || bytes.Contains(got, []byte("NodePort")) {
		t.Errorf("the exec plugin as a transformer lost or kept the wrong object:\n%.300s", got)
	}
	same(t, "reggen build of the exec transformer", p.reggen("build", "krm"), got)

	// A namespace: of the kustomization reaches the sealed files among the items.
	p.write("krm/kustomization.yaml", string(p.read("krm/kustomization.yaml"))+"namespace: elsewhere\nlabels: [{pairs: {team: a}}]\n")
	moved := kustomize(t, p, plugins(t, p), tool("kustomize"), "build", "--enable-alpha-plugins", "krm")
	same(t, "reggen build of the moved transformer", p.reggen("build", "krm"), moved)
}

// A plugin that fails says why, and kustomize prints nothing.
func TestPluginFailsLoudly(t *testing.T) {
	p := examples(t)
	home := plugins(t, p)
	must(t, os.RemoveAll(filepath.Join(p.dir, "overlays/staging/sealed")))
	p.env = append(p.env, home)
	r := p.run("", tool("kustomize"), "build", "--enable-alpha-plugins", "overlays/staging")
	if r.code == 0 || len(r.stdout) > 0 || !bytes.Contains(r.stderr, []byte("reggen seal")) {
		t.Errorf("exit status %d, %d bytes on stdout, stderr:\n%s", r.code, len(r.stdout), r.stderr)
	}
}

func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s: line %d differs:\n got: %s\nwant: %s", what, i+1, g[i], w[i])
		}
	}
	t.Fatalf("%s: %d lines; expected %d", what, len(g), len(w))
}
