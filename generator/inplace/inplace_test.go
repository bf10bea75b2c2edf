package inplace

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
)

// The same cases are tried on a real API server (e2e/cluster).
func TestRefusals(t *testing.T) {
	data, err := os.ReadFile("../../testdata/in-place.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name     string
		From, To object.Object
		Refused  []string
		Told     string
	}
	if err := yaml.Unmarshal(data, &cases); err != nil || len(cases) < 10 {
		t.Fatal(err, len(cases))
	}
	for _, c := range cases {
		var told []string
		for _, r := range Refusals(c.From, c.To) {
			told = append(told, r.String())
		}
		if got := strings.Join(told, "\n"); got != c.Told {
			t.Errorf("%s: %q", c.Name, got)
		}
		if len(c.Refused) > 0 && c.Told == "" {
			t.Errorf("%s: is refused, and nobody says so", c.Name)
		}
		if same := Refusals(c.To, c.To); len(same) > 0 {
			t.Errorf("%s: %q for no change", c.Name, same)
		}
	}
}

// A name of a hostile repository is no word of a command.
func TestNamesAreNoCommands(t *testing.T) {
	o := func(kind string) object.Object {
		return object.Object{"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": map[string]any{"name": "x; rm -rf .", "namespace": "$(evil)"}}
	}
	got := Refusals(o("a"), o("b"))
	if len(got) != 1 || got[0].Way != "kubectl -n NAMESPACE delete secret NAME, then apply" {
		t.Errorf("%q", got)
	}
}

// A size of a billion digits costs nothing.
func TestCostlySizes(t *testing.T) {
	claim := func(size any) object.Object {
		return object.Object{"kind": "PersistentVolumeClaim", "spec": map[string]any{"resources": map[string]any{"requests": map[string]any{"storage": size}}}}
	}
	for _, size := range []string{"1e1000000000", "1e-1000000000", strings.Repeat("9", 1<<20)} {
		began := time.Now()
		if got := Refusals(claim("1Gi"), claim(size)); len(got) != 0 || time.Since(began) > 5*time.Second {
			t.Errorf("%.20s: %q after %s", size, got, time.Since(began))
		}
	}
}

// Between any two of testdata/cases, what is told to be impossible is what the
// API server refused (testdata/in-place.txt, written by e2e/cluster).
func TestCasesAgreeWithTheServer(t *testing.T) {
	text, err := os.ReadFile("../../testdata/in-place.txt")
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		_, rest, _ := strings.Cut(line, " ") // the way
		parts := strings.SplitN(rest, ": ", 3)
		refused[parts[0]+": "+parts[1]] = true
	}
	type version struct {
		name   string
		object object.Object
	}
	versions := map[string][]version{}
	files, err := filepath.Glob("../../testdata/cases/*/build.yaml")
	if err != nil || len(files) < 50 {
		t.Fatal(err, len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := object.Parse(file, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			id := o.Kind() + " " + o.Name()
			if !slices.ContainsFunc(versions[id], func(v version) bool { return object.Equal(v.object, o) }) {
				versions[id] = append(versions[id], version{filepath.Base(filepath.Dir(file)), o})
			}
		}
	}
	tried := 0
	for id, all := range versions {
		for _, from := range all {
			for _, to := range all {
				tried++
				told := slices.ContainsFunc(Refusals(from.object, to.object), func(r Refusal) bool { return !r.Perhaps })
				if pair := id + ": " + to.name + " over " + from.name; told != refused[pair] {
					t.Errorf("%s: told %v, refused %v", pair, told, refused[pair])
				}
			}
		}
	}
	if tried < 2500 || len(refused) == 0 {
		t.Errorf("%d pairs, %d refused", tried, len(refused))
	}
}
