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
	"syscall"

	goyaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// Found is one Registry that a build of a kustomization would hand to reggen.
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
func Find(dir string) ([]Found, error) {
	mutex.Lock()
	defer mutex.Unlock()
	if err := useMergeKeys(); err != nil {
		useBuiltIn()
	}
	var out []Found
	err := walk(dir, map[string]bool{}, func(k *kustomization) error {
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
		return nil, unreadable(dir).Err()
	}
	return out, err
}

// kustomization is what matters here of a kustomization file.
type kustomization struct {
	dir, file string
	text      []byte

	Resources    []string `json:"resources"`
	Bases        []string `json:"bases"`
	Components   []string `json:"components"`
	Generators   []string `json:"generators"`
	Transformers []string `json:"transformers"`
	Patches      []struct {
		Path string `json:"path"`
	} `json:"patches"`
}

var names = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// read reads the kustomization file of a folder; nil when there is none.
func read(dir string) (*kustomization, error) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) || errors.Is(err, syscall.ENOTDIR) {
			continue
		}
		if err != nil {
			return nil, problem.Problem{File: path, What: "can't read this file"}
		}
		k := &kustomization{dir: dir, file: path, text: text}
		if err := yaml.Unmarshal(text, k); err != nil {
			return nil, problem.Problem{File: path, What: "is not a kustomization", Want: "valid YAML with lists of paths under resources and generators",
				Next: "kustomize build " + dir + "   # says where"}
		}
		return k, nil
	}
	return nil, nil
}

