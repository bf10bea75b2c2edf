package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
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
			if under := underKustomize(t, e); under != "" && under != want {
				t.Errorf("under kustomize: got\n%swant\n%s", under, want)
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

// underKustomize is what a plugin of kustomize says, which gets the spec merged
// and the environment's folder; "" where kustomize has nothing to hand over.
func underKustomize(t *testing.T, e *testEnv) string {
	t.Helper()
	w := e.world()
	found, err := w.Allow.Find(e.path("overlays/e0"))
	if err != nil || len(found) != 1 {
		return ""
	}
	told, _ := plugged(t, e, found[0].Spec)
	return told
}

func plugged(t *testing.T, e *testEnv, config []byte) (told string, code int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	env := map[string]string{"KUSTOMIZE_PLUGIN_CONFIG_ROOT": e.path("overlays/e0")}
	w := New([]string{file}, &terminal.Terminal{
		Stdout: io.Discard, Stderr: &errs, Getenv: func(name string) string { return env[name] }, Now: time.Now,
	}, &repository.Repository{Dir: e.path("overlays/e0")}, Machine{})
	code = Run(context.Background(), w)
	return strings.ReplaceAll(strings.TrimPrefix(errs.String(), "reggen: "), e.dir+"/", ""), code
}

// A plugin that is handed something else than the layers come to names no place
// in them.
func TestNoPlaceInOtherLayers(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.write("overlays/e0/registry/registry.yaml", headOf+"  host: https://r.example.com\n")
	found, err := e.world().Allow.Find(e.path("overlays/e0"))
	if err != nil || len(found) != 1 {
		t.Fatal(err)
	}
	told, _ := plugged(t, e, found[0].Spec)
	if !strings.Contains(told, "overlays/e0/registry/registry.yaml:5:9: spec.host: ") {
		t.Errorf("got %s", told)
	}
	e.write("overlays/e0/registry/registry.yaml", headOf+"  host: http://r.example.com\n")
	if told, code := plugged(t, e, found[0].Spec); code != 1 || strings.Contains(told, "registry.yaml") || !strings.Contains(told, "overlays/e0: spec.host: ") {
		t.Errorf("got %d %s", code, told)
	}
}

// On a terminal the line is shown, and never more of it than may be.
func TestTheLineOnATerminal(t *testing.T) {
	e := newEnv(t, 1, 1)
	for name, c := range map[string]struct{ patch, want string }{
		"a value that is told":  {"  replicas: 1\n  image: {flavor: distributon}   # x\n", "    6 | ... distributon ...\n      |     ^"},
		"on a line of its own":  {"  image:\n    flavor: distributon # canary\n", "    6 |     flavor: distributon\n      |             ^"},
		"a key":                 {"  hosst: r.example.com\n", "    5 |   hosst: r.example.com\n      |   ^"},
		"a tab":                 {"  host:\t9\n", "    5 |   host: 9\n      |         ^"},
		"wide letters":          {"  pullSecrets: {\"東京\": {user: u}}\n", "    5 | ... \"東京\": ...\n      |     ^"},
		"a mapping":             {"  storage:\n    filesystem: {size: 1Gi}\n    s3: {bucket: images}\n", "    5 |   storage:\n      |   ^"},
		"a secret":              {"  storage: {s3: {secretKey: canary}}\n", "    5 | ... secretKey: ...\n      |     ^"},
		"a secret as a key":     {"  AKIAIOSFODNN7EXAMPLE: canary\n", "    5 |   ...\n      |   ^"},
		"a password for a name": {"  password: canary\n", "    5 |   password: ...\n      |   ^"},
		"a password in a URL":   {"  host: me:canary@r.example.com\n", "    5 |   host: ...\n      |         ^"},
		"a value by its length": {"  host: canary" + strings.Repeat("x", 70) + ".example.com/\n", "    5 |   host: ...\n      |         ^"},
		"a near name":           {"  hostt: canary and more\n", "    5 |   hostt: ...\n      |   ^"},
	} {
		t.Run(name, func(t *testing.T) {
			e.write("overlays/e0/registry/registry.yaml", headOf+c.patch)
			w := e.world()
			var errs bytes.Buffer
			w.Args, w.Stdout, w.Stderr, w.StderrIsTerm = []string{"build", "overlays/e0"}, io.Discard, &errs, true
			if Run(context.Background(), w) == 0 {
				t.Fatal("it builds")
			}
			told := errs.String()
			if strings.Contains(told, "canary") || strings.Contains(told, "AKIA") {
				t.Errorf("it shows a secret: %s", told)
			}
			if !strings.Contains(told, c.want) {
				t.Errorf("got\n%s\nwant\n%s", told, c.want)
			}
			w = e.world()
			errs.Reset()
			w.Args, w.Stdout, w.Stderr = []string{"build", "overlays/e0"}, io.Discard, &errs
			if Run(context.Background(), w) == 0 || strings.Contains(errs.String(), " | ") {
				t.Errorf("in a pipe: %s", errs.String())
			}
		})
	}
}
