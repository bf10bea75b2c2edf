package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	omitPlugin  = "deploy/argocd/plugin"
	plainPlugin = "deploy/argocd/plugin-plain"
)

// The plugin's manifests are those of reggen build, and the repository that
// they came from is as it was.
func TestArgoCDPlugin(t *testing.T) {
	p := examples(t)
	clusterWide := map[any]bool{}
	for _, o := range deployed(t, "deploy/argocd/apps") {
		list, _ := at(o, "spec", "clusterResourceWhitelist").([]any)
		for _, allowed := range list {
			clusterWide[at(allowed, "kind")] = true
		}
	}
	for _, name := range []string{"dev", "staging", "prod"} {
		a := application{name: "registry-" + name, namespace: "registry", path: "overlays/" + name}
		for _, c := range []struct{ component, secrets, key string }{
			{omitPlugin, "omit", ""}, {plainPlugin, "plain", demoKey(name)},
		} {
			s := sidecar(t, c.component, c.key)
			r := s.generate(p.dir, a)
			if r.err != nil {
				t.Fatalf("%s, %s: %v", name, c.secrets, r.err)
			}
			q := p
			if c.key != "" {
				q = p.withKey(c.key)
			}
			same(t, name+", "+c.secrets, r.stdout, q.reggen("build", "--secrets", c.secrets, a.path))
			kinds := map[any]int{}
			for _, o := range r.objects {
				kinds[o["kind"]]++
				if at(o, "metadata", "namespace") == nil && !clusterWide[o["kind"]] {
					t.Errorf("%s: the AppProject does not allow the %v %s", name, o["kind"], nameOf(o))
				}
			}
			if kinds["Deployment"] != 1 || (kinds["Secret"] > 0) != (c.secrets == "plain") {
				t.Errorf("%s, %s: %v", name, c.secrets, kinds)
			}
		}
	}
}

// plugin.yaml is what Argo CD reads: strictly decoded in sidecar; with a name,
// a command, no shell in it, no discovery that would take over other
// applications, and no parameters.
func TestArgoCDPluginConfig(t *testing.T) {
	names := map[string]bool{}
	for _, component := range []string{omitPlugin, plainPlugin} {
		c := sidecar(t, component, "").config
		names[c.Metadata.Name] = true
		if c.Kind != "ConfigManagementPlugin" || c.APIVersion != "argoproj.io/v1alpha1" || len(c.Spec.Generate.Command) == 0 || c.Spec.Generate.Command[0] != "reggen" ||
			len(c.Spec.Generate.Args) > 0 || c.Spec.Discover.FileName != "" || c.Spec.Discover.Find.Glob != "" || len(c.Spec.Discover.Find.Command) > 0 ||
			len(c.Spec.Parameters) > 0 || len(c.Spec.Init.Command) > 0 || c.Spec.PreserveFileMode || c.Spec.ProvideGitCreds {
			t.Errorf("%s: %+v", component, c)
		}
	}
	if len(names) != 2 {
		t.Errorf("plugins of one name: %v", names)
	}
	// The ApplicationSet asks for one that there is.
	for _, o := range deployed(t, "deploy/argocd/apps") {
		if name, ok := at(o, "spec", "template", "spec", "source", "plugin", "name").(string); ok && !names[name] {
			t.Errorf("%s names the plugin %q", nameOf(o), name)
		}
	}
}

