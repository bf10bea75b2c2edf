// Package arch holds the rules of the house that a compiler does not check.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/reggen/reggen/"

// owners: a heavy dependency, by import prefix, and the only folders that may
// import it.
var owners = map[string]string{
	"helm.sh/helm/":                    "generator/chart",
	"github.com/getsops/sops/":         "generator/rules generator/sops",
	"filippo.io/age":                   "generator/sops",
	"sigs.k8s.io/kustomize/api/":       "internal/kustomize",
	"github.com/spf13/cobra":           "internal/cli",
	"golang.org/x/term":                "internal/terminal",
	"k8s.io/client-go/":                "generator/kubernetes",
	"github.com/google/jsonschema-go/": "generator/chart",
	"github.com/santhosh-tekuri/":      "generator/chart",
	"github.com/Masterminds/sprig/":    "generator/mint",
	"golang.org/x/crypto/bcrypt":       "generator/credential",
	"github.com/trustelem/zxcvbn/":     "generator/strength generator/strength/words",
	"github.com/gofrs/flock":           "internal/repository",
	"github.com/google/renameio/":      "internal/repository",
	"github.com/schollz/progressbar/":  "internal/terminal",
	"github.com/fatih/color":           "internal/terminal",
	"github.com/homeport/dyff/":        "internal/diff",
	"github.com/fsnotify/fsnotify":     "internal/watch",
	module + "internal/cli":            "cmd/reggen",
}

// upwards: what the parts of the generator may not import.
var upwards = []string{module + "internal/", module + "cmd/", module + "generator/krm"}

// worldly: packages through which code reaches the environment, the disk, other
// programs, the network or chance. generator and its parts are functions of
// their input, so none imports one but for the reason that stands beside it.
var worldly = []string{"os", "os/exec", "os/user", "os/signal", "io/ioutil", "net", "net/http", "syscall", "math/rand", "math/rand/v2", "crypto/rand", "plugin", "unsafe"}

var excused = map[string]string{
	"generator/credential crypto/rand":             "draws from the reader it is given (rand.Int); bcrypt draws its salts itself",
	"generator/rendered net":                       "splits a host from its port",
	"generator/bounded os":                         "opens the one file it is told to read, for the generator's callers, generator/rules and generator/sops",
	"generator/bounded path/filepath.EvalSymlinks": "asks where the links lead on the way to that file",
	"generator/rules os":                           "looks whether there is a .sops.yaml, and whether it is a link",
	"generator/rules path/filepath.Abs":            "takes the folders above a file, as SOPS does",
	"generator/rules time.Now":                     "tells whether a .sops.yaml was written long enough ago for its next change to show",
	"generator/bounded syscall":                    "opens a named pipe without waiting for a writer",
}

// clockwork: functions of packages that are otherwise pure.
var clockwork = map[string][]string{
	"time":          {"Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker", "Tick", "AfterFunc", "Local"},
	"path/filepath": {"Abs", "EvalSymlinks", "Walk", "WalkDir", "Glob"},
}

type source struct {
	dir  string // relative to the module, with slashes
	name string
	file *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var out []source
	for _, top := range []string{"cmd", "generator", "internal", "docs"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, filepath.Dir(path))
			out = append(out, source{filepath.ToSlash(rel), filepath.Base(path), f})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 20 {
		t.Fatalf("only %d source files found: the walk is wrong", len(out))
	}
	return out
}

func imports(f *ast.File) map[string]string {
	out := map[string]string{} // local name -> path
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		name := path[strings.LastIndex(path, "/")+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		out[name] = path
	}
	return out
}

func TestHeavyDependenciesHaveOneOwner(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		for _, path := range imports(s.file) {
			for prefix, owner := range owners {
				if !strings.HasPrefix(path, prefix) {
					continue
				}
				used[prefix] = true
				if !slices.Contains(strings.Fields(owner), s.dir) {
					t.Errorf("%s/%s imports %s, which only %s may", s.dir, s.name, path, owner)
				}
			}
		}
	}
	for prefix := range owners {
		if !used[prefix] {
			t.Errorf("nothing imports %s: the rule is dead", prefix)
		}
	}
}

func TestTheGeneratorImportsNothingAboveIt(t *testing.T) {
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.dir, "generator") {
			continue
		}
		for _, path := range imports(s.file) {
			for _, up := range upwards {
				if strings.HasPrefix(path, up) {
					t.Errorf("%s/%s imports %s", s.dir, s.name, path)
				}
			}
			if s.dir != "generator" && s.dir != "generator/krm" && path == strings.TrimSuffix(module, "/")+"/generator" {
				t.Errorf("%s/%s imports the package that composes it", s.dir, s.name)
			}
			if s.dir == "generator/sealed" && strings.Contains(path, "generator/sops") {
				t.Errorf("%s/%s could decrypt", s.dir, s.name)
			}
		}
	}
}

func TestTheGeneratorReadsNoEnvironmentClockOrDisk(t *testing.T) {
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.dir, "generator") || s.dir == "generator/sops" {
			continue
		}
		names := imports(s.file)
		for name, path := range names {
			for _, w := range worldly {
				if path == w && excused[s.dir+" "+path] == "" {
					t.Errorf("%s/%s imports %s", s.dir, s.name, path)
				}
			}
			if name == "." {
				t.Errorf("%s/%s imports %s without its name, so that nobody can see what it uses", s.dir, s.name, path)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Obj != nil {
				return true
			}
			for _, f := range clockwork[names[pkg.Name]] {
				if sel.Sel.Name == f && excused[s.dir+" "+names[pkg.Name]+"."+f] == "" {
					t.Errorf("%s/%s uses %s.%s", s.dir, s.name, names[pkg.Name], f)
				}
			}
			return true
		})
	}
}

// What proves the program is no part of it.
func TestCasesAreForTestsAlone(t *testing.T) {
	for _, s := range sources(t) {
		for _, path := range imports(s.file) {
			if path == module+"internal/cases" {
				t.Errorf("%s/%s imports %s, which only tests may", s.dir, s.name, path)
			}
		}
	}
}