// walk calls visit for the kustomization of dir and, below it, for each local
// one it names, each once.
func walk(dir string, seen map[string]bool, visit func(*kustomization) error) error {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // as kustomize sees it
	}
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	k, err := read(dir)
	if err != nil {
		return err
	}
	if k == nil {
		return missing(dir)
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
			if err := walk(path, seen, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

func missing(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		return problem.Problem{File: dir, What: "no such folder"}
	case err == nil && !info.IsDir():
		return problem.Problem{File: dir, What: "not a folder", Want: "the folder of an environment"}
	}
	return problem.Problem{File: dir, What: "no kustomization.yaml here", Want: "the folder of an environment, for instance overlays/prod"}
}

// resolved is one Registry of an entry.
type resolved struct {
	text      []byte // without the annotations that only say how to run it
	annotated bool   // as a KRM function
}

const (
	function    = "config.kubernetes.io/function"
	functionOld = "config.k8s.io/function"
	localConfig = "config.kubernetes.io/local-config"
)

// resolve builds one entry of generators or transformers alone, as a resource,
// and returns the Registries in it. kustomize drops what is annotated as local
// configuration from a build's output, which does not apply to generators: the
// annotation is overridden for this.
func (k *kustomization) resolve(entry string) ([]resolved, error) {
	return k.resolveIn(&reader{FileSystem: filesys.MakeFsOnDisk(), replace: map[string][]byte{}}, entry)
}

// resolveIn is resolve in a file system of its own.
func (k *kustomization) resolveIn(alone *reader, entry string) ([]resolved, error) {
	rm, _, err := k.load(alone, entry)
	if err != nil {
		if l := unreadable(k.dir); len(l) > 0 {
			return nil, l
		}
		return nil, Failure{k.dir, err}
	}
	return registries(rm)
}

// load is what kustomize makes of an entry. nested says that a Registry stands
// under generators in it, which was not run.
func (k *kustomization) load(alone *reader, entry string) (rm resmap.ResMap, nested bool, err error) {
	only := map[string]any{"resources": []string{entry}, "commonAnnotations": map[string]string{localConfig: "false"}}
	if strings.Contains(entry, "\n") || strings.HasPrefix(strings.TrimSpace(entry), "{") {
		inline := filepath.Join(k.dir, "reggen-inline-entry.yaml")
		only["resources"] = []string{filepath.Base(inline)}
		alone.replace[inline] = []byte(entry)
	}
	text, err := yaml.Marshal(only)
	if err != nil {
		return nil, false, err
	}
	alone.replace[k.file] = text
	none := func(Request) ([]object.Object, error) {
		nested = true
		return nil, nil
	}
	rm, err = (&run{generate: none}).kustomize(alone, k.dir)
	return rm, nested, err
}

func registries(rm resmap.ResMap) ([]resolved, error) {
	var out []resolved
	for _, r := range rm.Resources() {
		gvk := r.GetGvk()
		if gvk.Group != "reggen.dev" || gvk.Kind != "Registry" {
			continue
		}
		annotations := r.GetAnnotations()
		_, a := annotations[function]
		_, b := annotations[functionOld]
		for _, name := range []string{function, functionOld, localConfig} {
			delete(annotations, name)
		}
		if err := r.SetAnnotations(annotations); err != nil {
			return nil, err
		}
		text, err := r.AsYAML()
		if err != nil {
			return nil, err
		}
		out = append(out, resolved{text, a || b})
	}
	return out, nil
}

// inlined is a file system in which every entry that holds a Registry
// annotated as a function is replaced by its Registries, inline and without
// the annotation. found says whether there is any.
func inlined(dir string) (files filesys.FileSystem, found bool, err error) {
	out := &reader{FileSystem: filesys.MakeFsOnDisk(), replace: map[string][]byte{}}
	err = walk(dir, map[string]bool{}, func(k *kustomization) error {
		var whole map[string]any
		if err := yaml.Unmarshal(k.text, &whole); err != nil {
			return err
		}
		changed := false
		for field, entries := range map[string][]string{"generators": k.Generators, "transformers": k.Transformers} {
			var list []any
			for _, entry := range entries {
				specs, err := k.resolve(entry)
				if err != nil {
					return err
				}
				annotated := false
				for _, s := range specs {
					annotated = annotated || s.annotated
				}
				if !annotated {
					list = append(list, entry)
					continue
				}
				changed = true
				for _, s := range specs {
					list = append(list, string(s.text))
				}
			}
			if list != nil {
				whole[field] = list
			}
		}
		if !changed {
			return nil
		}
		found = true
		text, err := yaml.Marshal(whole)
		out.replace[k.file] = text
		return err
	})
	return out, found, err
}

// reader is the disk, with some files replaced, which notices a mention of
// KRM functions or of schemas in what is read.
type reader struct {
	filesys.FileSystem
	replace  map[string][]byte
	function bool
	schema   bool     // a file mentions schemas
	read     []string // the paths of the files that were there, in order
}

// ReadFile reads a file or its replacement.
func (r *reader) ReadFile(path string) ([]byte, error) {
	if data, ok := r.replace[path]; ok {
		r.read = append(r.read, path)
		return data, nil
	}
	data, err := r.FileSystem.ReadFile(path)
	if err == nil {
		r.read = append(r.read, path)
	}
	if bytes.Contains(data, []byte(function)) || bytes.Contains(data, []byte(functionOld)) {
		r.function = true
	}
	r.schema = r.schema || asksForSchema(data)
	return data, err
}

// Exists knows of replacements that are not on the disk.
func (r *reader) Exists(path string) bool {
	if _, ok := r.replace[path]; ok {
		return true
	}
	return r.FileSystem.Exists(path)
}

// CleanedAbs resolves links; a replacement that is not on the disk has none.
func (r *reader) CleanedAbs(path string) (filesys.ConfirmedDir, string, error) {
	if _, ok := r.replace[path]; ok {
		if dir, _, err := r.FileSystem.CleanedAbs(filepath.Dir(path)); err == nil {
			return dir, filepath.Base(path), nil
		}
	}
	return r.FileSystem.CleanedAbs(path)
}

// Registries resolves a kustomization folder alone, for instance a base, and
// returns the Registries in it, merged. dir is an absolute path.
func Registries(dir string) ([][]byte, error) {
	mutex.Lock()
	defer mutex.Unlock()
	if k, err := read(dir); err != nil {
		return nil, err
	} else if k == nil {
		return nil, missing(dir)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	parent := filepath.Dir(dir)
	k := &kustomization{dir: parent, file: filepath.Join(parent, "kustomization.yaml")}
	if other, err := read(parent); err == nil && other != nil {
		k.file = other.file // stands in for it, whatever its name
	}
	specs, err := k.resolve(filepath.Base(dir))
	var out [][]byte
	for _, s := range specs {
		out = append(out, s.text)
	}
	return out, err
}

// unreadable names the files of a kustomization, and of those it names, that
// are missing or no YAML: kustomize only says that it could not use them.
func unreadable(dir string) problem.List {
	var l problem.List
	seen := map[string]bool{}
	var look func(dir string)
	look = func(dir string) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		k, err := read(dir)
		if err != nil {
			l.Join(err)
		}
		if err != nil || k == nil {
			return
		}
		entries := slices.Concat(k.Resources, k.Bases, k.Components, k.Generators, k.Transformers)
		for _, p := range k.Patches {
			entries = append(entries, p.Path)
		}
		for _, entry := range entries {
			path := filepath.Join(dir, entry)
			info, err := os.Stat(path)
			switch {
			case entry == "" || remote.MatchString(entry):
			case os.IsNotExist(err):
				l.Add(problem.Problem{File: k.file, What: fmt.Sprintf("names %q, and there is no such file or folder", entry)})
			case err != nil:
			case info.IsDir():
				look(path)
			default:
				l = append(l, parses(path)...)
			}
		}
	}
	look(dir)
	return l
}

// remote matches what kustomize fetches, and inline YAML: no local path.
var remote = regexp.MustCompile(`://|^git@|^github\.com/|[?&](ref|version)=|\n|: `)

var yamlLine = regexp.MustCompile(`line (\d+)`)

// parses says where a file is no YAML.
func parses(path string) problem.List {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	d := goyaml.NewDecoder(bytes.NewReader(data))
	for {
		var n goyaml.Node
		switch err := d.Decode(&n); {
		case err == io.EOF:
			return nil
		case err != nil:
			p := problem.Problem{File: path, What: "is not valid YAML"}
			if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
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
	case doc.Kind != spec.KindRegistry && doc.Kind != spec.KindCredential:
		p.Path, p.What, p.Want = "kind", "is no kind of reggen's", spec.KindRegistry
		p.Near = problem.Nearest(doc.Kind, []string{spec.KindRegistry, spec.KindCredential})
	default:
		return nil
	}
	return p
}
