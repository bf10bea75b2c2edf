package configuration

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/cases"
	"github.com/reggen/reggen/internal/cli"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

const repo = "../.."

// values are secrets as awkward as reggen lets them be.
func values(p generator.Plan) map[secret.Ref]string {
	out := cases.Values(p)
	if _, ok := out[secret.HTTPSecret]; ok {
		out[secret.HTTPSecret] = "e10000000000000000" // REGISTRY_HTTP_SECRET is parsed as YAML
	}
	return out
}

// understood parses what every container of a build is started with and
// compares it with what the spec means. It returns how many there were.
func understood(t testing.TB, r *spec.Registry, objects []object.Object, values map[secret.Ref]string) int {
	t.Helper()
	all := pods(t, objects)
	for _, p := range all {
		config := read(t, r.Spec.Image.Flavor, p.config, p.env)
		served := values
		if strings.HasPrefix(p.name, "CronJob ") { // a garbage collector signs nothing
			served = nil
		}
		compare(t, config, meant(t, r, served))
		credentials(t, r, p, values)
	}
	return len(all)
}

// credentials checks the storage's own variables, which no parser touches.
func credentials(t testing.TB, r *spec.Registry, p pod, values map[secret.Ref]string) {
	t.Helper()
	want := map[string]string{}
	if s3 := r.Spec.Storage.S3; s3 != nil && !s3.AmbientCredentials {
		want["AWS_ACCESS_KEY_ID"], want["AWS_SECRET_ACCESS_KEY"] = values[secret.S3AccessKey], values[secret.S3SecretKey]
		if s3.ExistingSecret != nil {
			want["AWS_ACCESS_KEY_ID"], want["AWS_SECRET_ACCESS_KEY"] = foreign, foreign
		}
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		got, there := p.env[name]
		if _, meant := want[name]; got != want[name] || there != meant {
			t.Errorf("%s: %s is set: %v, want %v, or has another value", p.name, name, there, meant)
		}
	}
}

// Every case and every combination that builds is understood by the registry
// that its flavor names.
func TestTheRegistryUnderstandsEveryBuild(t *testing.T) {
	all, err := cases.Load(repo)
	if err != nil {
		t.Fatal(err)
	}
	named := len(all)
	combinations, err := cases.Combinations()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range combinations {
		all = append(all, c.Case)
	}
	builds := map[spec.Flavor]int{}
	for i, c := range all {
		p, err := c.Plan()
		if err != nil {
			if i < named {
				t.Errorf("%s: %v", c.Name, err)
			}
			continue // testdata/combinations.txt says why
		}
		t.Run(c.Name, func(t *testing.T) {
			v := values(p)
			objects, err := cases.Plain(p, v)
			if err != nil {
				t.Fatal(err)
			}
			builds[p.Spec.Registry.Spec.Image.Flavor] += understood(t, p.Spec.Registry, objects, v)
		})
	}
	for flavor := range registries {
		if builds[flavor] < 50 {
			t.Errorf("only %d configurations of %s were parsed", builds[flavor], flavor)
		}
	}
}

// So are the examples, as they are deployed: built in the clear with their
// published keys, through kustomize.
func TestTheRegistryUnderstandsTheExamples(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY_FILE", abs(t, repo+"/testdata/keys/people.agekey"))
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	specs, err := filepath.Glob(repo + "/overlays/*/registry/registry.yaml")
	if err != nil || len(specs) < 3 {
		t.Fatalf("examples not found: %v %v", specs, err)
	}
	for _, path := range specs {
		name := filepath.Base(filepath.Dir(filepath.Dir(path)))
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			w := cli.New([]string{"build", "--secrets", "plain", "overlays/" + name}, &terminal.Terminal{
				Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Now: time.Now,
			}, &repository.Repository{Dir: abs(t, repo)}, cli.Machine{Home: t.TempDir(), Random: rand.Reader, Executable: os.Executable})
			if code := cli.Run(context.Background(), w); code != 0 {
				t.Fatalf("exit status %d: %s", code, errs.String())
			}
			objects, err := check.Parse(name, out.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pods(t, objects) {
				config := read(t, spec.Distribution, p.config, p.env)
				secret, _ := at(config, "http", "secret").(string)
				serves := !strings.HasSuffix(p.name, " garbage-collect") // which signs nothing
				if serves && secret == "" || secret != p.env["REGISTRY_HTTP_SECRET"] {
					t.Error("the http secret arrives changed")
				}
				if at(config, "storage", "s3") != nil && p.env["AWS_ACCESS_KEY_ID"] == "" {
					t.Error("no key for the bucket")
				}
			}
		})
	}
}

// Values files of the chart that many registries were installed with are
// understood too, by the version that they install.
func TestTheRegistryUnderstandsInstalledValues(t *testing.T) {
	for name, want := range map[string][]expectation{
		"its defaults": {
			{[]string{"http", "addr"}, ":5000"}, {[]string{"http", "debug", "addr"}, ":5001"}, {[]string{"log", "fields", "service"}, "registry"},
			{[]string{"storage", "filesystem", "rootdirectory"}, "/var/lib/registry"}, {[]string{"auth"}, nil},
		},
		"every key": {
			{[]string{"storage", "s3", "bucket"}, "images"}, {[]string{"storage", "s3", "rootdirectory"}, "/x"}, {[]string{"storage", "s3", "skipverify"}, true},
			{[]string{"storage", "s3", "regionendpoint"}, "https://s3.example.com"}, {[]string{"http", "tls", "certificate"}, "/etc/registry-tls/tls.crt"},
			{[]string{"http", "debug", "addr"}, ":9000"}, {[]string{"storage", "delete", "enabled"}, true}, {[]string{"http", "host"}, "https://a.example.com"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, objects, err := cases.RenderInstalled(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pods(t, objects) {
				compare(t, read(t, spec.Distribution, p.config, p.env), want)
			}
		})
	}
	if len(cases.Installed) != 2 {
		t.Error("a values file that isn't parsed here")
	}
}

func abs(t testing.TB, path string) string {
	t.Helper()
	out, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
