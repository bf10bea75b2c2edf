// Package layers says which layer of a spec said what, and where in its text.
// kustomize merges the layers and forgets where each value came from. So a mark
// is put in the place of every value of every layer, the same merge is done
// once more with the marks, and the mark that comes out at a path says who wins
// there: whatever patches, components and JSON patches do, kustomize did it.
//
// Nothing here reads a file or merges: both are handed in.
package layers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/spec"
)

// File is one that a merge reads.
type File struct {
	Path string
	Text []byte
}

// maxMarks bounds what is marked. A spec has some hundred values.
const maxMarks = 50_000

// prefix is what every mark starts with.
const prefix = "reggen-layer-mark-"

var marked = regexp.MustCompile(`^` + prefix + `(\d+)$`)

// mark is one value of a layer.
type mark struct {
	in         *text
	key, value *yaml.Node // the key may be a path of a JSON patch, or nil
	name       string     // what the key says, "" without one
}

// Marked are the layers with marks in the place of their values.
type Marked struct {
	Texts map[string][]byte // by path, of the files that hold marks

	marks  []mark
	heads  []head // the documents, in the order in which they are merged
	known  bool   // a schema may say by which key lists are merged
	tooBig bool
	open   map[*yaml.Node]bool
}

// head is a document of a layer.
type head struct {
	in   *text
	root *yaml.Node
}

// Mark marks what files say. root is the kustomization file that is merged.
func Mark(files []File, root string) *Marked {
	m := &Marked{Texts: map[string][]byte{}, open: map[*yaml.Node]bool{}}
	w := walk{m: m, files: map[string][]byte{}, done: map[string]bool{}}
	for _, f := range files {
		w.files[f.Path] = f.Text
		m.known = m.known || bytes.Contains(f.Text, []byte("openapi")) || bytes.Contains(f.Text, []byte("#/definitions/"))
	}
	w.kustomization(root)
	for _, f := range files {
		w.file(f.Path) // what some transformer names
	}
	if m.tooBig {
		m.Texts = nil
	}
	return m
}

// documents marks the specs, patches and JSON patches in a text.
func (m *Marked) documents(t *text, patch bool) (out []byte, changed bool) {
	var b bytes.Buffer
	dec := yaml.NewDecoder(bytes.NewReader(t.data))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil || len(doc.Content) != 1 {
			return nil, false
		}
		root := doc.Content[0]
		switch {
		case root.Kind == yaml.MappingNode && (patch || ours(root)):
			as := *root
			as.Content = slices.Clone(root.Content) // as it is without marks
			m.heads = append(m.heads, head{t, &as})
			for i := 0; i+1 < len(root.Content); i += 2 {
				if root.Content[i].Value == "spec" {
					root.Content[i+1] = m.value(t, root.Content[i], root.Content[i+1], "spec", false)
					changed = true
				}
			}
		case root.Kind == yaml.MappingNode && scalarAt(root, "apiVersion") == "builtin":
			if k, v := child(root, "patch"); v != nil && v.Kind == yaml.ScalarNode {
				changed = m.inline(t, k, v) || changed
			}
		case root.Kind == yaml.SequenceNode && (patch || operations(root)):
			changed = m.operations(t, root) || changed
		}
		text, err := yaml.Marshal(plain(root, 0))
		if err != nil {
			return nil, false
		}
		b.WriteString("---\n")
		b.Write(text)
	}
	if !changed {
		return nil, false
	}
	return bytes.TrimPrefix(b.Bytes(), []byte("---\n")), true
}

// inline marks a layer that stands in another file.
func (m *Marked) inline(t *text, key, v *yaml.Node) bool {
	if bounded.YAML(t.file, []byte(v.Value)) != nil {
		return false // its aliases expand without end
	}
	out, changed := m.documents(t.within(key, v), true)
	if changed {
		v.SetString(string(out))
		v.Anchor = ""
	}
	return changed
}

// ours says that a document is a layer of a spec.
func ours(root *yaml.Node) bool {
	return strings.HasPrefix(scalarAt(root, "apiVersion"), "reggen.dev/") || slices.Contains(spec.Kinds, scalarAt(root, "kind"))
}

