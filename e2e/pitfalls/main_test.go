package pitfalls

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/internal/cli"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"

	"github.com/reggen/reggen/e2e/programs"
)

var update = flag.Bool("update", false, "write docs/pitfalls.md and the regions of the S3 driver anew")

var (
	repo string // the repository's root
	bin  string // the folder with the registry and kustomize
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e/pitfalls:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	var err error
	if repo, err = filepath.Abs("../.."); err != nil {
		return 0, err
	}
	if bin, err = os.MkdirTemp("", "reggen-pitfalls-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(bin)
	for _, b := range [][3]string{
		{"../running/registry2", "github.com/docker/distribution/cmd/registry", "registry2"},
		{"..", "github.com/distribution/distribution/v3/cmd/registry"},
		{".", "./regions"},
		{"..", "sigs.k8s.io/kustomize/kustomize/v5"},
	} {
		if err := programs.Build(bin, b[0], b[1]); err != nil {
			return 0, err
		}
		if b[2] != "" {
			if err := os.Rename(filepath.Join(bin, path.Base(b[1])), filepath.Join(bin, b[2])); err != nil {
				return 0, err
			}
		}
	}
	return m.Run(), nil
}

// The users of every build here.
const (
	user, password     = "alice", "a password of a test"
	puller, pullerPass = "puller", "another one"
)

// hash makes a line of an htpasswd file.
func hash(t testing.TB, name, password string, cost int) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return name + ":" + string(h)
}

// build is what an example's plain build holds, with users whose passwords this
// test knows; the texts in its Secrets can be read and edited.
func build(t *testing.T, example string) string {
	t.Helper()
	t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(repo, "testdata/keys/people.agekey"))
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var out, errs bytes.Buffer
	w := cli.New([]string{"build", "--secrets", "plain", "overlays/" + example}, &terminal.Terminal{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Now: time.Now,
	}, &repository.Repository{Dir: repo}, cli.Machine{Home: t.TempDir(), Random: rand.Reader, Executable: os.Executable})
	if code := cli.Run(context.Background(), w); code != 0 {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	var text strings.Builder
	for _, o := range parse(t, out.String()) {
		if o.IsSecret() {
			plain := map[string]any{}
			for k, v := range o.Map("data") {
				raw, err := base64.StdEncoding.DecodeString(v.(string))
				if err != nil {
					t.Fatal(err)
				}
				plain[k] = string(raw)
			}
			if plain["htpasswd"] != nil {
				plain["htpasswd"] = hash(t, user, password, 5) + "\n" + hash(t, puller, pullerPass, 5) + "\n"
			}
			delete(o, "data")
			o["stringData"] = plain
		}
		one, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString("---\n" + string(one))
	}
	return text.String()
}

func parse(t testing.TB, text string) []object.Object {
	t.Helper()
	objects, err := check.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// found is what check says of a build by a rule.
func found(t testing.TB, rule, text string) []check.Finding {
	t.Helper()
	var out []check.Finding
	for _, f := range (check.Rendered{From: "rendered.yaml", Objects: parse(t, text)}).Run() {
		if f.Rule == rule {
			out = append(out, f)
		}
	}
	return out
}
