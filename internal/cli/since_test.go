package cli

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/repository"
)

// shared is a repository whose environments have a base, a component, a folder
// of credentials, rules and a chart in common, each some of it.
func shared(t *testing.T) *testEnv {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	e := newEnv(t, 4, 2)
	e.ok("seal", "overlays/e0", "overlays/e1", "overlays/e2", "overlays/e3")
	e.write("components/labels/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {team: a}}]\npatches: [{path: patch.yaml, target: {kind: Service}}]\n")
	e.write("components/labels/patch.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: any, annotations: {example.com/a: b}}\n")
	e.write("overlays/e1/kustomization.yaml", "generators: [registry]\ncomponents: [../../components/labels]\nconfigMapGenerator: [{name: more, files: [key=text.txt]}]\n")
	e.write("overlays/e1/text.txt", "a text\n")
	e.write("overlays/e2/registry/registry.yaml", e.read("overlays/e2/registry/registry.yaml")+"  secrets: {credentials: [credentials, ../../people]}\n")
	e.write("people/u0.enc.yaml", e.read("overlays/e2/credentials/u0.enc.yaml"))
	e.remove("overlays/e2/credentials/u0.enc.yaml")
	e.write(".sops.yaml", e.read(".sops.yaml")+"  - path_regex: ^people/[^/]+\\.yaml$\n    age: "+e.keys["people"]+"\n  - path_regex: ^overlays/app/\n    age: "+e.keys["people"]+"\n")
	e.write("charts/app/Chart.yaml", "apiVersion: v2\nname: app\nversion: 0.1.0\n")
	e.write("charts/app/values.yaml", "replicas: 1\n")
	e.write("charts/app/templates/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {replicas: \"{{ .Values.replicas }}\"}\n")
	e.write("overlays/app/kustomization.yaml", "generators: [app.yaml]\n")
	e.write("overlays/app/app.yaml", "apiVersion: reggen.dev/v1alpha1\nkind: Chart\nmetadata: {name: app, namespace: app}\nspec: {chart: {path: ../../charts/app}}\n")
	e.ok("seal", "overlays/app")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	return e
}

// Whatever is changed in a repository, each environment whose build or whose
// check is another one then is among those that are selected.
func TestChangedSinceMissesNothing(t *testing.T) {
	e := shared(t)
	envs := []string{"overlays/app", "overlays/e0", "overlays/e1", "overlays/e2", "overlays/e3"}
	outputs := func() map[string]string {
		all := map[string]string{}
		for _, env := range envs {
			build, errs, _ := e.runIn(1, "", "build", "--stale", "warn", env)
			report, more, _ := e.runIn(1, "", "check", "-o", "json", env)
			all[env] = build + errs + report + more
		}
		return all
	}
	before := outputs()
	reaches := map[string]repository.Reach{}
	for _, env := range envs {
		reach, err := e.world().Reach([]string{env}, false)
		if err != nil {
			t.Fatal(err)
		}
		reaches[env] = reach
	}
	if !strings.Contains(before["overlays/e1"], "team: a") || !strings.Contains(before["overlays/app"], "replicas: \"1\"") || !strings.Contains(before["overlays/e2"], "kind: Deployment") {
		t.Fatalf("the repository is not what is meant:\n%s\n%s", before["overlays/e1"], before["overlays/app"])
	}
	selected := func() []string {
		got, err := e.world().Compares.ChangedSince(context.Background(), "HEAD", envs)
		if err != nil {
			return envs // it is told, and nothing is left out in silence
		}
		return got
	}
	if got := selected(); len(got) > 0 {
		t.Errorf("nothing was changed, and %v were", got)
	}
	files := e.files()
	var names []string
	for name := range files {
		if !strings.HasPrefix(name, ".git/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	r := rand.New(rand.NewPCG(1, 2))
	differed, spared := 0, 0
	try := func(what, name string) {
		now, got := outputs(), selected()
		for _, env := range envs {
			switch differs := now[env] != before[env]; {
			case differs && !slices.Contains(got, env):
				t.Errorf("%s: %s is another, and was not selected:\n%s\nbut\n%s", what, env, before[env], now[env])
			case differs:
				differed++
				if !slices.Contains(reaches[env].Files, e.path(name)) && !slices.Contains(reaches[env].Folders, filepath.Dir(e.path(name))) {
					t.Errorf("%s: %s is another, and --watch would not have noticed", what, env)
				}
			case !slices.Contains(got, env):
				spared++
			}
		}
	}
	mustChange := []string{"bases/registry/registry.yaml", "components/labels/patch.yaml", "overlays/e1/text.txt", "people/u0.enc.yaml", ".sops.yaml", "charts/app/values.yaml"}
	for i := range 14 {
		name := names[r.IntN(len(names))]
		if i < len(mustChange) {
			name = mustChange[i]
		}
		text := files[name]
		switch at := r.IntN(len(text)); r.IntN(4) {
		case 0:
			e.remove(name)
			try(name+" removed", name)
		case 1:
			extra := filepath.Join(filepath.Dir(name), "a-copy"+filepath.Ext(name))
			e.write(extra, text)
			try(extra+" added", extra)
			e.remove(extra)
		default:
			e.write(name, text[:at]+string(rune('a'+r.IntN(26)))+text[at+1:])
			try(name+" changed", name)
		}
		e.write(name, text)
	}
	if differed < 8 || spared < 15 {
		t.Errorf("%d outputs were others, %d environments were spared: that shows nothing", differed, spared)
	}
}

// The commands work on what was touched, and say so where nothing was.
func TestChangedSince(t *testing.T) {
	e := shared(t)
	for _, args := range [][]string{{"build", "--changed-since", "HEAD"}, {"seal", "--check", "--changed-since", "HEAD"}, {"render", "overlays", "-o", "rendered", "--changed-since", "HEAD"},
		{"check", "--changed-since", "HEAD"}, {"diff", "--changed-since", "HEAD"}} {
		if out, errs, code := run(t, e.dir, args...); code != 0 || out != "" || args[0] != "diff" && !strings.Contains(errs, "no environment was touched since HEAD\n") {
			t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
		}
	}
	e.write("overlays/e0/registry/registry.yaml", e.read("overlays/e0/registry/registry.yaml")+"  replicas: 3\n")
	out := e.ok("build", "--changed-since", "HEAD")
	if strings.Count(out, "kind: Deployment\n") != 1 || !strings.Contains(out, "replicas: 3") {
		t.Errorf("another build:\n%s", out)
	}
	if out, errs, code := run(t, e.dir, "diff", "--changed-since", "HEAD"); code != 1 || !strings.HasPrefix(out, "overlays/e0\n") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if _, errs, code := run(t, e.dir, "check", "--changed-since", "HEAD"); code != 0 || !strings.Contains(errs, "1 environment checked") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if _, errs, code := run(t, e.dir, "check", "--changed-since", "nothing"); code != 1 || !strings.Contains(errs, "nothing") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "reggen-diff-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
