package kustomize

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/spec"
)

// direct builds a kustomization that has one generator and nothing else, as
// the environments that "reggen init" makes. All that kustomize does with what
// such a generator made is to put it in order, at a cost that grows with the
// square of the number of objects; direct puts it in the same order. The spec
// is still merged by kustomize. See docs/decisions/0011.
//
// ok is false where kustomize may do more than that, or would complain: it is
// asked then. An error of gen comes back as it was.
func (a Allow) direct(dir string, gen Generator) (out []byte, objects []object.Object, ok bool, err error) {
	if real, err := bounded.EvalSymlinks(dir); err == nil {
		dir = real // as kustomize names it to a generator
	}
	k, err := a.read(dir)
	if err != nil || k == nil {
		return nil, nil, false, nil
	}
	config, ok := k.onlyRegistry()
	if !ok {
		return nil, nil, false, nil
	}
	objects, err = gen(Request{Root: dir, Config: config})
	if err != nil {
		return nil, nil, true, err
	}
	if objects, ok = inOrder(objects); !ok {
		return nil, nil, false, nil
	}
	out, err = object.Encode(objects)
	if err != nil || unsure(out) {
		return nil, nil, false, nil
	}
	return out, objects, true, nil
}

// unsure says that YAML holds what kustomize may read otherwise: a key that it
// takes for YAML's merge, or a tab, which ends some of its texts with an error.
func unsure(text []byte) bool {
	return bytes.Contains(text, []byte("<<:")) || bytes.Contains(text, []byte("\t")) || bytes.Contains(text, []byte(`\t`))
}

// onlyRegistry is the merged spec of a kustomization whose only entry, under
// generators, holds one Registry and nothing else.
func (k *kustomization) onlyRegistry() (config []byte, ok bool) {
	entry, ok := k.onlyGenerator()
	if !ok {
		return nil, false
	}
	c := k.content(entry)
	files := c.files
	if c.err != nil || c.nested || len(files.repeated)+len(files.refused) > 0 || files.failed != nil || files.schema || files.function || c.rm.Size() != 1 {
		return nil, false
	}
	found, err := c.found(k)
	if err != nil || len(found) != 1 || c.rm.Resources()[0].GetApiVersion() != spec.APIVersion {
		return nil, false
	}
	return found[0].text, true
}

// onlyGenerator is the only entry of a kustomization that is well formed and
// has nothing else.
func (k *kustomization) onlyGenerator() (entry string, ok bool) {
	if only, _ := generates.Get(k.text, func() (bool, error) { return onlyGenerates(k.text), nil }); !only {
		return "", false
	}
	for _, name := range names {
		if path := filepath.Join(k.dir, name); path != k.file && exists(path) {
			return "", false // kustomize wants one
		}
	}
	if len(k.Generators) != 1 || strings.ContainsAny(k.Generators[0], "\n{") || remote().MatchString(k.Generators[0]) {
		return "", false
	}
	_, err := os.Stat(filepath.Join(k.dir, k.Generators[0]))
	return k.Generators[0], err == nil
}

var generates memo.Of[bool]

// onlyGenerates says that the text of a kustomization holds generators and
// nothing else.
func onlyGenerates(text []byte) bool {
	var fields map[string]any
	if err := yaml.UnmarshalStrict(text, &fields); err != nil || bytes.Contains(text, []byte("\n---")) {
		return false
	}
	for field, value := range fields {
		switch {
		case field == "generators":
		case field == "kind" && value == types.KustomizationKind:
		case field == "apiVersion" && value == types.KustomizationVersion:
		default:
			return false
		}
	}
	return true
}

// inOrder sorts objects as kustomize does unless told otherwise (its legacy
// order). ok is false where one of them would not come out of kustomize as it
// goes in.
func inOrder(objects []object.Object) (sorted []object.Object, ok bool) {
	type entry struct {
		id     resid.ResId
		key    string
		object object.Object
	}
	entries := make([]entry, 0, len(objects))
	seen := map[string]bool{}
	for _, o := range objects {
		if !passesThrough(o) {
			return nil, false
		}
		group, version := resid.ParseGroupVersion(o.APIVersion())
		id := resid.NewResIdWithNamespace(resid.NewGvk(group, version, o.Kind()), o.Name(), o.Namespace())
		same := strings.Join([]string{id.Gvk.String(), id.EffectiveNamespace(), id.Name}, "|")
		if seen[same] {
			return nil, false // kustomize refuses it
		}
		seen[same] = true
		namespace := cmp.Or(id.Namespace, "~X")
		entries = append(entries, entry{id, id.Gvk.String() + "|" + namespace + "|" + id.Name, o})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		switch {
		case a.id.Gvk.Equals(b.id.Gvk):
			return strings.Compare(a.key, b.key)
		case a.id.Gvk.IsLessThan(b.id.Gvk):
			return -1
		}
		return 1
	})
	for _, e := range entries {
		sorted = append(sorted, e.object)
	}
	return sorted, true
}

// passesThrough says that an object comes out of kustomize as it goes in: it
// is no list, which kustomize takes apart, and carries no annotation by which
// kustomize and its functions talk to each other.
func passesThrough(o object.Object) bool {
	if strings.HasSuffix(o.Kind(), "List") || o.Kind() == "Namespace" && o.Namespace() != "" {
		return false
	}
	meta := o.Map("metadata")
	value, there := meta["annotations"]
	if !there {
		return true
	}
	annotations, _ := value.(map[string]any)
	for name, text := range annotations {
		domain, _, _ := strings.Cut(name, "/")
		if _, isText := text.(string); !isText || strings.HasSuffix(domain, "config.kubernetes.io") || strings.HasSuffix(domain, "config.k8s.io") {
			return false
		}
	}
	return len(annotations) > 0
}

// once remembers what a generator made of a spec: a build that turns out to
// need kustomize does not make it, and warn of it, twice.
func once(gen Generator) Generator {
	type made struct {
		objects []object.Object
		err     error
	}
	known := map[string]made{}
	return func(r Request) ([]object.Object, error) {
		if r.Transformer {
			return gen(r)
		}
		key := r.Root + "\n" + string(r.Config)
		m, ok := known[key]
		if !ok {
			m.objects, m.err = gen(r)
			known[key] = m
		}
		return m.objects, m.err
	}
}
