package spec

import (
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
	w := strict.NewReader(file, unknown)
	root, p := strict.Document(data, "one "+KindRegistry+" of "+APIVersion)
	if p != nil {
		p.File = file
		return nil, problem.List{*p}
	}
	if p := foreign(root); p != nil {
		p.File = file
		return nil, problem.List{*p}
	}
	var r Registry
	w.Mapping(root, &r)
	strip(r.Metadata.Annotations)
	r = Default(r)
	for _, p := range Validate(r) {
		if w.Covers(p.Path) {
			continue
		}
		p.File = file
		if file != "" {
			p.Line = w.Line(p.Path)
		}
		w.Problems.Add(p)
	}
	if len(w.Problems) > 0 {
		w.Problems.Sort()
		return nil, w.Problems
	}
	return &r, nil
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
	if kind == nil || kind.Kind != yaml.ScalarNode || kind.Value == "" || problem.Nearest(kind.Value, []string{KindRegistry}) != "" {
		return nil
	}
	return &problem.Problem{Line: kind.Line, Path: "kind", What: "is " + problem.Quoted(kind.Value), Want: KindRegistry}
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
