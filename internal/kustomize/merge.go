package kustomize

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/memo"
)

// maxLayers is how many kustomizations may stand on each other for merged to
// take them.
const maxLayers = 8

// merged is what kustomize makes of an entry that is nothing but one spec and
// strategic-merge patches of it, each in a file: by the functions with which
// kustomize reads and patches an object, and without what surrounds them, which
// has nothing to do here and takes longer. See docs/decisions/0011.
//
// ok is false where kustomize may do more than that, or would complain: it is
// asked then, with a reader of its own.
func (k *kustomization) merged(r *reader, entry string) (rm resmap.ResMap, ok bool) {
	rm, ok = r.layer(k.dir, entry, []string{k.dir})
	if !ok || len(r.refused)+len(r.repeated) > 0 || r.failed != nil || r.schema || r.function || rm.Size() != 1 || !ours(rm.Resources()[0].GetGvk()) {
		return nil, false
	}
	metadata, err := rm.Resources()[0].GetFieldValue("metadata")
	if fields, is := metadata.(map[string]any); err != nil || !is || fields["annotations"] != nil {
		return nil, false // some of them have a meaning
	}
	return rm, true
}

// bases are the specs that environments stand on.
var bases memo.Of[resmap.ResMap]

// layer is one entry under resources: a spec, or a folder of one and its patches.
// roots are the folders on the way to it.
func (r *reader) layer(dir, entry string, roots []string) (resmap.ResMap, bool) {
	path := filepath.Join(dir, entry)
	if !plainPath(entry) || !unlinked(path) {
		return nil, false
	}
	factory := resmap.NewFactory(provider.NewDefaultDepProvider().GetResourceFactory())
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		text, ok := r.local(dir, entry)
		if !ok {
			return nil, false
		}
		rm, err := bases.Get(text, func() (resmap.ResMap, error) { return factory.NewResMapFromBytes(text) })
		if err != nil {
			return nil, false
		}
		return rm.DeepCopy(), true
	}
	for _, root := range roots {
		if rel, err := filepath.Rel(path, root); err != nil || filepath.IsLocal(rel) {
			return nil, false // a cycle
		}
	}
	l, ok := r.layers(path)
	if !ok || len(roots) > maxLayers {
		return nil, false
	}
	rm, ok := r.layer(path, l.base, append(roots, path))
	if !ok || rm.Size() != 1 || !ours(rm.Resources()[0].GetGvk()) {
		return nil, false
	}
	for _, name := range l.patches {
		text, ok := r.local(path, name)
		if !ok {
			return nil, false
		}
		patches, err := factory.RF().SliceFromBytes(text)
		if err != nil || len(patches) != 1 {
			return nil, false
		}
		target, err := rm.GetById(patches[0].OrgId())
		if err != nil || target.ApplySmPatch(patches[0]) != nil || target.IsNilOrEmpty() {
			return nil, false
		}
	}
	return rm, true
}

// local reads a file in or below a folder.
func (r *reader) local(dir, entry string) (text []byte, ok bool) {
	path := filepath.Join(dir, entry)
	if !plainPath(entry) || !filepath.IsLocal(entry) || isKustomization(path) || !unlinked(path) {
		return nil, false
	}
	text, err := r.ReadFile(path)
	return text, err == nil
}

// stacked is a kustomization of one resource and of patches that are files.
type stacked struct {
	base    string
	patches []string
}

// layers reads the kustomization of a folder.
func (r *reader) layers(dir string) (s stacked, ok bool) {
	file := ""
	for _, name := range names {
		if path := filepath.Join(dir, name); r.Exists(path) {
			if file != "" || !unlinked(path) {
				return s, false
			}
			file = path
		}
	}
	if file == "" {
		return s, false
	}
	text, err := r.ReadFile(file)
	if err != nil {
		return s, false
	}
	s, err = stacks.Get(text, func() (stacked, error) { return stackedIn(text) })
	return s, err == nil
}

var (
	stacks    memo.Of[stacked]
	errLayers = errors.New("more than one resource and patches of it")
)

// stackedIn reads the text of a kustomization.
func stackedIn(text []byte) (s stacked, err error) {
	var fields map[string]any
	if bytes.Contains(text, []byte("\n---")) || yaml.UnmarshalStrict(text, &fields) != nil {
		return s, errLayers
	}
	for field, value := range fields {
		switch list, _ := value.([]any); {
		case field == "kind" && value == types.KustomizationKind:
		case field == "apiVersion" && value == types.KustomizationVersion:
		case field == "resources" && len(list) == 1:
			s.base, _ = list[0].(string)
		case field == "patches" && len(list) > 0:
			for _, entry := range list {
				patch, _ := entry.(map[string]any)
				path, is := patch["path"].(string)
				if !is || len(patch) != 1 {
					return s, errLayers
				}
				s.patches = append(s.patches, path)
			}
		default:
			return s, errLayers
		}
	}
	if s.base == "" {
		return s, errLayers
	}
	return s, nil
}

// plainPath says that an entry is a path of this machine, and nothing that
// kustomize could take for anything else.
func plainPath(entry string) bool {
	return entry != "" && !filepath.IsAbs(entry) && !strings.ContainsAny(entry, "\n{") && !remote().MatchString(entry) && !isRemote(entry)
}

// unlinked says that no part of a path is a link.
func unlinked(path string) bool {
	real, err := bounded.EvalSymlinks(path)
	return err == nil && real == path
}
