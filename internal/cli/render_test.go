package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

func TestRender(t *testing.T) {
	e := newEnv(t, 2, 1)
	e.ok("seal", "overlays/e0", "overlays/e1")
	e.write("bases/plain/kustomization.yaml", "resources: []\n")
	_, errs, code := run(t, e.dir, "render", "overlays/*", "-o", "rendered", "--check")
	if code != 1 || strings.Count(errs, "is missing") < 20 || !strings.Contains(errs, "next: reggen render overlays/e0 -o rendered") {
		t.Fatalf("a check of nothing: exit %d\n%s", code, errs)
	}
	e.ok("render", "overlays", "-o", "rendered")
	e.ok("render", "overlays/*", "-o", "rendered", "--check")
	before := e.files()
	e.ok("render", "overlays/e1", "overlays/e0", "-o", "rendered")
	if got := changedFiles(before, e.files()); len(got) > 0 {
		t.Errorf("a second render changed %v", got)
	}

	// kustomize, and with it Flux, makes the build's objects of it.
	want := e.ok("build", "overlays/e0")
	got, err := kustomize.Allow{}.Build(e.path("rendered/overlays/e0"), nil)
	if err != nil || string(got.Text) != want {
		t.Errorf("%v: other objects than the build's", err)
	}

	// What vanished is removed, what somebody else put there stays.
	e.write("rendered/overlays/e0/README.md", "mine\n")
	e.write("overlays/e0/registry/registry.yaml", strings.Replace(e.read("overlays/e0/registry/registry.yaml"), "  ingress: {className: nginx, clusterIssuer: letsencrypt-prod}\n", "", 1))
	_, errs, code = run(t, e.dir, "render", "overlays/e0", "-o", "rendered", "--check")
	if code != 1 || !strings.Contains(errs, "registry_networking.k8s.io_v1_ingress_docker-registry.yaml: is of an object that is gone") || strings.Contains(errs, "e1") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	e.ok("render", "overlays/e0", "-o", "rendered")
	files := e.files()
	if _, there := files["rendered/overlays/e0/registry_networking.k8s.io_v1_ingress_docker-registry.yaml"]; there {
		t.Error("the Ingress is still there")
	}
	if files["rendered/overlays/e0/README.md"] != "mine\n" {
		t.Error("a file of somebody else is gone")
	}
}

func TestRenderRepairsWhatWasCutOff(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	e.ok("render", "overlays/e0", "-o", "rendered")
	good := e.files()
	at := "rendered/overlays/e0/"
	for name, damage := range map[string]func(){
		"a file half written": func() { e.write(at+"registry_v1_service_docker-registry.yaml", "apiVersion: v1\nki") },
		"a file missing":      gone2(e, at+"registry_v1_service_docker-registry.yaml"),
		"no list":             gone2(e, at+"kustomization.yaml"),
		"an edit by hand":     func() { e.write(at+"kustomization.yaml", "resources: []\n") },
		"a temporary file":    func() { e.write(at+".registry_v1_service_docker-registry.yaml123", "half") },
		"the marker names one more": func() {
			e.write(at+repository.MarkerName, e.read(at+repository.MarkerName)+"registry_v1_configmap_old.yaml\n")
			e.write(at+"registry_v1_configmap_old.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: registry}\n")
		},
		"the marker names a foreign": func() {
			e.write(at+repository.MarkerName, e.read(at+repository.MarkerName)+"../../../bases/registry/registry.yaml\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			damage()
			e.ok("render", "overlays/e0", "-o", "rendered")
			if got := changedFiles(good, e.files()); len(got) > 0 {
				t.Errorf("not as before: %v", got)
			}
		})
	}
}

func gone2(e *testEnv, path string) func() {
	return func() { gone(path)(e) }
}

func TestRenderRefusesForeignFiles(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	e.write("rendered/overlays/e0/kustomization.yaml", "resources: [mine.yaml]\n")
	before := e.files()
	_, errs, code := run(t, e.dir, "render", "overlays/e0", "-o", "rendered")
	if code != 1 || !strings.Contains(errs, "rendered/overlays/e0/kustomization.yaml: is there already, and reggen did not write it; nothing was written") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if got := changedFiles(before, e.files()); len(got) > 0 {
		t.Errorf("changed %v", got)
	}
}

func TestRenderIsNeverPlain(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	var out, errs bytes.Buffer
	w := New([]string{"render", "overlays/e0", "-o", "rendered"}, &terminal.Terminal{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now,
		Getenv: func(k string) string { return map[string]string{"REGGEN_SECRETS": "plain"}[k] },
	}, &repository.Repository{Dir: e.dir}, Machine{Random: rand.Reader, Executable: os.Executable})
	if code := Run(context.Background(), w); code != 0 {
		t.Fatalf("exit %d\n%s", code, errs.String())
	}
	for name, text := range e.files() {
		if strings.HasPrefix(name, "rendered/") && strings.Contains(name, "_secret_") && !strings.Contains(text, "ENC[AES256_GCM") {
			t.Errorf("%s is not encrypted", name)
		}
		if strings.Contains(text, canary) {
			t.Errorf("a password stands in %s", name)
		}
	}
}

