package layers

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// Place is where a layer says something.
type Place struct {
	File         string
	Line, Column int // 1-based; the column in characters

	Source string     // the whole line, which may hold anything
	Token  *yaml.Node // what stands there: a key or a value
	IsKey  bool       // it is the key that stands there
}

// Merged is a merge without marks and the same one with them.
type Merged struct {
	marked      *Marked
	plain, with *yaml.Node
	name        string
}

// Merged reads both merges of a spec.
func (m *Marked) Merged(plain, with []byte) (*Merged, bool) {
	out := &Merged{marked: m}
	for text, into := range map[*[]byte]**yaml.Node{&plain: &out.plain, &with: &out.with} {
		var doc yaml.Node
		if yaml.Unmarshal(*text, &doc) != nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
			return nil, false
		}
		*into = doc.Content[0]
	}
	if _, metadata := child(out.plain, "metadata"); metadata != nil {
		out.name = scalarAt(metadata, "name")
	}
	return out, true
}

// Find is where the layer that has the last word at a path says it: its value,
// or with named its key. Where nothing is at the path it is the mapping in which
// it is missing. ok is false where none is known to be right.
func (m *Merged) Find(path string, named bool) (Place, bool) {
	if under(path, "spec") {
		return m.inSpec(path, named)
	}
	return m.inHead(path, named)
}

// under says that a path is at another or below it.
func under(path, at string) bool {
	rest, is := strings.CutPrefix(path, at)
	return is && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// step goes from a node to what a path names below it. at is the path so far.
// several says that it can't be told which one is meant.
func step(n *yaml.Node, at, path string) (next *yaml.Node, name, below string, several bool) {
	take := func(c *yaml.Node, key, at string) {
		if under(path, at) {
			several = several || next != nil
			next, name, below = c, key, at
		}
	}
	switch n = target(n); n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i].Value; !marked.MatchString(key) {
				take(n.Content[i+1], key, problem.Below(at, key))
				take(n.Content[i+1], key, at+"["+key+"]") // as package refuse writes it
			}
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			take(c, "", fmt.Sprintf("%s[%d]", at, i))
		}
	}
	return next, name, below, several
}

func (m *Merged) inSpec(path string, named bool) (Place, bool) {
	plain, with, at := m.plain, m.with, ""
	var names []string
	for at != path {
		nextPlain, name, below, several := step(plain, at, path)
		if several {
			return Place{}, false
		}
		if nextPlain == nil {
			break // it is missing, or a default
		}
		nextWith, _, same, _ := step(with, at, path)
		if nextWith == nil || same != below {
			return m.said(with, nextPlain, name, below == path && named, below == path)
		}
		if target(nextWith).Kind == yaml.ScalarNode {
			if !marked.MatchString(nextWith.Value) { // a null, or what no layer says
				return m.said(with, nextPlain, name, below == path && named, below == path)
			}
		}
		plain, with, at = nextPlain, nextWith, below
		names = append(names, name)
	}
	if at == "" {
		return Place{}, false
	}
	last, ok := m.last(with)
	if !ok {
		return Place{}, false
	}
	mk := m.marked.marks[last]
	if name := names[len(names)-1]; mk.name != name && (named || target(mk.value).Kind != yaml.ScalarNode) {
		return Place{}, false // a copy: the name stands elsewhere
	}
	if v := target(mk.value); v.Kind == yaml.ScalarNode && !same(v, plain) {
		return Place{}, false
	}
	return mk.place(named && at == path)
}

// said looks in the layers of a mapping for what has no mark: the last one that
// says the same.
func (m *Merged) said(with, want *yaml.Node, name string, named, whole bool) (Place, bool) {
	if name == "" || !whole {
		return Place{}, false
	}
	all := m.all(with)
	for _, i := range slices.Backward(all) {
		mk := m.marked.marks[i]
		if k, v := child(mk.value, name); v != nil {
			if !same(v, want) {
				return Place{}, false
			}
			return mark{in: mk.in, key: k, value: v}.place(named)
		}
	}
	return Place{}, false
}