func scalarAt(n *yaml.Node, key string) string {
	if _, v := child(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// child is what stands under a key, the last one of its name.
func child(n *yaml.Node, name string) (key, value *yaml.Node) {
	if n = target(n); n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			key, value = n.Content[i], n.Content[i+1]
		}
	}
	return key, value
}

// target is what an alias stands for, or the node.
func target(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// operations says that a list is a JSON patch.
func operations(list *yaml.Node) bool {
	return len(list.Content) > 0 && !slices.ContainsFunc(list.Content, func(n *yaml.Node) bool {
		return scalarAt(n, "op") == "" || !strings.HasPrefix(scalarAt(n, "path"), "/")
	})
}

// operations marks what a JSON patch writes. Its tests have passed, and would
// not with marks.
func (m *Marked) operations(t *text, list *yaml.Node) (changed bool) {
	var kept []*yaml.Node
	for _, op := range list.Content {
		_, path := child(op, "path")
		key, value := child(op, "value")
		switch scalarAt(op, "op") {
		case "test":
			changed = true
			continue
		case "add", "replace":
			if path == nil || value == nil || !strings.HasPrefix(path.Value+"/", "/spec/") {
				break
			}
			last := path.Value[strings.LastIndex(path.Value, "/")+1:]
			if index().MatchString(last) {
				path, last = key, ""
			}
			marked := m.value(t, path, value, strings.NewReplacer("~1", "/", "~0", "~").Replace(last), false)
			for i := 0; i+1 < len(op.Content); i += 2 {
				if op.Content[i] == key {
					op.Content[i+1] = marked
					changed = true
				}
			}
		}
		kept = append(kept, op)
	}
	list.Content = kept
	return changed
}

var index = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(-|\d+)$`) })

// mergedBy are the keys by which kustomize merges lists where a schema says so.
var mergedBy = []string{"mountPath", "devicePath", "ip", "type", "topologyKey", "name", "containerPort", "port"}

// value is a copy of a node with marks in it. A null stays: it takes a value
// away. So does what tells kustomize how to merge.
func (m *Marked) value(t *text, key, n *yaml.Node, name string, element bool) *yaml.Node {
	node := target(n)
	if len(m.marks) >= maxMarks || m.open[node] {
		m.tooBig = true
		return n
	}
	m.open[node] = true
	defer delete(m.open, node)
	word := prefix + strconv.Itoa(len(m.marks))
	m.marks = append(m.marks, mark{t, key, n, name})
	switch node.Kind {
	case yaml.MappingNode:
		out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		directive := false
		for i := 0; i+1 < len(node.Content); i += 2 {
			k, v := target(node.Content[i]), node.Content[i+1]
			directive = directive || strings.HasPrefix(k.Value, "$")
			switch {
			case strings.HasPrefix(k.Value, "$"), element && m.known && slices.Contains(mergedBy, k.Value):
				v = plain(v, 0)
			default:
				v = m.value(t, k, v, k.Value, false)
			}
			out.Content = append(out.Content, plain(k, 0), v)
		}
		if !directive || len(node.Content) > 2 {
			out.Content = append(out.Content, scalar(word), scalar(word))
		}
		return out
	case yaml.SequenceNode:
		out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, e := range node.Content {
			out.Content = append(out.Content, m.value(t, nil, e, "", true))
		}
		return out
	}
	if node.ShortTag() == "!!null" {
		return plain(node, 0)
	}
	return scalar(word)
}

func scalar(word string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: word}
}

// plain is a copy without anchors, aliases and comments.
func plain(n *yaml.Node, depth int) *yaml.Node {
	n = target(n)
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style &^ yaml.FlowStyle}
	if depth > 100 {
		return out // an alias of what contains it
	}
	for _, c := range n.Content {
		out.Content = append(out.Content, plain(c, depth+1))
	}
	return out
}

// String is for tests that fail.
func (m *Marked) String() string {
	var b strings.Builder
	for path, text := range m.Texts {
		fmt.Fprintf(&b, "== %s\n%s", path, text)
	}
	return b.String()
}
