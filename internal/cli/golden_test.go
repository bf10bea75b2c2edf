package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// repo is the checkout's root.
func repo(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// run drives the whole program in dir with an empty environment.
func run(t testing.TB, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runAt(t, dir, time.Now(), args...)
}

// runAt is run at another time.
func runAt(t testing.TB, dir string, now time.Time, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	w := New(args, &terminal.Terminal{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Now: func() time.Time { return now },
	}, &repository.Repository{Dir: dir}, Machine{Home: t.TempDir(), Random: rand.Reader, Executable: os.Executable})
	w.Seals.Accept = trusted[dir]
	code = Run(context.Background(), w)
	return out.String(), errs.String(), code
}

// trusted are the readers that tests trust, by the folder they run in.
var trusted = map[string][]string{}

// overlays are the examples; each has a golden file of its build.
func overlays(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(repo(t), "overlays", "*", "kustomization.yaml"))
	if err != nil || len(dirs) < 3 {
		t.Fatalf("overlays not found: %v %v", dirs, err)
	}
	var names []string
	for _, d := range dirs {
		names = append(names, filepath.Base(filepath.Dir(d)))
	}
	return names
}

func TestGoldenBuilds(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range overlays(t) {
		seen[name+".yaml"], seen[name+".payload.txt"] = true, true
		t.Run(name, func(t *testing.T) {
			out, errs, code := run(t, repo(t), "build", "overlays/"+name)
			if code != 0 {
				t.Fatalf("exit %d: %s", code, errs)
			}
			golden(t, filepath.Join(repo(t), "testdata/golden", name+".yaml"), []byte(out))
			for range 3 {
				if again, _, _ := run(t, repo(t), "build", "overlays/"+name); again != out {
					t.Fatal("two builds differ")
				}
			}
		})
	}
	files, err := os.ReadDir(filepath.Join(repo(t), "testdata/golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !seen[f.Name()] {
			t.Errorf("testdata/golden/%s belongs to no overlay", f.Name())
		}
	}
}

// demoKey makes the published demo key of the people the one SOPS finds.
func demoKey(t testing.TB, name string) {
	t.Helper()
	t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(repo(t), "testdata/keys", name+".agekey"))
	t.Setenv("SOPS_AGE_KEY", "")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("USERPROFILE", t.TempDir())
	t.Setenv("AppData", t.TempDir()) // Windows
}

// TestGoldenPayloads keeps what the sealed files decrypt to under test: names,
// types, keys, users and servers, never a value. Every htpasswd hash and every
// pull secret is verified against the password in its credential.
func TestGoldenPayloads(t *testing.T) {
	demoKey(t, "people")
	for _, name := range overlays(t) {
		files, _ := filepath.Glob(filepath.Join(repo(t), "overlays", name, "sealed", "*.yaml"))
		if len(files) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			passwords := passwords(t, name)
			var b strings.Builder
			for _, path := range files {
				describePayload(t, &b, path, passwords)
			}
			golden(t, filepath.Join(repo(t), "testdata/golden", name+".payload.txt"), []byte(b.String()))
		})
	}
}

func passwords(t *testing.T, overlay string) map[string]string {
	t.Helper()
	out, generic := map[string]string{}, false // a Chart's has no users
	files, _ := filepath.Glob(filepath.Join(repo(t), "overlays", overlay, "credentials", "*.yaml"))
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := credential.Parse(path, raw)
		if err != nil {
			t.Fatal(err)
		}
		f, err := sops.Open(context.Background(), raw, sops.Keys{})
		if err != nil {
			t.Fatal(err)
		}
		generic = generic || p.Type == credential.Generic
		if data, err := f.Strings("stringData"); err == nil && p.Type == credential.User {
			out[p.User] = data[credential.Password]
		}
	}
	if len(out) == 0 && !generic {
		t.Fatal("no users in the credentials")
	}
	return out
}

func describePayload(t *testing.T, b *strings.Builder, path string, passwords map[string]string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := sops.Open(context.Background(), raw, sops.Keys{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.Strings("data")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Type     string
		Metadata struct{ Name string }
	}
	if err := yaml.Unmarshal(f.Plain(), &doc); err != nil {
		t.Fatal("not YAML")
	}
	fmt.Fprintf(b, "%s (%s)\n", doc.Metadata.Name, doc.Type)
	keys := make([]string, 0, len(data))
	for k := range data {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		value, err := base64.StdEncoding.DecodeString(data[k])
		if err != nil {
			t.Fatalf("%s/%s is not base64", doc.Metadata.Name, k)
		}
		switch k {
		case "htpasswd":
			fmt.Fprintf(b, "  %s\n", k)
			for line := range strings.Lines(string(value)) {
				user, hash, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
				cost, what := credential.CheckHash(hash)
				if what != "" {
					t.Errorf("user %q: %s", user, what)
				}
				known := "hash only"
				if pw := passwords[user]; pw != "" {
					known = "verified"
					if !credential.Verify(hash, pw) {
						t.Errorf("the hash of user %q is not that of its password", user)
					}
				}
				fmt.Fprintf(b, "    %s: bcrypt cost %d, %s\n", user, cost, known)
			}
		case ".dockerconfigjson":
			login, err := credential.ReadDockerConfig(value)
			if err != nil {
				t.Fatal(err)
			}
			if login.Password != passwords[login.User] {
				t.Errorf("%s holds another password than the credential of %q", doc.Metadata.Name, login.User)
			}
			fmt.Fprintf(b, "  %s\n    %s: user %s, its password verified\n", k, login.Server, login.User)
		default:
			fmt.Fprintf(b, "  %s: %d bytes\n", k, len(value))
		}
	}
}
