package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/needs"
	"github.com/reggen/reggen/internal/repository"
)

// againVariable makes this test's binary the program that is watched.
const againVariable = "REGGEN_TEST_AGAIN"

// screen is an output that is read while it is written.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// watching is a reggen that watches.
type watching struct {
	*testEnv
	out, errs screen
	at        [2]int // what was seen of both
	stop      context.CancelFunc
	code      chan int
}

// watch starts a command with --watch; it is over when the test is.
func (e *testEnv) watch(stdout io.Writer, args ...string) *watching {
	e.t.Helper()
	e.t.Setenv(againVariable, "1")
	ctx, stop := context.WithCancel(context.Background())
	g := &watching{testEnv: e, stop: stop, code: make(chan int, 1)}
	w := e.world()
	w.Args, w.Stdin, w.Stdout, w.Stderr = append(args, "--watch"), strings.NewReader(""), &g.out, &g.errs
	if stdout != nil {
		w.Stdout = stdout
	}
	w.Builds.Executable = os.Executable
	go func() { g.code <- Run(ctx, w) }()
	e.t.Cleanup(stop)
	return g
}

// until waits until a run has ended since the last call, with these texts in
// what it wrote to either output.
func (g *watching) until(what string, texts ...string) {
	g.t.Helper()
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		errs, out := g.errs.text()[g.at[1]:], g.out.text()[g.at[0]:]
		missing := ""
		for _, text := range append(texts, "Ctrl-C ends it\n") {
			if !strings.Contains(out+errs, text) {
				missing = text
			}
		}
		if missing == "" && strings.HasSuffix(errs, "Ctrl-C ends it\n") {
			g.at = [2]int{len(g.out.text()), len(g.errs.text())}
			return
		}
		if time.Now().After(end) {
			g.t.Fatalf("%s: no %q in\n%s\n%s", what, missing, out, errs)
		}
		select {
		case code := <-g.code:
			g.t.Fatalf("%s: it ended with status %d\n%s", what, code, errs)
		default:
		}
	}
}

// ends has it end as Ctrl-C does.
func (g *watching) ends() {
	g.t.Helper()
	g.stop()
	select {
	case code := <-g.code:
		if code != 0 {
			g.t.Errorf("exit status %d", code)
		}
	case <-time.After(time.Minute):
		g.t.Fatal("it does not end")
	}
}

// renamed saves a file as editors do: under another name, and then by its own.
func (e *testEnv) renamed(rel, text string) {
	e.t.Helper()
	beside := filepath.Join(filepath.Dir(rel), "4913~")
	e.write(beside, text)
	if err := os.Rename(e.path(beside), e.path(rel)); err != nil {
		e.t.Fatal(err)
	}
}