// What can go wrong ends with an error that says what, and with nothing on
// stdout: an empty success would make Argo CD prune the registry.
func TestArgoCDPluginMistakes(t *testing.T) {
	const dir = "overlays/staging/"
	edit := func(file, old, new string) func(*project) {
		return func(p *project) {
			text := string(p.read(file))
			if !strings.Contains(text, old) {
				p.t.Fatalf("%s does not hold %q", file, old)
			}
			p.write(file, strings.Replace(text, old, new, 1))
		}
	}
	stale := func(p *project) {
		people := p.withKey(demoKey("people"))
		people.ok("", tool("reggen"), "credential", "set", "alice", "--dir", dir, "--field", "password", "--generate")
	}
	var values []string // that no error may hold
	for _, data := range examples(t).withKey(demoKey("staging")).payloads(dir) {
		for _, value := range data {
			values = append(values, value)
		}
	}
	if len(values) < 5 {
		t.Fatalf("only %d values", len(values))
	}
	for name, c := range map[string]struct {
		component string
		spoil     func(*project)
		path      string
		want      string
	}{
		"no objects": {omitPlugin, func(p *project) { p.write(dir+"kustomization.yaml", "resources: []\n") }, dir, "the build has no objects"},
		"no objects left": {omitPlugin, func(p *project) {
			p.write("empty/kustomization.yaml", "resources: [none]\n")
			p.write("empty/none/kustomization.yaml", "namePrefix: a-\n")
		}, "empty", ""},
		"no kustomization":        {omitPlugin, func(p *project) { p.write("elsewhere/README.md", "") }, "elsewhere", "no kustomization.yaml here"},
		"a typo":                  {omitPlugin, edit(dir+"registry/registry.yaml", "bucket:", "buckett:"), dir, `did you mean "bucket"`},
		"stale, without Secrets":  {omitPlugin, stale, dir, "reggen seal"},
		"stale, with Secrets":     {plainPlugin, stale, dir, "is stale"},
		"a sealed file is gone":   {plainPlugin, func(p *project) { must(p.t, os.Remove(filepath.Join(p.dir, dir, "sealed/regcred.yaml"))) }, dir, "is missing"},
		"a sealed file is edited": {plainPlugin, edit(dir+"sealed/docker-registry-s3.yaml", "ENC[AES256_GCM,data:", "ENC[AES256_GCM,data:AAAA"), dir, "was changed after reggen sealed it"},
		"kustomize fails on what it was given": {plainPlugin, func(p *project) {
			p.write(dir+"kustomization.yaml", "generators: [registry]\nreplacements:\n- source: {kind: Secret, name: docker-registry-s3, fieldPath: data}\n  targets: [{select: {kind: Service}, fieldPaths: [spec.none.at.all]}]\n")
		}, dir, "unable to find field"},
		"another cluster's key": {plainPlugin, nil, "overlays/prod", "no key at hand opens it"},
		"a file of the sidecar": {plainPlugin, func(p *project) {
			p.write(dir+"kustomization.yaml", "generators: [registry]\nconfigMapGenerator:\n- name: loot\n  files: ["+demoKey("staging")+"]\n")
		}, dir, ""},
		"a link to the sidecar's key": {plainPlugin, func(p *project) {
			must(p.t, os.Symlink(demoKey("staging"), filepath.Join(p.dir, dir, "loot")))
			p.write(dir+"kustomization.yaml", "generators: [registry]\nconfigMapGenerator:\n- name: loot\n  files: [loot]\n")
		}, dir, ""},
		"an application path outside": {omitPlugin, nil, "../../..", "illegal appPath"},
	} {
		t.Run(name, func(t *testing.T) {
			p := examples(t)
			if c.spoil != nil {
				c.spoil(p)
			}
			r := sidecar(t, c.component, demoKey("staging")).generate(p.dir, application{name: "registry", namespace: "registry", path: c.path})
			if r.err == nil || len(r.stdout) > 0 {
				t.Fatalf("no error, and %d bytes on stdout", len(r.stdout))
			}
			if !strings.Contains(r.err.Error(), c.want) {
				t.Errorf("the UI shows:\n%v\nwhich does not say %q", r.err, c.want)
			}
			key, err := os.ReadFile(demoKey("staging"))
			must(t, err)
			_, secret, _ := strings.Cut(string(key), "AGE-SECRET-KEY-")
			for _, value := range append(values, strings.TrimSpace(secret)) {
				if strings.Contains(r.err.Error(), value) {
					t.Error("a secret is in what the UI shows")
				}
			}
		})
	}
}

// A program that a repository brings is not run. kustomize leaves such a
// generator out in silence, and so does this build.
func TestArgoCDPluginRunsNoProgram(t *testing.T) {
	p := examples(t)
	s := sidecar(t, omitPlugin, "")
	a := application{name: "registry", namespace: "registry", path: "overlays/staging"}
	want := s.generate(p.dir, a)
	pwned := filepath.Join(t.TempDir(), "pwned")
	p.write("overlays/staging/evil.sh", "#!/bin/sh\ntouch "+pwned+"\n")
	must(t, os.Chmod(filepath.Join(p.dir, "overlays/staging/evil.sh"), 0o755))
	p.write("overlays/staging/gen.yaml", "apiVersion: example.com/v1\nkind: Gen\nmetadata:\n  name: gen\n  annotations:\n    config.kubernetes.io/function: 'exec: {path: ./evil.sh}'\n")
	p.write("overlays/staging/kustomization.yaml", "generators: [registry, gen.yaml]\n")
	r := s.generate(p.dir, a)
	if _, err := os.Stat(pwned); err == nil {
		t.Error("the program of the repository ran")
	}
	if r.err == nil && !bytes.Equal(r.stdout, want.stdout) {
		t.Error("it changed what is built")
	}
}