func TestRenderGoesOnAfterAFailure(t *testing.T) {
	e := newEnv(t, 3, 1)
	e.ok("seal", "overlays/e0", "overlays/e2")
	e.write("overlays/broken/kustomization.yaml", "generators: [nothing]\n")
	_, errs, code := run(t, e.dir, "render", "overlays", "-o", "rendered")
	if code != 1 || !strings.Contains(errs, "overlays/e1/") || !strings.Contains(errs, `overlays/broken/kustomization.yaml: names "nothing"`) {
		t.Errorf("exit %d\n%s", code, errs)
	}
	files := e.files()
	for _, name := range []string{"e0", "e2"} {
		if _, there := files["rendered/overlays/"+name+"/kustomization.yaml"]; !there {
			t.Errorf("%s was not rendered", name)
		}
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(n string) bool { return strings.HasPrefix(n, "rendered/overlays/e1") }) {
		t.Error("something of the failed environment was written")
	}
}

func TestRenderAsksForAFolder(t *testing.T) {
	e := newEnv(t, 1, 1)
	for args, want := range map[string]string{
		"render overlays/e0":          "-o: is missing",
		"render nowhere -o rendered":  "nowhere: no such folder",
		"render bases -o rendered":    "bases: no environment here or below",
		"render ../x* -o rendered":    "matches no folder",
		"render over*x/* -o rendered": "matches no folder",
	} {
		if _, errs, code := run(t, e.dir, strings.Fields(args)...); code == 0 || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d\n%s", args, code, errs)
		}
	}
}