// Whatever a build reads, a change of it is seen, and what is built then is what
// a fresh process builds.
func TestWatchBuild(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	const overlay, spec, base, file = "overlays/e0/kustomization.yaml", "overlays/e0/registry/registry.yaml", "bases/registry/registry.yaml", "overlays/e0/sealed/regcred.yaml"
	spec0, base0, sealed0 := e.read(spec), e.read(base), e.read(file)
	g := e.watch(nil, "build", "overlays/e0")
	g.until("the first run", "kind: Deployment", "--- done in ", "watching ")
	if fresh := e.ok("build", "overlays/e0"); g.out.text() != fresh {
		t.Errorf("the first run is another:\n%s", g.out.text())
	}
	e.renamed(spec, spec0+"  replicas: 3\n")
	g.until("a patch saved by renaming", "\n--- ", " changed\n", "replicas: 3")
	e.renamed(base, base0+"  metrics: {}\n")
	g.until("the base", "bases/registry/registry.yaml changed", "replicas: 3", "metrics")
	if fresh := e.ok("build", "overlays/e0"); !strings.HasSuffix(g.out.text(), "\n---\n"+fresh) {
		t.Error("what it built is another than what a fresh process builds")
	}
	e.write(base, strings.Replace(base0, "pullSecrets", "pullSekrets", 1))
	g.until("a mistake in the base", "pullSekrets", "--- exit status 1 in ")
	e.write(base, base0)
	g.until("mended", "replicas: 3", "--- done")
	e.write(file, strings.Replace(sealed0, "ENC[", "ENK[", 1))
	g.until("a sealed file", file+" changed", "--- exit status 1")
	e.remove(file)
	g.until("none", file+" changed", "--- exit status 1")
	e.write(file, sealed0)
	g.until("as it was", "--- done")

	// What is reached comes and goes.
	e.write(overlay, "generators: [registry]\nresources: [../../more/deep]\n")
	g.until("a folder that isn't there", "no such file or folder", "--- exit status 1")
	e.write("more/deep/kustomization.yaml", "resources: [x.yaml]\n")
	e.write("more/deep/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n")
	g.until("it came", "name: first", "--- done")
	e.renamed("more/deep/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: second}\n")
	g.until("a change in it", "more/deep/x.yaml changed", "name: second", "--- done")
	if err := os.RemoveAll(e.path("overlays/e0")); err != nil {
		t.Fatal(err)
	}
	g.until("the environment went", "--- exit status 1")
	e.write(overlay, "generators: [registry]\n")
	e.write("overlays/e0/registry/kustomization.yaml", "resources: [../../../bases/registry]\npatches: [{path: registry.yaml}]\n")
	e.write(spec, spec0)
	g.until("it came again", "no users", "--- exit status 1") // without its credentials
	g.ends()
}

// A check hears of rules, credentials, and what the environments are.
func TestWatchCheck(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	rules := e.read(".sops.yaml")
	g := e.watch(nil, "check")
	g.until("the first run", "1 environment checked", "--- done")
	e.key("other")
	e.renamed(".sops.yaml", strings.ReplaceAll(rules, e.keys["e0"], e.keys["other"]))
	g.until(".sops.yaml", ".sops.yaml changed", e.keys["other"])
	e.write(".sops.yaml", rules)
	g.until("as it was", ": 0 errors, ")
	e.write("overlays/e0/credentials/stray.txt", "x")
	g.until("a stray", "stray.txt changed", "is no credential")
	e.remove("overlays/e0/credentials/stray.txt")
	g.until("gone", ": 0 errors, ")
	e.write("overlays/new/registry/registry.yaml", strings.Replace(e.read("overlays/e0/registry/registry.yaml"), "r0.", "r1.", 1))
	e.write("overlays/new/registry/kustomization.yaml", "resources: [../../../bases/registry]\npatches: [{path: registry.yaml}]\n")
	e.write("overlays/new/kustomization.yaml", "generators: [registry]\n")
	g.until("an environment more", "2 environments checked", "--- exit status 1")
	g.ends()
}

