package kustomize

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/codec"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// resolved is one spec of an entry.
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
// and returns the specs in it. kustomize drops what is annotated as local
// configuration from a build's output, which does not apply to generators: the
// annotation is overridden for this.
func (k *kustomization) resolve(entry string) ([]resolved, error) {
	return k.content(entry).found(k)
}

// resolveIn is resolve in a file system of its own.
func (k *kustomization) resolveIn(alone *reader, entry string) ([]resolved, error) {
	return k.loadIn(alone, entry).found(k)
}

// load is what kustomize makes of an entry. nested says that a spec stands
// under generators in it, which was not run.
func (k *kustomization) load(alone *reader, entry string) (rm resmap.ResMap, nested bool, err error) {
	none := func(Request) ([]object.Object, error) {
		nested = true
		return nil, nil
	}
	rm, err = k.alone(alone, entry, &run{allow: k.allow, generate: none})
	return rm, nested, err
}

// lookout has kustomize show the objects of an entry while it still knows what
// they were before they were patched.
const lookout = "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: lookout}\n"

// alone runs kustomize on nothing but an entry.
func (k *kustomization) alone(alone *reader, entry string, r *run) (resmap.ResMap, error) {
	only := map[string]any{"resources": []string{entry}, "commonAnnotations": map[string]string{localConfig: "false"}}
	if strings.Contains(entry, "\n") || strings.HasPrefix(strings.TrimSpace(entry), "{") {
		inline := filepath.Join(k.dir, "reggen-inline-entry.yaml")
		only["resources"] = []string{filepath.Base(inline)}
		alone.replace[inline] = []byte(entry)
	}
	if r.look != nil {
		only["transformers"] = []string{lookout}
	}
	text, err := yaml.Marshal(only)
	if err != nil {
		return nil, err
	}
	alone.replace[k.file], alone.volume = text, filepath.VolumeName(k.dir)
	return r.kustomize(alone, k.dir)
}

func registries(rm resmap.ResMap) ([]resolved, error) {
	var out []resolved
	for _, r := range rm.Resources() {
		if !ours(r.GetGvk()) {
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
		text, err := asYAML(r)
		if err != nil {
			return nil, oddKey(r.GetKind() + " " + r.GetName())
		}
		out = append(out, resolved{text, a || b})
	}
	return out, nil
}

// asYAML is the YAML that kustomize gives for an object, which goes from a node
// through YAML, JSON and YAML for it.
func asYAML(r *resource.Resource) ([]byte, error) {
	fields := map[string]any{}
	if impliesNull(r.YNode()) || r.YNode().Decode(&fields) != nil {
		return r.AsYAML()
	}
	return codec.Marshal(fields)
}

// impliesNull says whether a value is null because nothing is there: in braces it
// comes out of kustomize as an empty text.
func impliesNull(n *kyaml.Node) bool {
	return n.Kind == kyaml.ScalarNode && n.Value == "" && n.ShortTag() == "!!null" || slices.ContainsFunc(n.Content, impliesNull)
}

// inlined is a file system in which every entry that holds a Registry
// annotated as a function is replaced by its Registries, inline and without
// the annotation. found says whether there is any.
func (a Allow) inlined(dir string) (files *reader, found bool, err error) {
	out := a.reader()
	err = a.walk(dir, map[string]bool{}, func(k *kustomization) error {
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
	allow    Allow
	tally    tally
	refused  problem.List // what is not allowed, and what is out of bounds
	replace  map[string][]byte
	vetted   vetted
	dir      string // what is built
	volume   string // on Windows, the one that it is on
	failed   error  // kustomize's, in looking at a kustomization file beforehand
	function bool
	schema   bool         // a file mentions schemas
	read     []string     // the paths of the files that were there, in order
	repeated problem.List // the keys that stand twice in them
}

func (a Allow) reader() *reader {
	return &reader{FileSystem: filesys.MakeFsOnDisk(), allow: a, replace: map[string][]byte{}, vetted: vetted{}}
}

// ReadFile reads a file or its replacement. What is not allowed is an error,
// and stands in refused: kustomize takes a kustomization that it can't read for
// one that isn't there.
func (r *reader) ReadFile(path string) ([]byte, error) {
	if data, ok := r.replace[path]; ok {
		r.read = append(r.read, path)
		return data, r.admit(path, data)
	}
	data, err := r.tally.take(r.allow, path)
	if bounded.IsProblem(err) {
		r.refused.Join(err)
		return nil, err
	}
	if err == nil {
		if err := r.admit(path, data); err != nil {
			return nil, err
		}
	}
	if err == nil {
		r.read = append(r.read, path)
		r.repeated = append(r.repeated, repeated(path, data)...)
	}
	if mentionsFunction(data) {
		r.function = true
	}
	r.schema = r.schema || asksForSchema(data)
	return data, err
}

// admit refuses a kustomization file that asks for what is not allowed.
func (r *reader) admit(path string, data []byte) error {
	if !isKustomization(path) {
		return nil
	}
	if l := r.allow.refused(path, data); len(l) > 0 {
		r.refused = append(r.refused, l...)
		return l
	}
	err := r.vet(path, data)
	var l problem.List
	switch {
	case errors.As(err, &Failure{}):
		r.failed = err
	case err != nil:
		l.Join(err)
		r.refused = append(r.refused, l...)
	}
	return err
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
	if share(path) && !r.allow.Network && !strings.EqualFold(filepath.VolumeName(path), r.volume) {
		err := remoteProblem(r.dir, "", path)
		r.refused.Add(err)
		return "", "", err
	}
	// kustomize goes on with where the links on the way lead.
	if err := bounded.InsideToRead(path); err != nil {
		r.refused.Join(err)
		return "", "", err
	}
	return r.FileSystem.CleanedAbs(path)
}

// Registries resolves a kustomization folder alone, for instance a base, and
// returns the Registries in it, merged. dir is an absolute path.
func (a Allow) Registries(dir string) ([][]byte, error) {
	return within(a, dir, func() ([][]byte, error) { return a.registriesOf(dir) })
}

func (a Allow) registriesOf(dir string) ([][]byte, error) {
	useNone()
	if k, err := a.read(dir); err != nil {
		return nil, err
	} else if k == nil {
		return nil, a.missing(dir)
	}
	if real, err := bounded.EvalSymlinks(dir); err == nil {
		dir = real
	}
	parent := filepath.Dir(dir)
	k := &kustomization{allow: a, dir: parent, file: filepath.Join(parent, "kustomization.yaml")}
	if other, err := a.read(parent); err == nil && other != nil {
		k.file = other.file // stands in for it, whatever its name
	}
	specs, err := k.resolve(filepath.Base(dir))
	var out [][]byte
	for _, s := range specs {
		out = append(out, s.text)
	}
	return out, err
}
