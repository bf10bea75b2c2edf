package kustomize

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	goyaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// Found is one spec that a build of a kustomization would hand to reggen.
type Found struct {
	Root string // the folder whose kustomization file names it
	Spec []byte // merged, as the generator gets it

	// Annotated says that it asks kustomize to run a function, which kustomize
	// leaves out without a word unless it runs with --enable-exec.
	Annotated bool
}

// Find walks the local kustomizations from dir, an absolute path, through
// resources, bases and components, and resolves every entry under generators
// and transformers to the Registries in it. It runs no generator. The errors
// name the file.
func (a Allow) Find(dir string) ([]Found, error) {
	return within(a, dir, func() ([]Found, error) { return a.find(dir) })
}

func (a Allow) find(dir string) ([]Found, error) {
	useNone()
	var out []Found
	err := a.walk(dir, map[string]bool{}, func(k *kustomization) error {
		for _, entry := range append(append([]string{}, k.Generators...), k.Transformers...) {
			specs, err := k.resolve(entry)
			if err != nil {
				return err
			}
			for _, s := range specs {
				out = append(out, Found{k.dir, s.text, s.annotated})
			}
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		// A typo in a kind makes an object of nobody's.
		return nil, a.unreadable(dir).Err()
	}
	return out, err
}

// Function is an object that asks kustomize to run a program. One for exec it
// leaves out without a word unless it runs with --enable-exec.
type Function struct {
	Root, Kind, Name string // Root is the folder whose kustomization file names it

	file, how string // that file, and what it would run
}

// Functions walks as Find does and returns the functions of others than
// reggen that a program answers; a container's a build refuses. What can't be
// read is left to a build to tell.
func (a Allow) Functions(dir string) []Function {
	found, _ := within(a, dir, func() ([]Function, error) { return a.foreign(dir), nil })
	return slices.DeleteFunc(found, func(f Function) bool { return f.how == inContainer })
}

func (a Allow) foreign(dir string) (out []Function) {
	useNone()
	_ = a.walk(dir, map[string]bool{}, func(k *kustomization) error {
		for _, entry := range slices.Concat(k.Generators, k.Transformers, k.Validators) {
			l := k.content(entry)
			if l.err != nil || !l.files.function && !strings.Contains(entry, "\n") {
				continue
			}
			for _, r := range l.rm.Resources() {
				if how := program(r.GetAnnotations()); r.GetGvk().Group != "reggen.dev" && how != "" {
					out = append(out, Function{k.dir, r.GetKind(), r.GetName(), k.file, how})
				}
			}
		}
		return nil
	})
	return out
}

const inContainer = "a container"

// program says what an object asks kustomize to run, "" for nothing.
func program(annotations map[string]string) string {
	var how struct {
		Exec      any `json:"exec"`
		Container any `json:"container"`
	}
	for _, text := range []string{annotations[function], annotations[functionOld]} {
		switch err := yaml.Unmarshal([]byte(text), &how); {
		case err != nil:
		case how.Container != nil:
			return inContainer
		case how.Exec != nil:
			return "a program"
		}
	}
	return ""
}

// kustomization is what matters here of a kustomization file.
type kustomization struct {
	allow     Allow
	dir, file string
	text      []byte
	lists
}

// lists are the fields of a kustomization that this package looks at. They are
// shared: who changes one takes a copy.
type lists struct {
	Resources    []string `json:"resources"`
	Bases        []string `json:"bases"`
	Components   []string `json:"components"`
	Generators   []string `json:"generators"`
	Transformers []string `json:"transformers"`
	Validators   []string `json:"validators"`
	Patches      []struct {
		Path string `json:"path"`
	} `json:"patches"`
}

var kustomizations memo.Of[lists]

var names = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// read reads the kustomization file of a folder; nil when there is none.
func (a Allow) read(dir string) (*kustomization, error) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		text, err := a.readFile(path)
		if os.IsNotExist(err) || errors.Is(err, syscall.ENOTDIR) {
			continue
		}
		if bounded.IsProblem(err) {
			return nil, err
		}
		if err != nil {
			return nil, problem.Problem{File: path, What: "can't read this file"}
		}
		said, err := kustomizations.Get(text, func() (k lists, err error) {
			err = yaml.Unmarshal(text, &k)
			return k, err
		})
		if err != nil {
			return nil, problem.Problem{File: path, What: "is not a kustomization", Want: "valid YAML with lists of paths under resources and generators",
				Next: "kustomize build " + filepath.ToSlash(dir) + "   # says where"}
		}
		return &kustomization{allow: a, dir: dir, file: path, text: text, lists: said}, nil
	}
	return nil, nil
}

