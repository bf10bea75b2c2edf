package spec

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/strict"
)

// Decode reads one Registry, strictly: unknown and duplicate fields, wrong
// types and everything that Validate finds are reported together, sorted, as
// a problem.List. The result is defaulted. Bookkeeping annotations of
// kustomize (config.kubernetes.io/ and internal.config.kubernetes.io/) are
// dropped. file is what errors call the input; when it is empty they give
// paths only, for kustomize has changed the lines anyway.
func Decode(data []byte, file string) (*Registry, error) {
	var r Registry
	l := read(data, file, KindRegistry, &r, func() problem.List {
		strip(r.Metadata.Annotations)
		r = Default(r)
		return Validate(r)
	})
	if len(l) > 0 {
		return nil, l
	}
	return &r, nil
}

// read reads data into a spec of a kind, and has finish default and validate
// it.
func read(data []byte, file, kind string, into any, finish func() problem.List) problem.List {
	w := strict.NewReader(file, unknownIn(reflect.TypeOf(into).Elem()))
	root, p := strict.Document(data, "one "+kind+" of "+APIVersion)
	if p == nil {
		p = foreign(root)
	}
	if p != nil {
		p.File = file
		return problem.List{*p}
	}
	w.Mapping(root, into)
	for _, p := range finish() {
		if w.Covers(p.Path) {
			continue
		}
		p.File = file
		if file != "" {
			p.Line = w.Line(p.Path)
		}
		w.Problems.Add(p)
	}
	w.Problems.Sort()
	return w.Problems
}

// foreign recognises an object of some other kind: telling that its fields
// are unknown would not help.
func foreign(root *yaml.Node) *problem.Problem {
	var kind *yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "kind" {
			kind = root.Content[i+1]
		}
	}
	if kind == nil || kind.Kind != yaml.ScalarNode || kind.Value == "" || problem.Nearest(kind.Value, Kinds) != "" {
		return nil
	}
	return &problem.Problem{Line: kind.Line, Path: "kind", What: "is " + problem.Quoted(kind.Value), Want: problem.OneOf(Kinds)}
}

// bookkeeping are the annotations by which kustomize takes notes.
var bookkeeping = []string{"config.kubernetes.io/", "internal.config.kubernetes.io/"}

func strip(annotations map[string]string) {
	for k := range annotations {
		for _, prefix := range bookkeeping {
			if strings.HasPrefix(k, prefix) {
				delete(annotations, k)
			}
		}
	}
}
