package hostile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plugin puts the program where kustomize looks for it.
func (r *repository) plugin() {
	dir := filepath.Join(r.home, ".config", "kustomize", "plugin", "reggen.dev", "v1alpha1", "registry")
	must(r.t, os.MkdirAll(dir, 0o755))
	must(r.t, os.Symlink(reggen, filepath.Join(dir, "Registry")))
}

// resourceList is a call as a KRM function, with the repository's sealed files
// as items.
func (r *repository) resourceList() string {
	config := strings.ReplaceAll("\n"+r.read("bases/registry/registry.yaml"), "\n", "\n  ")
	items := ""
	for _, path := range []string{"overlays/prod/sealed/regcred.yaml", "overlays/prod/sealed/docker-registry-http.yaml"} {
		items += "\n- " + strings.ReplaceAll(strings.TrimSpace(r.read(path)), "\n", "\n  ")
	}
	return "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:" + items + "\nfunctionConfig:" + config + "\n"
}

// has says whether a file is there, beside the repository.
func (r *repository) has(path string) bool {
	_, err := os.Lstat(filepath.Join(filepath.Dir(r.dir), path))
	return err == nil
}

// changed are the files of the repository that are not as in the good one.
func (r *repository) changed() (out []string) {
	must(r.t, filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(r.dir, path)
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(rel, ".git/") {
			return err
		}
		text, err := os.ReadFile(path)
		if was, wasErr := os.ReadFile(filepath.Join(master, rel)); wasErr != nil || string(was) != string(text) {
			out = append(out, rel)
		}
		return err
	}))
	return out
}

// As a plugin under the real kustomize, and as a function, reggen itself starts
// nothing and asks nobody, whatever lies in the repository. (What kustomize does
// by itself, with --enable-alpha-plugins, is not reggen's to stop.)
func TestPluginAndFunction(t *testing.T) {
	r := newRepository(t, nil)
	r.plugin()
	out := r.traced("kustomize", "", bin+"/kustomize", "build", "--enable-alpha-plugins", "overlays/prod")
	if out.code != 0 || !strings.Contains(out.stdout, "kind: Deployment") {
		t.Fatalf("exit status %d\n%s", out.code, out.stderr)
	}
	out.within(t, touches{programs: []string{"Registry", "reggen"}, reads: []string{"."}, writes: []string{"$TMP"}})
	list := r.resourceList()
	out = r.traced("function", list, reggen)
	out.within(t, touches{})
}

// Workers build many environments: one of them is hostile, and each way of
// being so is met in a worker as in the process itself.
func TestWorkers(t *testing.T) {
	url, asked := listener(t)
	for name, kustomization := range map[string]string{
		"helm": "generators: [registry]\nhelmGlobals: {configHome: ../../evil}\nhelmCharts: [{name: x, repo: 'evil://h'}]\n", "remote": "generators: [registry]\nresources: ['" + url + "/x.yaml']\n",
		"a container": "generators: [registry]\ntransformers: [fn.yaml]\n",
	} {
		a := with(evilHelm)
		good := newRepository(t, nil)
		for i := range 14 {
			must(t, filepath.WalkDir(filepath.Join(good.dir, "overlays/prod"), func(path string, d fs.DirEntry, err error) error {
				if err != nil || !d.Type().IsRegular() {
					return err
				}
				rel, _ := filepath.Rel(filepath.Join(good.dir, "overlays/prod"), path)
				text, err := os.ReadFile(path)
				a[fmt.Sprintf("overlays/e%02d/%s", i, rel)] = string(text)
				return err
			}))
			a[fmt.Sprintf("overlays/e%02d/kustomization.yaml", i)] = header + kustomization
			a[fmt.Sprintf("overlays/e%02d/fn.yaml", i)] = fn
		}
		r := newRepository(t, a)
		out := r.reggen("render -o rendered")
		out.within(t, touches{programs: []string{"reggen"}, writes: []string{"rendered"}})
		if out.code == 0 || strings.Count(out.stderr, "--allow-") == 0 || asked.Swap(0) > 0 || r.has("home/stolen") {
			t.Errorf("%s: exit status %d\n%.1500s", name, out.code, out.stderr)
		}
		if !strings.Contains(out.trace, `"worker"`) {
			t.Errorf("%s: no worker was started", name)
		}
	}
}
