package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// canary is the password that tests look for where it must not be.
const canary = "canary-Pa55word"

// testEnv is a repository of its own with one environment, overlays/e0.
type testEnv struct {
	t    testing.TB
	dir  string
	keys map[string]string // name -> recipient
}

// newEnv makes a repository with environments e0 .. e(n-1), each with a puller
// and users u0 .. u(m-1), not sealed yet. The key of people is the one that
// SOPS finds.
func newEnv(t testing.TB, environments, users int) *testEnv {
	t.Helper()
	e := &testEnv{t: t, dir: t.TempDir(), keys: map[string]string{}}
	t.Setenv("SOPS_AGE_KEY", "")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("USERPROFILE", t.TempDir())
	t.Setenv("AppData", t.TempDir()) // Windows
	t.Setenv("SOPS_AGE_KEY_FILE", e.key("people"))
	rules := "creation_rules:\n"
	for i := range environments {
		name := fmt.Sprintf("e%d", i)
		e.key(name)
		rules += fmt.Sprintf("  - path_regex: ^overlays/%s/credentials/[^/]+\\.yaml$\n    age: %s\n", name, e.keys["people"])
		rules += fmt.Sprintf("  - path_regex: ^overlays/%s/sealed/[^/]+\\.yaml$\n    age: %s,%s\n", name, e.keys["people"], e.keys[name])
	}
	e.write(".sops.yaml", rules)
	e.write("bases/registry/kustomization.yaml", "resources: [registry.yaml]\n")
	e.write("bases/registry/registry.yaml", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: docker-registry, namespace: registry}
spec:
  pullSecrets:
    regcred: {user: puller, namespaces: [default]}
`)
	for i := range environments {
		root := fmt.Sprintf("overlays/e%d", i)
		e.write(root+"/kustomization.yaml", "generators: [registry]\n")
		e.write(root+"/registry/kustomization.yaml", "resources: [../../../bases/registry]\npatches: [{path: registry.yaml}]\n")
		e.write(root+"/registry/registry.yaml", fmt.Sprintf(`apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: docker-registry, namespace: registry}
spec:
  host: r%d.example.com
  storage:
    s3: {provider: digitalocean, region: nyc3, bucket: my-space}
  ingress: {className: nginx, clusterIssuer: letsencrypt-prod}
`, i))
		e.user(i, "puller", canary)
		for u := range users - 1 {
			e.user(i, fmt.Sprintf("u%d", u), fmt.Sprintf("%s-%d", canary, u))
		}
		e.credential(i, "s3", credential.Document{Type: credential.S3, StringData: map[string]string{"accessKey": "0012345", "secretKey": canary + "/#+=="}})
	}
	return e
}

// key makes an age key and returns its file.
func (e *testEnv) key(name string) string {
	e.t.Helper()
	identity, recipient, err := sops.NewAgeKey(time.Unix(0, 0))
	if err != nil {
		e.t.Fatal(err)
	}
	e.keys[name] = recipient
	trusted[e.dir] = append(trusted[e.dir], recipient)
	path := filepath.Join(e.dir, "..", filepath.Base(e.dir)+"-"+name+".agekey")
	if err := os.WriteFile(path, []byte(identity), 0o600); err != nil {
		e.t.Fatal(err)
	}
	return path
}

func (e *testEnv) path(rel string) string { return filepath.Join(e.dir, rel) }

func (e *testEnv) write(rel, text string) {
	e.t.Helper()
	path := e.path(rel)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		e.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		e.t.Fatal(err)
	}
}

func (e *testEnv) read(rel string) string {
	e.t.Helper()
	b, err := os.ReadFile(e.path(rel))
	if err != nil {
		e.t.Fatal(err)
	}
	return string(b)
}

func (e *testEnv) world() *World {
	w := newWorld(repository.Repository{Dir: e.dir})
	w.Seals.Accept = trusted[e.dir]
	return w
}

// newWorld is a World of a repository that nobody looks at.
func newWorld(r repository.Repository) *World {
	return New(nil, &terminal.Terminal{Stderr: &strings.Builder{}, Now: time.Now, Getenv: func(string) string { return "" }}, &r, Machine{Random: rand.Reader})
}

// user writes a user's credential with a password that has no hash yet, at the
// lowest cost.
func (e *testEnv) user(env int, name, password string) {
	e.t.Helper()
	e.credential(env, name, credential.Document{Type: credential.User, Cost: credential.MinCost, StringData: map[string]string{"password": password}})
}

// credential writes a credential file, keeping ciphertexts of an older one.
func (e *testEnv) credential(env int, name string, doc credential.Document) {
	e.t.Helper()
	path := e.path(fmt.Sprintf("overlays/e%d/credentials/%s.enc.yaml", env, name))
	doc.Metadata.Name = name
	var reuse *sops.File
	if raw, err := os.ReadFile(path); err == nil {
		if reuse, err = sops.Open(context.Background(), raw, sops.Keys{}); err != nil {
			e.t.Fatal(err)
		}
	}
	text, err := e.world().Keys.SealCredential(context.Background(), path, doc, reuse, false)
	if err != nil {
		e.t.Fatal(err)
	}
	rel, _ := filepath.Rel(e.dir, path)
	e.write(rel, string(text))
}

// ok runs reggen in the repository and fails the test when it fails.
func (e *testEnv) ok(args ...string) (stdout string) {
	e.t.Helper()
	out, errs, code := run(e.t, e.dir, args...)
	if code != 0 {
		e.t.Fatalf("reggen %s: exit %d\n%s", strings.Join(args, " "), code, errs)
	}
	return out
}

// files reads every file of the repository.
func (e *testEnv) files() map[string]string {
	e.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(e.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(e.dir, path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return out
}

func (e *testEnv) remove(rel string) {
	e.t.Helper()
	if err := os.Remove(e.path(rel)); err != nil {
		e.t.Fatal(err)
	}
}
