// Package kustomize is kustomize inside reggen: the bytes of "kustomize build
// --enable-alpha-plugins" with reggen's generator in the same process. It is
// the only importer of krusty, and the only package that knows how reggen gets
// into it.
package kustomize

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// Request is one call of a generator or transformer.
type Request struct {
	Root   string // the folder whose kustomization.yaml holds the entry
	Config []byte // the merged spec

	Transformer bool
	Items       []byte        // for a transformer: the objects so far, a YAML stream
	Nodes       []*yaml.RNode // the same, which it may change

	first bool // of a run of kustomize
}

// Generator makes the objects of one spec.
type Generator func(Request) ([]object.Object, error)

// Failure is an error of kustomize itself. Its text can quote what kustomize
// read or was given: a caller that handed it secrets in the clear must not
// show it.
type Failure struct {
	Dir string
	err error
}

func (f Failure) Error() string { return f.Problem().Error() }

// Unwrap lets a list of problems take it in as one, with its folder.
func (f Failure) Unwrap() error { return f.Problem() }

// Problem is the failure in one form with other mistakes.
func (f Failure) Problem() problem.Problem {
	text := f.err.Error()
	if strings.Contains(text, "namespace transformation produces ID conflict") {
		// kustomize goes on with both objects, whole.
		return problem.Problem{File: f.Dir, What: "kustomize: the namespace: of a kustomization would put two objects of one name into one namespace",
			Want: "no namespace: over a registry whose pull secrets go to several; set metadata.namespace in the spec instead"}
	}
	if m := twice().FindStringSubmatch(text); m != nil {
		id := object.ID{Kind: m[1], Namespace: m[3], Name: m[2]}
		return problem.Problem{File: f.Dir, What: "kustomize: the " + id.String() + " is there already when a generator makes it",
			Want: "a metadata.name of its own for each Registry, and no resource of the name of what it makes"}
	}
	if p, ok := inOurWords(f.Dir, text); ok {
		return p
	}
	for attempt().MatchString(text) {
		text = attempt().ReplaceAllString(text, "$1: ")
	}
	text = strings.ReplaceAll(text, f.Dir+string(filepath.Separator), "")
	if text = strings.TrimSpace(text); !quotesNothing(text) {
		// It may hold literals of a secretGenerator, or a whole object.
		return problem.Problem{File: f.Dir, What: "kustomize can't build it, and what it says may quote a secret", Next: "kustomize build --enable-alpha-plugins " + filepath.ToSlash(f.Dir) + "   # says why"}
	}
	return problem.Problem{File: f.Dir, What: "kustomize: " + text}
}

// attempt is kustomize's report that an entry is no file, which it gives in
// front of what is wrong with the folder.
var attempt = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`accumulation err='.*?' must resolve to a file': recursed accumulation of path '([^']+)': `)
})

// twice is kustomize's report of an object that a generator makes although it
// is there; it goes on with addresses of this process.
var twice = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`merging from generator .*: id resid\.ResId\{Gvk:resid\.Gvk\{.*?Kind:"([^"]*)".*?\}, Name:"([^"]*)", Namespace:"([^"]*)"\} exists; can not use behavior`)
})

// Built is the outcome of a build.
type Built struct {
	Text []byte // the bytes that the kustomize command prints

	// Objects are what generators made, each as often as one was asked: a
	// kustomization that two others name is built twice.
	Objects []object.Object

	// Untouched says that the build is these objects, as they were made: the
	// kustomization does nothing else.
	Untouched bool
}

// Build builds dir, an absolute path, as the kustomize command does. An error
// of gen comes back as it was; any other is a Failure, or a problem where the
// build asks for what is not allowed.
func (a Allow) Build(dir string, gen Generator) (Built, error) {
	return within(a, dir, func() (Built, error) { return a.build(dir, gen) })
}

func (a Allow) build(dir string, gen Generator) (Built, error) {
	if k, err := a.read(dir); err == nil && k == nil {
		return Built{}, a.missing(dir)
	}
	useNone()
	gen = once(gen)
	if out, objects, ok, err := a.direct(dir, gen); ok {
		return Built{out, objects, true}, err
	}
	var made []object.Object
	out, err := a.whole(dir, func(r Request) ([]object.Object, error) {
		if r.first {
			made = nil // a build may start over
		}
		objects, err := gen(r)
		made = append(made, objects...)
		return objects, err
	})
	return Built{Text: out, Objects: made}, err
}

// whole is a build that leaves everything but gen to kustomize.
func (a Allow) whole(dir string, gen Generator) ([]byte, error) {
	files := a.reader()
	out, err := a.kustomized(files, dir, gen)
	if files.schema && len(files.refused) == 0 {
		useBuiltIn()
		out, err = a.kustomized(files, dir, gen)
		loaded = unknown // it may now hold a user's schema
	}
	if files.function && len(files.refused) == 0 {
		if l := a.functions(dir); !a.Programs && len(l) > 0 {
			return nil, l
		}
		// A Registry annotated as a KRM function is no plugin to kustomize: it
		// drops it in silence where it may not run programs. Resolved and put
		// inline without the annotation it is one.
		inline, found, ierr := a.inlined(dir)
		if ierr != nil {
			return nil, ierr
		}
		if found {
			return a.kustomized(inline, dir, gen)
		}
	}
	return out, err
}

