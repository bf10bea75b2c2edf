package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// Decode reads one Registry, strictly: unknown and duplicate fields, wrong
// types and everything that Validate finds are reported together, sorted, as
// a problem.List. The result is defaulted. Bookkeeping annotations of
// kustomize (config.kubernetes.io/ and internal.config.kubernetes.io/) are
// dropped. file is what errors call the input; when it is empty they give
// paths only, for kustomize has changed the lines anyway.
func Decode(data []byte, file string) (*Registry, error) {
	w := newWalker(file)
	root, p := document(data)
	if p != nil {
		p.File = file
		return nil, problem.List{*p}
	}
	if p := foreign(root); p != nil {
		p.File = file
		return nil, problem.List{*p}
	}
	var r Registry
	w.mapping(root, place{}, &r)
	strip(r.Metadata.Annotations)
	r = Default(r)
	for _, p := range Validate(r) {
		if w.covers(p.Path) {
			continue
		}
		p.File = file
		if file != "" {
			p.Line = w.line(p.Path)
		}
		w.problems.Add(p)
	}
	if len(w.problems) > 0 {
		w.problems.Sort()
		return nil, w.problems
	}
	return &r, nil
}

// document parses data and returns the one mapping that it holds.
func document(data []byte) (*yaml.Node, *problem.Problem) {
	const want = "one " + KindRegistry + " of " + APIVersion
	if bytes.HasPrefix(data, []byte("<<<<<<< ")) || bytes.Contains(data, []byte("\n<<<<<<< ")) {
		return nil, &problem.Problem{What: "holds the markers of an unfinished git merge", Next: "resolve the conflict, then try again"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var roots []*yaml.Node
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, syntax(err)
		}
		if root := doc.Content[0]; root.ShortTag() != "!!null" || root.Kind != yaml.ScalarNode {
			roots = append(roots, root)
		}
	}
	switch {
	case len(roots) == 0:
		return nil, &problem.Problem{What: "is empty", Want: want}
	case len(roots) > 1:
		return nil, &problem.Problem{Line: roots[1].Line, What: fmt.Sprintf("holds %d documents", len(roots)), Want: want}
	case roots[0].Kind != yaml.MappingNode:
		return nil, &problem.Problem{Line: roots[0].Line, What: "is " + describe(roots[0]), Want: want}
	}
	return roots[0], nil
}

// errorLine finds the line in the parser's message; known are those of its
// messages that never quote the input. Everything else it says is dropped.
var errorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

var known = []string{
	"mapping values are not allowed in this context",
	"could not find expected ':'",
	"did not find expected key",
	"did not find expected node content",
	"did not find expected '-' indicator",
	"did not find expected ',' or ']'",
	"did not find expected ',' or '}'",
	"found character that cannot start any token",
	"found a tab character that violates indentation",
	"found unexpected end of stream",
	"found unknown escape character",
	"control characters are not allowed",
}

func syntax(err error) *problem.Problem {
	p := &problem.Problem{What: "is not YAML"}
	m := errorLine.FindStringSubmatch(err.Error())
	if m == nil {
		return p
	}
	p.Line, _ = strconv.Atoi(m[1])
	for _, k := range known {
		if strings.HasSuffix(m[2], k) {
			p.What += ": " + k
			break
		}
	}
	return p
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
	return &problem.Problem{Line: kind.Line, Path: "kind", What: "is " + quote(kind.Value), Want: KindRegistry}
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
