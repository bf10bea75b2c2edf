package layers

import (
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// walk follows the kustomizations in the order in which they are merged.
type walk struct {
	m     *Marked
	files map[string][]byte
	done  map[string]bool
}

// Kustomizations are the names of a kustomization file.
var Kustomizations = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

func isKustomization(path string) bool { return slices.Contains(Kustomizations, filepath.Base(path)) }

// entry is what a kustomization names: a file, or a folder with another.
func (w *walk) entry(dir, entry string) {
	path := filepath.Join(dir, entry)
	for _, name := range Kustomizations {
		if _, is := w.files[filepath.Join(path, name)]; is {
			w.kustomization(filepath.Join(path, name))
			return
		}
	}
	w.file(path)
}

func (w *walk) file(path string) {
	data, is := w.files[path]
	switch {
	case !is || w.done[path]:
	case isKustomization(path):
		w.kustomization(path)
	default:
		w.done[path] = true
		if out, changed := w.m.documents(&text{file: path, data: data}, false); changed {
			w.m.Texts[path] = out
		}
	}
}

// inlined are the fields of a kustomization that hold layers, or name them, in
// the order in which they count.
var inlined = []string{"resources", "bases", "components", "generators", "transformers", "patchesStrategicMerge", "patches", "patchesJson6902"}

func (w *walk) kustomization(path string) {
	data, is := w.files[path]
	if !is || w.done[path] {
		return
	}
	w.done[path] = true
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return
	}
	t, changed := &text{file: path, data: data}, false
	root := doc.Content[0]
	for _, field := range inlined {
		for i := 0; i+1 < len(root.Content); i += 2 {
			if list := root.Content[i+1]; strings.EqualFold(root.Content[i].Value, field) && list.Kind == yaml.SequenceNode {
				for _, e := range list.Content {
					changed = w.named(t, field, root.Content[i], e) || changed
				}
			}
		}
	}
	if !changed {
		return
	}
	if out, err := yaml.Marshal(&doc); err == nil {
		w.m.Texts[path] = out
	}
}

// Named are the files and folders that a kustomization names for its layers.
func Named(text []byte) (paths []string) {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	root := doc.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		if !slices.ContainsFunc(inlined, func(field string) bool { return strings.EqualFold(field, root.Content[i].Value) }) {
			continue
		}
		for _, e := range root.Content[i+1].Content {
			if e = target(e); e.Kind == yaml.ScalarNode {
				paths = append(paths, e.Value)
			} else if path := scalarAt(e, "path"); path != "" {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// named is one entry of such a field, whose text it changes if it holds one.
func (w *walk) named(t *text, field string, key, e *yaml.Node) (changed bool) {
	dir := filepath.Dir(t.file)
	if e.Kind == yaml.AliasNode {
		e = e.Alias
	}
	if e.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(e.Content); i += 2 {
			switch k, v := e.Content[i], e.Content[i+1]; {
			case v.Kind != yaml.ScalarNode:
			case k.Value == "path":
				w.entry(dir, v.Value)
			case k.Value == "patch":
				changed = w.m.inline(t, k, v) || changed
			}
		}
		return changed
	}
	if e.Kind != yaml.ScalarNode {
		return false
	}
	if strings.Contains(e.Value, "\n") || strings.HasPrefix(strings.TrimSpace(e.Value), "{") {
		return w.m.inline(t, e, e)
	}
	w.entry(dir, e.Value)
	return false
}
