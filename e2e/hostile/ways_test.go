package hostile

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// plugin puts the program where kustomize looks for it.
func (r *repository) plugin() {
	dir := filepath.Join(r.home, ".config", "kustomize", "plugin", "reggen.dev", "v1alpha1", "registry")
	must(r.t, os.MkdirAll(dir, 0o755))
	must(r.t, os.Symlink(reggen, filepath.Join(dir, "Registry")))
}

// config is the good repository's spec, merged.
func config(t *testing.T) string {
	t.Helper()
	var merged map[string]any
	for _, path := range []string{"bases/registry/registry.yaml", "overlays/prod/registry/registry.yaml"} {
		text, err := os.ReadFile(filepath.Join(master, path))
		must(t, err)
		var layer map[string]any
		must(t, yaml.Unmarshal(text, &layer))
		merged = merge(merged, layer)
	}
	text, err := yaml.Marshal(merged)
	must(t, err)
	return string(text)
}

func merge(under, over map[string]any) map[string]any {
	out := maps.Clone(under)
	if out == nil {
		out = map[string]any{}
	}
	for key, value := range over {
		below, both := out[key].(map[string]any)
		if above, is := value.(map[string]any); is && both {
			value = merge(below, above)
		}
		out[key] = value
	}
	return out
}

// resourceList is a call as a KRM function, with the environment's sealed files
// as items: what is in one that the attack has replaced goes in as it is.
func (r *repository) resourceList() string {
	items := ""
	paths, err := filepath.Glob(filepath.Join(r.dir, "overlays/prod/sealed/*.yaml"))
	must(r.t, err)
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := os.ReadFile(path)
		must(r.t, err)
		items += "\n- " + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n  ")
	}
	return "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:" + items + "\nfunctionConfig:" + strings.ReplaceAll("\n"+config(r.t), "\n", "\n  ") + "\n"
}

// way is a way in beside the command line.
type way struct {
	name  string
	env   []string
	stdin string
	argv  []string
}

// ways are reggen as kustomize's plugin, called as kustomize calls it, and as a
// function. Each opens sealed files when it is asked for secrets in the clear.
func (r *repository) ways() []way {
	file := filepath.Join(r.tmp, "config.yaml")
	must(r.t, os.WriteFile(file, []byte(config(r.t)), 0o600))
	root := filepath.Join(r.dir, "overlays/prod")
	return []way{
		{"as a plugin", []string{"KUSTOMIZE_PLUGIN_CONFIG_ROOT=" + root}, "", []string{reggen, file}},
		{"as a plugin, in the clear", []string{"KUSTOMIZE_PLUGIN_CONFIG_ROOT=" + root, "REGGEN_SECRETS=plain"}, "", []string{reggen, file}},
		{"as a function", nil, r.resourceList(), []string{reggen}},
		{"as a function, in the clear", []string{"REGGEN_SECRETS=plain"}, r.resourceList(), []string{reggen}},
	}
}

// may is what a way may touch, which is called by its name.
func (w way) may() touches {
	clear := strings.Contains(w.name, "in the clear")
	args := w.name
	if clear {
		args += " --secrets plain"
	}
	return touches{args: args, key: clear}
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
	for _, way := range r.ways() {
		r.env = way.env
		out = r.traced(way.name, way.stdin, way.argv...)
		out.within(t, way.may())
		if out.code != 0 || !strings.Contains(out.stdout, "kind: Deployment") {
			t.Errorf("%s: exit status %d\n%s", way.name, out.code, out.stderr)
		}
	}
}

// inMany is an attack on as many environments as say so, of 14 copies of the
// good one: enough for workers.
func inMany(t *testing.T, a attack, hostile int) attack {
	t.Helper()
	out := with(a)
	for i := range 14 {
		name := fmt.Sprintf("overlays/e%02d", i)
		must(t, filepath.WalkDir(filepath.Join(master, "overlays/prod"), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			rel, _ := filepath.Rel(filepath.Join(master, "overlays/prod"), path)
			text, err := os.ReadFile(path)
			out[name+"/"+rel] = string(text)
			return err
		}))
		for path, text := range a {
			if rest, is := strings.CutPrefix(path, "overlays/prod"); is {
				delete(out, path)
				if i < hostile {
					out[name+rest] = text
				}
			}
		}
	}
	return out
}

// Workers build many environments: all of them are hostile, so that each way of
// being so is met in a worker as in the process itself, or one, which keeps none
// of the others from being written.
func TestWorkers(t *testing.T) {
	url, asked := listener(t)
	for _, rows := range []map[string]row{programs(), remote(url), secrets()} {
		for name, row := range rows {
			r := newRepository(t, inMany(t, row.attack, 14))
			out := r.reggen("render -o rendered")
			out.within(t, touches{programs: []string{"reggen"}, writes: []string{"rendered"}})
			if asked.Swap(0) > 0 || r.has("home/stolen") || slices.Contains(row.fails, "render") && out.code == 0 {
				t.Errorf("%s: exit status %d\n%.1500s", name, out.code, out.stderr)
			}
			// What a spec is made of is read before anything is built.
			if !strings.Contains(out.trace, `"worker"`) && !strings.HasSuffix(name, "in the spec's layer") {
				t.Errorf("%s: no worker was started", name)
			}
			if row.says != "" && !strings.Contains(out.stderr, row.says) {
				t.Errorf("%s: does not say %q\n%.1500s", name, row.says, out.stderr)
			}
		}
	}
	for _, name := range []string{"helm in the overlay", "a container transforms", "a generator with a plugin"} {
		r := newRepository(t, inMany(t, programs()[name].attack, 1))
		out := r.reggen("render -o rendered")
		written, err := filepath.Glob(filepath.Join(r.dir, "rendered/overlays/e*/kustomization.yaml"))
		must(t, err)
		if out.code == 0 || len(written) != 13 {
			t.Errorf("%s: exit status %d, %d of 14 environments are written\n%.1500s", name, out.code, len(written), out.stderr)
		}
	}
}