// What was rendered of an environment that is gone is named and removed, file
// by file of those that reggen wrote.
func TestRenderRemovesEnvironmentsThatAreGone(t *testing.T) {
	e := newEnv(t, 3, 1)
	e.ok("seal", "overlays/e0", "overlays/e1", "overlays/e2")
	e.ok("render", "overlays", "-o", "rendered")
	e.ok("render", "overlays/e2", "-o", "../"+filepath.Base(e.dir)+"/rendered")
	e.write("rendered/overlays/e2/README.md", "mine\n")
	for _, name := range []string{"e1", "e2"} {
		if err := os.RemoveAll(e.path("overlays/" + name)); err != nil {
			t.Fatal(err)
		}
	}
	_, errs, code := run(t, e.dir, "render", "overlays/*", "-o", "rendered", "--check")
	if code != 1 || strings.Count(errs, "is of an environment that is gone") != 2 || !strings.Contains(errs, "rendered/overlays/e1:") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	// From another folder the layout is another: nothing there is taken for gone.
	if _, errs, code := run(t, e.path("overlays"), "render", "e0", "-o", "../rendered"); code != 0 || !repository.Exists(e.path("rendered/overlays/e1/"+repository.MarkerName)) {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if _, errs, code := run(t, e.dir, "render", "overlays", "-o", "rendered"); code != 0 || !strings.Contains(errs, "0 environments written below rendered, 1 unchanged, 3 removed") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if repository.Exists(e.path("rendered/overlays/e1")) || e.read("rendered/overlays/e2/README.md") != "mine\n" || repository.Exists(e.path("rendered/overlays/e2/kustomization.yaml")) {
		t.Error("not what reggen wrote, and only that, is gone")
	}
	e.ok("render", "overlays", "-o", "rendered", "--check")
}

// A pattern is reggen's own business, for shells that expand none, and means
// the same everywhere; a file that a shell's pattern names is passed over.
func TestPatternsAndDiscovery(t *testing.T) {
	e := newEnv(t, 3, 1)
	e.ok("seal", "overlays/e0", "overlays/e1", "overlays/e2")
	e.write("overlays/README.md", "about these\n")
	moved := filepath.Join(t.TempDir(), "a[b]*c")
	if runtime.GOOS == "windows" { // which refuses the star
		moved = filepath.Join(t.TempDir(), "a[b]c")
	}
	if err := os.CopyFS(moved, os.DirFS(e.dir)); err != nil {
		t.Fatal(err)
	}
	all := []string{"overlays/e0", "overlays/e1", "overlays/e2"}
	for _, dir := range []string{e.dir, moved} {
		w := newWorld(repository.Repository{Dir: dir})
		for pattern, want := range map[string][]string{
			"overlays/*":                           all,
			"./overlays/e?":                        all,
			"*/e[02]":                              {"overlays/e0", "overlays/e2"},
			"overlays":                             all,
			".":                                    all,
			"overlays/README.md overlays/e1":       {"overlays/e1"},
			"overlays/e1 overlays/* overlays/e1/.": all,
			"bases/../overlays/*":                  all,
			"overlays/e*/":                         all,
		} {
			got, err := w.Discover(strings.Fields(pattern))
			for i := range got {
				got[i] = w.Show(got[i])
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s in %s: %v %v", pattern, dir, got, err)
			}
		}
		for pattern, want := range map[string]string{"overlays/[": "is no pattern", "overlays/README.md": "no environment here or below", "nothing/*": "matches no folder"} {
			if _, err := w.Discover([]string{pattern}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", pattern, err)
			}
		}
	}
	if got, err := newWorld(repository.Repository{Dir: e.path("bases")}).Discover([]string{"../overlays/*", e.path("overlays/e0")}); err != nil || len(got) != 3 {
		t.Errorf("from beside: %v %v", got, err)
	}
	// Rendered output is no environment, nor is it searched.
	e.ok("render", "-o", "rendered")
	e.ok("render", "-o", "rendered", "--check")
}

// The names of files are part of what is promised: a diff in git must not show
// an object under another name.
func TestObjectFile(t *testing.T) {
	long := strings.Repeat("l", 253)
	for text, want := range map[string]string{
		"{apiVersion: v1, kind: Service, metadata: {name: a, namespace: ns}}":                                           "ns_v1_service_a.yaml",
		"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: ns}}":                                   "ns_apps_v1_deployment_a.yaml",
		"{apiVersion: v1, kind: Namespace, metadata: {name: ns}}":                                                       "v1_namespace_ns.yaml",
		"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:A'}}":                   "rbac.authorization.k8s.io_v1_clusterrole_system---620bb0f5.yaml",
		"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system-.a'}}":                  "rbac.authorization.k8s.io_v1_clusterrole_system-.a.yaml",
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: ../../x, namespace: ..}}":                                   "",
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: " + long + ", namespace: " + strings.Repeat("n", 63) + "}}": "",
	} {
		o, err := object.Parse("test", []byte(text))
		if err != nil || len(o) != 1 {
			t.Fatal(err)
		}
		got := deliver.ObjectFile(o[0])
		if want != "" && got != want || got != filepath.Base(got) || len(got) > 230 {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// Something in the way makes a render fail in the middle: what it wrote is
// whole, the next one finishes, and nothing of anybody else's is touched.
func TestRenderThatFailsInTheMiddle(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	e.ok("render", "overlays/e0", "-o", "want")
	at := "rendered/overlays/e0/"
	inTheWay := at + "registry_v1_service_docker-registry.yaml"
	e.write(inTheWay+"/mine", "mine\n")
	e.write(at+".mine.yaml123", "a temporary file of somebody else's\n")
	_, errs, code := run(t, e.dir, "render", "overlays/e0", "-o", "rendered")
	if code != 1 || !strings.Contains(errs, inTheWay+": can't write this file") {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	files := e.files()
	if files[inTheWay+"/mine"] != "mine\n" || files[at+".mine.yaml123"] == "" {
		t.Error("somebody else's file is gone")
	}
	written := 0
	for name, text := range files {
		want, ours := files["want"+strings.TrimPrefix(name, "rendered")]
		if ours && strings.HasPrefix(name, at) && !strings.HasSuffix(name, repository.MarkerName) {
			if written++; text != want {
				t.Errorf("%s is not whole", name)
			}
		}
	}
	if written == 0 {
		t.Error("it did not fail in the middle")
	}
	if err := os.RemoveAll(e.path(inTheWay)); err != nil {
		t.Fatal(err)
	}
	e.ok("render", "overlays/e0", "-o", "rendered")
	files = e.files()
	for name, text := range files {
		if rest, found := strings.CutPrefix(name, "want/"); found && files["rendered/"+rest] != text {
			t.Errorf("%s was not repaired", rest)
		}
	}
	if files[at+".mine.yaml123"] == "" {
		t.Error("somebody else's file is gone")
	}
}

// Long work says on a terminal how far it is, also when workers do it.
func TestRenderShowsProgress(t *testing.T) {
	e := many(t, 7)
	t.Setenv(workerVariable, "works")
	var errs bytes.Buffer
	var mu sync.Mutex
	now := time.Unix(0, 0)
	w := e.world()
	w.Args, w.Stdin, w.Stdout, w.Stderr, w.StderrIsTerm = []string{"render", "overlays", "-o", "rendered"}, strings.NewReader(""), io.Discard, &errs, true
	w.Builds.Executable, w.Builds.Processes = os.Executable, 2
	w.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
	if code := Run(context.Background(), w); code != 0 || !strings.Contains(errs.String(), "rendering") || !strings.Contains(errs.String(), "/7") {
		t.Errorf("exit %d\n%q", code, errs.String())
	}
}