// all are the marks of a node, those of the layers of a mapping in the order in
// which they are merged.
func (m *Merged) all(n *yaml.Node) (out []int) {
	add := func(word string) {
		if found := marked.FindStringSubmatch(word); found != nil {
			if i, err := strconv.Atoi(found[1]); err == nil && i < len(m.marked.marks) {
				out = append(out, i)
			}
		}
	}
	switch n = target(n); n.Kind {
	case yaml.ScalarNode:
		add(n.Value)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			add(n.Content[i].Value)
		}
	}
	slices.Sort(out)
	return out
}

// last is the mark of the layer that has the last word.
func (m *Merged) last(n *yaml.Node) (int, bool) {
	if n = target(n); n.Kind == yaml.SequenceNode {
		return m.list(n)
	}
	all := m.all(n)
	if len(all) == 0 {
		return 0, false
	}
	return all[len(all)-1], true
}

// list is the mark of a list: it stands before that of the first of its own
// entries. Where a list was put together from several it is the last one's.
func (m *Merged) list(n *yaml.Node) (int, bool) {
	best := -1
	for _, e := range n.Content {
		i, ok := m.last(e)
		if !ok {
			continue
		}
		value := m.marked.marks[i].value
		for j := i - 1; j > best; j-- {
			if l := target(m.marked.marks[j].value); l.Kind == yaml.SequenceNode && slices.Contains(l.Content, value) {
				best = j
				break
			}
		}
	}
	return best, best >= 0
}

// same says whether two values are, as far as kustomize writes them alike.
func same(a, b *yaml.Node) bool {
	var x, y any
	if a.Decode(&x) != nil || b.Decode(&y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y) || fmt.Sprint(x) == fmt.Sprint(y)
}

// place is that of a scalar's value, else of the key.
func (k mark) place(named bool) (Place, bool) {
	node, isKey := k.value, false
	if k.key != nil && (named || target(k.value).Kind != yaml.ScalarNode) {
		node, isKey = k.key, true
	}
	line, column, source, ok := k.in.place(node)
	return Place{k.in.file, line, column, source, node, isKey}, ok
}

// inHead finds what says which object a layer is of. Each layer says that, or
// the patch would not find it: the first one decides. What else is in there is
// the last one's.
func (m *Merged) inHead(path string, named bool) (Place, bool) {
	var found Place
	ok := false
	for _, h := range m.marked.heads {
		if _, metadata := child(h.root, "metadata"); metadata == nil || scalarAt(metadata, "name") != m.name {
			continue
		}
		n, key, at := h.root, (*yaml.Node)(nil), ""
		for at != path {
			next, name, below, several := step(n, at, path)
			if several {
				return Place{}, false
			}
			if next == nil {
				break
			}
			if name != "" {
				key, _ = child(n, name)
			}
			n, at = next, below
		}
		if at == "" || at != path && m.has(path) || at == path && target(n).Kind == yaml.ScalarNode && !m.says(path, n) {
			continue
		}
		p, is := mark{in: h.in, key: key, value: n}.place(named && at == path)
		if !is {
			return Place{}, false
		}
		if found, ok = p, true; identity[path] || at != path {
			break
		}
	}
	return found, ok
}

var identity = map[string]bool{"apiVersion": true, "kind": true, "metadata.name": true, "metadata.namespace": true}

// has says that the merge has something at a path.
func (m *Merged) has(path string) bool { return m.at(path) != nil }

func (m *Merged) says(path string, n *yaml.Node) bool {
	there := m.at(path)
	return there != nil && same(n, there)
}

func (m *Merged) at(path string) *yaml.Node {
	n, at := m.plain, ""
	for n != nil && at != path {
		n, _, at, _ = step(n, at, path)
	}
	return n
}
