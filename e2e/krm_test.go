package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// function is a ResourceList as kpt writes one for a package: the Registry as
// the function's configuration and the package's files as items.
func (p *project) function(dir string, folders ...string) string {
	p.t.Helper()
	var registry map[string]any
	must(p.t, yaml.Unmarshal(p.ok("", tool("kustomize"), "build", dir+"/registry"), &registry))
	var items []any
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(p.dir, dir, folder, "*.yaml"))
		must(p.t, err)
		for _, f := range found {
			text, err := os.ReadFile(f)
			must(p.t, err)
			var o map[string]any
			must(p.t, yaml.Unmarshal(text, &o))
			annotations := o["metadata"].(map[string]any)["annotations"].(map[string]any)
			for _, prefix := range []string{"", "internal."} {
				annotations[prefix+"config.kubernetes.io/path"] = folder + "/" + filepath.Base(f)
				annotations[prefix+"config.kubernetes.io/index"] = "0"
			}
			items = append(items, o)
		}
	}
	return toYAML(p.t, map[string]any{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items, "functionConfig": registry})
}

// A function in a container has no files: credentials and sealed Secrets come
// as items, what is made is what a build makes, and it is stale when they are.
func TestFunctionWithoutFiles(t *testing.T) {
	p := examples(t)
	list := p.function("overlays/staging", "credentials", "sealed")
	empty := bare(t)
	made := func(list string) (map[string]map[string]any, result) {
		r := empty.run(list, tool("reggen"))
		var out struct{ Items []map[string]any }
		must(t, yaml.Unmarshal(r.stdout, &out))
		objects := map[string]map[string]any{}
		for _, o := range out.Items {
			if o["kind"] != "RegistryCredential" {
				objects[o["kind"].(string)+" "+nameOf(o)] = o
			}
		}
		return objects, r
	}
	got, r := made(list)
	if r.code != 0 {
		t.Fatalf("exit status %d\n%s", r.code, r.stderr)
	}
	_, want := documents(t, p.reggen("build", "overlays/staging"))
	if len(got) != len(want) {
		t.Errorf("%d objects, not %d", len(got), len(want))
	}
	for _, o := range want {
		if name := o["kind"].(string) + " " + nameOf(o); toYAML(t, got[name]) != toYAML(t, o) {
			t.Errorf("%s is another", name)
		}
	}
	must(t, os.Remove(filepath.Join(p.dir, "overlays/staging/credentials/bob.enc.yaml")))
	if _, r := made(p.function("overlays/staging", "credentials", "sealed")); r.code == 0 || !bytes.Contains(r.stderr, []byte("is stale")) || len(r.stdout) > 0 {
		t.Errorf("a user less: exit status %d\n%s", r.code, r.stderr)
	}
	// Without credentials the records say what they need, but not whether they
	// are stale; a registry that lost its users would be open to all.
	got, r = made(p.function("overlays/staging", "sealed"))
	if r.code != 0 || !bytes.Contains(r.stderr, []byte("whether the sealed Secrets among the items are stale can't be told")) {
		t.Fatalf("sealed items alone: exit status %d\n%s", r.code, r.stderr)
	}
	for _, o := range want {
		if name := o["kind"].(string) + " " + nameOf(o); toYAML(t, got[name]) != toYAML(t, o) {
			t.Errorf("%s is another without credentials", name)
		}
	}
	must(t, os.Remove(filepath.Join(p.dir, "overlays/staging/sealed/docker-registry-htpasswd.yaml")))
	if _, r := made(p.function("overlays/staging", "sealed")); r.code == 0 || len(r.stdout) > 0 || !bytes.Contains(r.stderr, []byte("no sealed Secret among the items holds the users of the Registry registry/docker-registry")) {
		t.Errorf("without the users: exit status %d\n%s", r.code, r.stderr)
	}
	if _, r := made(p.function("overlays/staging", "credentials")); r.code == 0 || !bytes.Contains(r.stderr, []byte("is missing: the sealed file")) {
		t.Errorf("no sealed items: exit status %d\n%s", r.code, r.stderr)
	}
}

// The same by kpt itself, where there is one.
func TestKpt(t *testing.T) {
	kpt, err := exec.LookPath("kpt")
	if err != nil {
		t.Skip("no kpt on this machine; TestFunctionWithoutFiles gives the function what kpt gives it")
	}
	p := examples(t)
	p.env = append(p.env, "PATH="+filepath.Dir(system(t, "git", "apt-get install -y --no-install-recommends git"))) // kpt asks for it
	list := p.ok("", tool("kustomize"), "build", "overlays/staging/registry")
	p.write("registry.yaml", string(list))
	for _, name := range []string{"credentials", "sealed"} {
		copyTree(t, filepath.Join(p.dir, "overlays/staging", name), filepath.Join(p.dir, "package", name))
	}
	p.write("package/Kptfile", "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: registry\n")
	before := tree(t, filepath.Join(p.dir, "package"))
	r := p.run("", kpt, "fn", "eval", "package", "--exec", tool("reggen"), "--fn-config", "registry.yaml", "-o", "unwrap", "--truncate-output=false")
	if r.code != 0 {
		t.Fatalf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	for _, want := range []string{"kind: Deployment", "kind: Ingress", "name: docker-registry-htpasswd", "name: regcred"} {
		if !strings.Contains(string(r.stdout), want) {
			t.Errorf("no %q", want)
		}
	}
	if !alike(before, tree(t, filepath.Join(p.dir, "package"))) {
		t.Error("the package was changed")
	}
}