func (a Allow) kustomized(files *reader, dir string, gen Generator) ([]byte, error) {
	r := &run{allow: a, generate: gen}
	files.dir, files.volume = dir, filepath.VolumeName(dir)
	rm, err := r.kustomize(files, dir)
	switch {
	case len(files.refused) > 0:
		return nil, files.refused
	case len(files.repeated) > 0:
		return nil, files.repeated
	case files.failed != nil:
		return nil, files.failed
	}
	if r.err != nil {
		return nil, r.err
	}
	if err != nil {
		return nil, a.failure(dir, err)
	}
	out, err := rm.AsYaml()
	if err != nil {
		return nil, Failure{dir, err}
	}
	return out, nil
}

// failure words an error of kustomize.
func (a Allow) failure(dir string, err error) error {
	if p, ok := a.stopped(dir, err.Error()); ok {
		if l := a.functions(dir); !a.Programs && len(l) > 0 {
			return l
		}
		return p
	}
	if l := a.unreadable(dir); len(l) > 0 {
		return l
	}
	if l := a.clashes(dir, err.Error()); len(l) > 0 {
		return l
	}
	return Failure{dir, err}
}

var errNoRegistry = errors.New("this build of reggen can't reach kustomize's plugin registry: it was built with another kustomize")

// kustomize runs one kustomization with the options of the command line.
func (r *run) kustomize(files filesys.FileSystem, dir string) (resmap.ResMap, error) {
	if registry == nil {
		return nil, errNoRegistry
	}
	restore, err := r.allow.hidePlugin()
	if err != nil {
		return nil, err
	}
	defer restore()
	if loaded == none && useMergeKeys() != nil {
		useBuiltIn()
	}
	if r.barrier, err = r.allow.raise(); err != nil {
		return nil, err
	}
	defer r.barrier.remove()
	defer log.SetOutput(log.Writer())
	log.SetOutput(shown{log.Writer()})
	version = cliVersion
	defer r.install()()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	options.PluginConfig = types.EnabledPluginConfig(types.BploUseStaticallyLinked)
	options.PluginConfig.HelmConfig.Enabled = r.allow.Programs
	options.PluginConfig.HelmConfig.Command = "helm"
	options.PluginConfig.FnpLoadingOptions.EnableExec = r.allow.Programs
	return krusty.MakeKustomizer(options).Run(files, dir)
}

// shown is where kustomize's log goes, which quotes what it has read.
type shown struct{ to io.Writer }

// Write writes one entry of the log.
func (s shown) Write(entry []byte) (int, error) {
	_, err := fmt.Fprintln(s.to, problem.Shown(strings.TrimSuffix(string(entry), "\n")))
	return len(entry), err
}

// noHome is a plugin home without plugins: a folder that exists everywhere. What
// there is below it after all, vet refuses.
const noHome = string(filepath.Separator)

// homeVariable tells kustomize where its plugins are.
const homeVariable = "KUSTOMIZE_PLUGIN_HOME"

// hidePlugin makes sure that no installed reggen is found, which kustomize
// would start instead of asking this process, and none of other people's
// unless programs are allowed.
func (a Allow) hidePlugin() (restore func(), err error) {
	home, found := pluginHome()
	temporary := ""
	switch {
	case !found || !a.Programs:
		home = noHome
	case !exists(filepath.Join(home, "reggen.dev")):
		return func() {}, nil
	case onlyReggen(home):
		home = noHome
	default:
		if temporary, err = withoutReggen(home); err != nil {
			return nil, err
		}
		home = temporary
	}
	old, was := os.LookupEnv(homeVariable)
	if err := os.Setenv(homeVariable, home); err != nil {
		return nil, err
	}
	return func() {
		if was {
			_ = os.Setenv(homeVariable, old)
		} else {
			_ = os.Unsetenv(homeVariable)
		}
		if temporary != "" {
			_ = os.RemoveAll(temporary)
		}
	}, nil
}

// onlyReggen says that a plugin home holds nothing else, so that nothing has
// to be made to hide it.
func onlyReggen(home string) bool {
	entries, err := os.ReadDir(home)
	return err == nil && len(entries) == 1
}

// withoutReggen makes a plugin home that links to everything of another but
// reggen.
func withoutReggen(home string) (string, error) {
	entries, err := os.ReadDir(home)
	if err != nil {
		return "", fmt.Errorf("reading the plugin home: %w", err)
	}
	dir, err := os.MkdirTemp("", "reggen-plugins-")
	if err != nil {
		return "", fmt.Errorf("making a plugin home without reggen: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "reggen.dev" {
			continue
		}
		target, err := filepath.Abs(filepath.Join(home, e.Name()))
		if err == nil {
			err = os.Symlink(target, filepath.Join(dir, e.Name()))
		}
		if err != nil {
			_ = os.RemoveAll(dir)
			return "", fmt.Errorf("linking other plugins: %w", err)
		}
	}
	return dir, nil
}

// PluginHome is the folder in which kustomize looks for plugins: the first of
// its candidates that exists. When none does, it is the first that is set, and
// found is false. The order is that of kustomize 5.8.2 (api/konfig).
func PluginHome(env func(string) string, home string) (dir string, found bool) {
	var candidates []string
	if d := env(homeVariable); d != "" {
		candidates = append(candidates, d)
	}
	if d := env("XDG_CONFIG_HOME"); d != "" {
		candidates = append(candidates, filepath.Join(d, "kustomize", "plugin"))
	}
	if home != "" {
		candidates = append(candidates, filepath.Join(home, ".config", "kustomize", "plugin"), filepath.Join(home, "kustomize", "plugin"))
	}
	for _, d := range candidates {
		if exists(d) {
			return d, true
		}
	}
	if len(candidates) == 0 {
		return "", false
	}
	return candidates[0], false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