// No value that an application's author sets changes what is built.
func TestArgoCDPluginTrustsNoParameter(t *testing.T) {
	p := examples(t)
	evil := []string{
		"$(touch pwned)", "`touch pwned`", "; touch pwned #", "--secrets plain", "plain", "--secrets=plain", "\n--stale\nwarn", "../../../etc/passwd",
		"{{ .Values }}", strings.Repeat("A", 10_000), "%s%n", "\x1b[2J",
	}
	for _, component := range []string{omitPlugin, plainPlugin} {
		s := sidecar(t, component, demoKey("staging"))
		want := s.generate(p.dir, application{name: "registry-staging", namespace: "registry", path: "overlays/staging"})
		if want.err != nil {
			t.Fatal(want.err)
		}
		for _, v := range evil {
			a := application{name: v, namespace: v, path: "overlays/staging"}
			for _, name := range []string{"REGGEN_SECRETS", "REGGEN_STALE", "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "KUSTOMIZE_PLUGIN_HOME", "KUSTOMIZE_PLUGIN_CONFIG_ROOT", "PATH", "HOME", "LD_PRELOAD"} {
				a.env = append(a.env, [2]string{name, v})
			}
			a.parameters = []parameter{
				{Name: "secrets", String: &v}, {Name: v, String: &v}, {Name: "--secrets", Array: []string{v, "plain"}}, {Name: "reggen", Map: map[string]string{"secrets": v, v: v}},
			}
			r := s.generate(p.dir, a)
			if r.err != nil || !bytes.Equal(r.stdout, want.stdout) || !reflect.DeepEqual(r.objects, want.objects) || r.stderr != want.stderr {
				t.Errorf("%s: %.40q changed something: %v", component, v, r.err)
			}
		}
	}
}

// A build that hangs is ended at the deadline; half of an output never counts.
func TestArgoCDPluginDeadline(t *testing.T) {
	p := examples(t)
	key := filepath.Join(t.TempDir(), "slow.agekey")
	must(t, syscall.Mkfifo(key, 0o600)) // nobody writes to it: reading it never ends
	s := sidecar(t, plainPlugin, key)
	s.deadline = 2 * time.Second
	began := time.Now()
	r := s.generate(p.dir, application{name: "registry", namespace: "registry", path: "overlays/staging"})
	if took := time.Since(began); r.err == nil || len(r.stdout) > 0 || took < s.deadline || took > s.deadline+4*time.Second {
		t.Errorf("after %v: %d bytes on stdout, error %v", took, len(r.stdout), r.err)
	}
}

// The other way, without a sidecar: the plugin that the init container installs,
// under the kustomize of repo-server with the options and the environment that
// the component sets.
func TestArgoCDBuildOptions(t *testing.T) {
	p := examples(t)
	home := t.TempDir()
	moved := func(s string) string { return strings.ReplaceAll(s, "/kustomize-plugins", home) }
	var options string
	for _, o := range deployed(t, "deploy/argocd/build-options") {
		if o["kind"] == "ConfigMap" {
			options = at(o, "data", "kustomize.buildOptions").(string)
			continue
		}
		for _, c := range at(o, "spec", "template", "spec", "initContainers").([]any) {
			if c := c.(map[string]any); c["name"] == "reggen" {
				var words []string
				for _, w := range c["command"].([]any) {
					words = append(words, moved(w.(string)))
				}
				p.ok("", tool(words[0]), words[1:]...)
			}
		}
		for _, c := range at(o, "spec", "template", "spec", "containers").([]any) {
			for _, e := range at(c, "env").([]any) {
				e := e.(map[string]any)
				if v, ok := e["value"].(string); ok && c.(map[string]any)["name"] == "argocd-repo-server" {
					p.env = append(p.env, e["name"].(string)+"="+moved(v))
				}
			}
		}
	}
	for _, name := range []string{"dev", "staging", "prod"} {
		dir := "overlays/" + name
		out := p.ok("", tool("kustomize"), append([]string{"build", dir}, strings.Fields(options)...)...)
		same(t, "repo-server's kustomize, "+name, out, p.reggen("build", "--secrets", "omit", dir))
		if bytes.Contains(out, []byte("kind: Secret\n")) {
			t.Errorf("%s: Argo CD would apply encrypted Secrets", name)
		}
	}
}