// A diff is made anew after a change and after a commit, and says so where it is
// empty.
func TestWatchDiff(t *testing.T) {
	e := shared(t)
	g := e.watch(nil, "diff", "overlays/e0", "-o", "json")
	g.until("the first run", "[]\n", "--- nothing differs in ")
	e.renamed("bases/registry/registry.yaml", e.read("bases/registry/registry.yaml")+"  replicas: 4\n")
	g.until("the base", `"spec/replicas"`, "--- something differs in ")
	e.git("commit", "-q", "-a", "-m", "second")
	g.until("a commit", "git has another commit there", "--- nothing differs in ")
	g.ends()
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "reggen-diff-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What it writes itself is no change, wherever it goes, and what an editor puts
// beside a file isn't either.
func TestWatchSeesNotItself(t *testing.T) {
	needs.Unix(t, needs.Names)
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	to, err := os.Create(e.path("overlays/e0/out.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	g := e.watch(to, "build", "overlays/e0")
	g.until("the first run", "--- done")
	for _, name := range []string{".registry.yaml.swp", "4913", "registry.yaml~", ".#registry.yaml"} {
		e.write("overlays/e0/registry/"+name, "x")
	}
	e.write("README.md", "beside .sops.yaml")
	e.write("overlays/e0/registry/a\n\x1b[31mname", "x")
	g.until("a name that steers", `registry/a\n`, "--- done")
	e.write("overlays/e0/registry/last", "x")
	g.until("the last", "last changed", "--- done")
	g.ends()
	text := g.errs.text()
	if n := strings.Count(text, "--- done"); n > 4 || strings.Contains(text, "\x1b") || strings.Contains(text, "README") || strings.Contains(text, "out.yaml") || strings.Contains(text, "swp") {
		t.Errorf("%d runs:\n%s", n, text)
	}
}

func TestWatchRefuses(t *testing.T) {
	e := newEnv(t, 1, 1)
	for args, want := range map[string]string{
		"build overlays/e0 --allow-programs": "--watch: with --allow-programs or --allow-network would let in",
		"check --allow-network":              "--watch: with --allow-programs or --allow-network would let in",
		"check -o sarif":                     "a file of sarif holds one",
		"diff -o markdown":                   "a file of markdown holds one",
		"check --rendered -":                 "can't read standard input again",
		"build --secrets open":               `unknown way to treat secrets "open"`,
		"check --fail-on all":                "is no severity",
	} {
		if out, errs, code := run(t, e.dir, append(strings.Fields(args), "--watch")...); code != 2 || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d\n%s", args, code, errs)
		}
	}
	t.Setenv(againVariable, "1")
	for _, args := range []string{"build overlays/nothing", "check overlays/nothing"} {
		if out, errs, code := run(t, e.dir, append(strings.Fields(args), "--watch")...); code != 1 || out != "" || !strings.Contains(errs, "overlays/nothing: no such folder") {
			t.Errorf("%s: exit %d\n%s", args, code, errs)
		}
	}
}

// A stranger's files lead to nothing outside of the repository, and not to more
// than the bounds.
func TestWatchStaysInside(t *testing.T) {
	e := newEnv(t, 1, 1)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "x.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e.git("init", "-q")
	for link, to := range map[string]string{"out": outside, "root": "/", "up": "../..", "round": "round", "file": filepath.Join(outside, "x.yaml")} {
		if err := os.Symlink(to, e.path("overlays/e0/"+link)); err != nil {
			t.Fatal(err)
		}
	}
	rel, err := filepath.Rel(e.path("overlays/e0"), outside)
	if err != nil {
		t.Fatal(err)
	}
	e.write("overlays/e0/kustomization.yaml", fmt.Sprintf("generators: [registry]\nresources: [out/x.yaml, root/usr, %s, %s/none, /usr, ../../.git/config, file, ../../../../../../../usr]\n", rel, rel))
	for _, blind := range []bool{false, true} {
		reach, err := (&repository.Repository{Dir: e.dir}).Reach([]string{"overlays/e0"}, blind)
		if err != nil {
			t.Fatal(err)
		}
		folders := reach.Folders
		for _, path := range reach.Files {
			folders = append(folders, filepath.Dir(path))
		}
		for _, path := range folders {
			real, err := filepath.EvalSymlinks(path)
			if err != nil || real != e.dir && !strings.HasPrefix(real, e.dir+"/") || strings.Contains(path, "/.git/") {
				t.Errorf("it watches %s, in %s", path, real)
			}
		}
		if len(reach.Folders) < 5 {
			t.Errorf("that is all: %v", reach)
		}
	}
	for i := range 4001 {
		if err := os.MkdirAll(e.path(fmt.Sprintf("overlays/e0/many/%d", i)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"overlays/e0", "overlays"} {
		if _, err := (&repository.Repository{Dir: e.dir}).Reach([]string{dir}, true); !problemSays(err, "more than 4000 folders") {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func problemSays(err error, text string) bool {
	p, is := err.(problem.Problem)
	return is && strings.Contains(p.Error(), text)
}
