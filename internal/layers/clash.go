package layers

import (
	"fmt"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/strict"
)

// Clashes are what two layers say of one path that can't be merged: a list on a
// mapping, for instance.
func Clashes(files []File, root string) (l problem.List) {
	said := map[string]map[string]mark{} // what the layers so far say, of each object by path
	for _, h := range Mark(files, root).heads {
		_, metadata := child(h.root, "metadata")
		id := scalarAt(h.root, "kind") + "/" + scalarAt(metadata, "namespace") + "/" + scalarAt(metadata, "name")
		if said[id] == nil {
			said[id] = map[string]mark{}
		}
		if key, value := child(h.root, "spec"); value != nil {
			clash(mark{in: h.in, key: key, value: value}, "spec", said[id], &l, 0)
		}
	}
	return l
}

func clash(k mark, at string, said map[string]mark, l *problem.List, depth int) {
	n := target(k.value)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" || depth > 100 {
		return
	}
	before, is := said[at]
	said[at] = k
	if is && target(before.value).Kind != n.Kind {
		here, ok := k.place(false)
		there, known := before.place(false)
		if ok && known {
			p := problem.Problem{File: here.File, Line: here.Line, Column: here.Column, Path: at, What: "is " + strict.Describe(n), Want: strict.Describe(target(before.value)) + ", as " + beside(here.File, there)}
			p.Source, p.Caret = here.Excerpt(p)
			l.Add(p)
		}
		return
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := target(n.Content[i])
		clash(mark{in: k.in, key: key, value: n.Content[i+1]}, problem.Below(at, key.Value), said, l, depth+1)
	}
}

// beside names a place from the folder of a file.
func beside(file string, p Place) string {
	if rel, err := filepath.Rel(filepath.Dir(file), p.File); err == nil {
		return fmt.Sprintf("%s:%d has it", rel, p.Line)
	}
	return fmt.Sprintf("%s:%d has it", p.File, p.Line)
}
