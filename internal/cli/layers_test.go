package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
)

// The layers that a case doesn't bring itself, and what HEAD stands for in one.
const (
	headOf    = "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: docker-registry, namespace: registry}\nspec:\n"
	goodBase  = "HEAD\n  host: registry.example.com\n  storage: {s3: {provider: digitalocean, region: nyc3, bucket: images}}\n  ingress: {className: nginx, clusterIssuer: letsencrypt}\n  pullSecrets: {regcred: {user: puller, namespaces: [default]}}\n"
	goodPatch = "HEAD\n  replicas: 2\n"
)

// short are the names that cases have for files.
var short = map[string]string{
	"base.yaml": "bases/registry/registry.yaml", "base/kustomization.yaml": "bases/registry/kustomization.yaml",
	"patch.yaml": "overlays/e0/registry/registry.yaml", "kustomization.yaml": "overlays/e0/registry/kustomization.yaml",
	"env.yaml": "overlays/e0/kustomization.yaml",
}

// pointer stands in a case in front of what is wrong: where it stands is the
// place to be told.
const pointer = "▸"

// Each mistake is told with the file, the line and the column of the layer that
// made it. Every case is an archive: the text to be told, with @1 for the place
// of the first pointer in its files, and the files.
func TestMistakesInLayers(t *testing.T) {
	e := newEnv(t, 1, 1)
	if stderr, code := runQuiet(t, e.dir, "seal", "--accept-recipients", e.keys["e0"], "overlays/e0"); code != 0 {
		t.Fatal(stderr)
	}
	good := e.files()
	cases, err := filepath.Glob("testdata/layers/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 60 {
		t.Errorf("only %d cases", len(cases))
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			restore(t, e, good)
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			places := e.layers(archive.Files)
			stderr, code := runQuiet(t, e.dir, "build", "overlays/e0")
			if code != 1 {
				t.Errorf("status %d", code)
			}
			told := strings.ReplaceAll(strings.TrimPrefix(stderr, "reggen: "), e.dir+"/", "")
			if *update {
				for i, place := range places {
					told = strings.ReplaceAll(told, place+": ", fmt.Sprintf("@%d: ", i+1))
				}
				archive.Comment = []byte(told)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := string(archive.Comment)
			for i, place := range places {
				name := fmt.Sprintf("@%d: ", i+1)
				if !strings.Contains(want, name) {
					t.Errorf("%s is not to be told", name)
				}
				want = strings.ReplaceAll(want, name, place+": ")
			}
			if len(places) == 0 && !strings.HasPrefix(filepath.Base(path), "nowhere-") {
				t.Error("nothing is pointed at")
			}
			if told != want {
				t.Errorf("got\n%swant\n%s", told, want)
			}
		})
	}
}

// layers writes the files of a case and returns the places pointed at.
func (e *testEnv) layers(files []txtar.File) (places []string) {
	e.write("bases/registry/registry.yaml", strings.ReplaceAll(goodBase, "HEAD\n", headOf))
	e.write("overlays/e0/registry/registry.yaml", strings.ReplaceAll(goodPatch, "HEAD\n", headOf))
	for _, f := range files {
		name := f.Name
		if long, is := short[name]; is {
			name = long
		}
		text := strings.ReplaceAll(string(f.Data), "HEAD\n", headOf)
		text = strings.NewReplacer("<CR>", "\r", "<TAB>", "\t", "<BOM>", "\ufeff", "<LS>", "\u2028").Replace(text)
		for {
			before, after, found := strings.Cut(text, pointer)
			if !found {
				break
			}
			text = before + after
			line := before[strings.LastIndex(before, "\n")+1:]
			line = strings.TrimPrefix(line, "\ufeff")
			places = append(places, fmt.Sprintf("%s:%d:%d", name, strings.Count(before, "\n")+1, utf8.RuneCountInString(line)+1))
		}
		e.write(name, text)
	}
	return places
}

func runQuiet(t *testing.T, dir string, args ...string) (stderr string, code int) {
	t.Helper()
	_, stderr, code = runWith(t, dir, "", args...)
	return stderr, code
}
