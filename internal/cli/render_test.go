package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/internal/kustomize"
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
	got, err := kustomize.Build(e.path("rendered/overlays/e0"), nil)
	if err != nil || string(got) != want {
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
		"a file half written":        func() { e.write(at+"registry_v1_service_docker-registry.yaml", "apiVersion: v1\nki") },
		"a file missing":             gone2(e, at+"registry_v1_service_docker-registry.yaml"),
		"no list":                    gone2(e, at+"kustomization.yaml"),
		"an edit by hand":            func() { e.write(at+"kustomization.yaml", "resources: []\n") },
		"a temporary file":           func() { e.write(at+".registry_v1_service_docker-registry.yaml123", "half") },
		"the marker names one more":  func() { e.write(at+markerName, e.read(at+markerName)+"old.yaml\n"); e.write(at+"old.yaml", "old\n") },
		"the marker names a foreign": func() { e.write(at+markerName, e.read(at+markerName)+"../../../bases/registry/registry.yaml\n") },
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
	w := &World{
		Args: []string{"render", "overlays/e0", "-o", "rendered"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Dir: e.dir, Now: time.Now, Random: rand.Reader,
		Getenv: func(k string) string { return map[string]string{"REGGEN_SECRETS": "plain"}[k] }, Executable: os.Executable,
	}
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
