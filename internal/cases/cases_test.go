package cases

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/object"
)

var update = flag.Bool("update", false, "write golden files anew")

const repo = "../.."

func load(t testing.TB) []Case {
	t.Helper()
	all, err := Load(repo)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Fatalf("only %d cases found", len(all))
	}
	return all
}

// golden compares got with a file, byte by byte, or writes it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	path = filepath.Join(repo, path)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is out of date; see what changed with: go test ./internal/cases -update && git diff %s", path, path)
	}
}

// Every case builds the bytes beside it, twice, and what it builds is proven
// as every combination is.
func TestCases(t *testing.T) {
	for _, c := range load(t) {
		t.Run(c.Name, func(t *testing.T) {
			p, err := c.Plan()
			if err != nil {
				t.Fatal(err)
			}
			text := readable(t, p)
			golden(t, filepath.Join(Dir, c.Name, "build.yaml"), text)
			again, err := c.Plan()
			if err != nil || string(readable(t, again)) != string(text) {
				t.Errorf("the second build differs: %v", err)
			}
			prove(t, p)
			files, err := os.ReadDir(filepath.Join(repo, Dir, c.Name))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if !slices.Contains([]string{"registry.yaml", "credentials.yaml", "build.yaml"}, f.Name()) {
					t.Errorf("%s/%s/%s is no part of a case", Dir, c.Name, f.Name())
				}
			}
		})
	}
}

func readable(t testing.TB, p generator.Plan) []byte {
	t.Helper()
	objects, err := Readable(p)
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.Encode(objects)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// prove checks what every build has to be: what Kubernetes takes, field by
// field, nothing that check calls an error, pods that Pod Security "restricted"
// lets in, the same bytes around kustomize and through it, and the same with
// the real secrets as with placeholders.
func prove(t testing.TB, p generator.Plan) {
	t.Helper()
	values := Values(p)
	objects, err := Plain(p, values)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range (check.Rendered{From: "build", Objects: objects}).Run() {
		if f.Severity == check.Error {
			t.Error(f)
		}
	}
	if restricted(t, objects) == 0 {
		t.Error("no pod template")
	}
	throughKustomize(t, objects)
	if _, err := p.Compose(generator.Revealed{Values: values, Seed: []byte("seed")}); err != nil {
		t.Errorf("with real secrets: %v", err)
	}
}

// Every field of the spec has a case named after it that sets it, and every
// field below it is set by one.
func TestEveryFieldHasACase(t *testing.T) {
	cases := load(t)
	docs := map[string]any{}
	for _, c := range cases {
		var doc map[string]any
		if err := yaml.UnmarshalStrict(c.Spec, &doc); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		docs[c.Name] = doc
	}
	top := Top()
	for _, name := range top {
		if !slices.ContainsFunc(cases, func(c Case) bool { return named(c.Name, name) && Sets(docs[c.Name], path(name)) }) {
			t.Errorf("%s has no case: make %s/%s/registry.yaml, which sets it, then go test ./internal/cases -update", path(name), Dir, name)
		}
	}
	for _, c := range cases {
		if !slices.ContainsFunc(top, func(name string) bool { return named(c.Name, name) && Sets(docs[c.Name], path(name)) }) {
			t.Errorf("%s/%s is named after no field that it sets", Dir, c.Name)
		}
	}
	for _, field := range Fields() {
		if field == "spec.chart.sha256" {
			continue // of an archive; cmd/reggen has scripts with one
		}
		found := false
		for _, doc := range docs {
			found = found || Sets(doc, field)
		}
		if !found {
			t.Errorf("no case sets %s", field)
		}
	}
}

// named says whether a case is one of a field: it has its name, or that and
// more behind a hyphen.
func named(name, field string) bool { return name == field || strings.HasPrefix(name, field+"-") }

// path is where a name of Top stands.
func path(name string) string {
	if name == "metadata" {
		return name
	}
	return "spec." + strings.Replace(name, "-", ".", 1)
}