// walk calls visit for the kustomization of dir and, below it, for each local
// one it names, each once.
func (a Allow) walk(dir string, seen map[string]bool, visit func(*kustomization) error) error {
	if real, err := bounded.EvalSymlinks(dir); err == nil {
		dir = real // as kustomize sees it
	}
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	k, err := a.read(dir)
	if err != nil {
		return err
	}
	if k == nil {
		return a.missing(dir)
	}
	if err := visit(k); err != nil {
		return err
	}
	for _, list := range [][]string{k.Resources, k.Bases, k.Components} {
		for _, entry := range list {
			path := filepath.Join(dir, entry)
			info, err := os.Stat(path)
			if err != nil || !info.IsDir() {
				continue // a file, something remote, or what kustomize will complain about
			}
			if err := a.walk(path, seen, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a Allow) missing(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		return problem.Problem{File: dir, What: "no such folder", Near: problem.Nearest(filepath.Base(dir), a.generating(filepath.Dir(dir)))}
	case err == nil && !info.IsDir():
		return problem.Problem{File: dir, What: "not a folder", Want: "the folder of an environment"}
	}
	p := problem.Problem{File: dir, What: "no kustomization.yaml here", Want: "the folder of an environment, for instance overlays/prod"}
	if exists(filepath.Join(dir, "credentials")) {
		p.Want = "one that says: generators: [registry]"
		return p
	}
	for _, below := range []string{".", "overlays"} {
		if found := a.generating(filepath.Join(dir, below)); len(found) > 0 {
			p.Want = "the folder of an environment, for instance " + filepath.ToSlash(filepath.Join(below, found[0])) + " in it"
			break
		}
	}
	return p
}

// generating are the names of the folders in dir whose kustomizations have
// generators: environments, most likely.
func (a Allow) generating(dir string) (found []string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if k, err := a.read(filepath.Join(dir, entry.Name())); err == nil && k != nil && len(k.Generators) > 0 {
			found = append(found, entry.Name())
		}
	}
	return found
}

// unreadable names the files of a kustomization, and of those it names, that
// are missing or no YAML: kustomize only says that it could not use them.
func (a Allow) unreadable(dir string) problem.List {
	var l problem.List
	seen := map[string]bool{}
	var look func(dir string)
	look = func(dir string) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		k, err := a.read(dir)
		if err != nil {
			l.Join(err)
		}
		if err != nil || k == nil {
			return
		}
		l = append(l, k.unknownFields()...)
		entries := slices.Concat(k.Resources, k.Bases, k.Components, k.Generators, k.Transformers)
		for _, p := range k.Patches {
			entries = append(entries, p.Path)
		}
		for _, entry := range entries {
			path := filepath.Join(dir, entry)
			info, err := os.Stat(path)
			switch {
			case entry == "" || remote().MatchString(entry):
			case os.IsNotExist(err):
				l.Add(problem.Problem{File: k.file, What: fmt.Sprintf("names %q, and there is no such file or folder", entry)})
			case err != nil:
			case info.IsDir():
				look(path)
			default:
				l = append(l, a.parses(path)...)
			}
		}
	}
	look(dir)
	return l
}

// remote matches what kustomize fetches, and inline YAML: no local path.
var remote = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`://|^git@|^github\.com/|[?&](ref|version)=|\n|: `) })

var yamlLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`line (\d+)`) })

// parses says where a file is no YAML.
func (a Allow) parses(path string) problem.List {
	data, err := a.readFile(path)
	switch {
	case bounded.IsProblem(err):
		var l problem.List
		l.Join(err)
		return l
	case err != nil:
		return problem.List{{File: path, What: "can't read this file"}}
	}
	d := goyaml.NewDecoder(bytes.NewReader(data))
	for {
		var n goyaml.Node
		switch err := d.Decode(&n); {
		case err == io.EOF:
			return nil
		case err != nil:
			p := problem.Problem{File: path, What: "is not valid YAML"}
			if m := yamlLine().FindStringSubmatch(err.Error()); m != nil {
				p.Line, _ = strconv.Atoi(m[1])
			}
			return problem.List{p}
		}
		if p := otherKind(path, &n); p != nil {
			return problem.List{*p}
		}
	}
}

// otherKind says that a document is of reggen's group and of no kind in it.
func otherKind(path string, n *goyaml.Node) *problem.Problem {
	var doc struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
	}
	if n.Decode(&doc) != nil || !strings.HasPrefix(doc.APIVersion, "reggen.dev/") {
		return nil
	}
	p := &problem.Problem{File: path, Line: n.Line}
	switch {
	case doc.APIVersion != spec.APIVersion:
		p.Path, p.What, p.Want = "apiVersion", "is no version that this reggen knows", spec.APIVersion
	case !slices.Contains(spec.Kinds, doc.Kind) && doc.Kind != spec.KindCredential:
		p.Path, p.What, p.Want = "kind", "is no kind of reggen's", problem.OneOf(spec.Kinds)
		p.Near = problem.Nearest(doc.Kind, spec.Kinds)
	default:
		return nil
	}
	return p
}
