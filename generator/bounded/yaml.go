package bounded

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// YAML says whether the YAML in a file stays within bounds when its aliases
// are expanded. What is no YAML is within bounds, if it is not too large to find
// out: whoever needs it says so. The error is a problem.Problem.
func YAML(path string, data []byte) error { return within(path, data, MaxNodes) }

// Secret is YAML for a credential or a sealed file.
func Secret(path string, data []byte) error { return within(path, data, MaxSecretNodes) }

// Text says whether YAML within a value is small enough to be looked into.
func Text(text string) bool {
	return len(text) <= MaxText && within("", []byte(text), MaxSecretNodes) == nil
}

// within is YAML with another number of nodes.
func within(path string, data []byte, most int) error {
	tooMuch := problem.Problem{File: path, What: "holds YAML that is too large or too deep, its aliases expanded",
		Want: fmt.Sprintf("at most %d values, nested %d deep", most, MaxDepth)}
	// A decoder makes all nodes of a document before anybody can count them.
	if longest(data) > most {
		return tooMuch
	}
	total := 0
	d := yaml.NewDecoder(bytes.NewReader(data))
	for documents := 0; ; documents++ {
		var n yaml.Node
		err := d.Decode(&n)
		switch {
		case errors.Is(err, io.EOF), err != nil:
			return nil
		case documents >= MaxDocuments:
			return problem.Problem{File: path, What: "holds too many YAML documents", Want: fmt.Sprintf("at most %d", MaxDocuments)}
		}
		m := measure{sizes: map[*yaml.Node]size{}}
		s, ok := m.of(&n, 0)
		if total += s.nodes; !ok || total > most {
			return tooMuch
		}
	}
}

// longest is about as many nodes as a text can hold at most, from the marks
// without which YAML makes no further node: line ends, commas, brackets, and
// dashes, colons and question marks in front of something.
func longest(data []byte) int {
	n := 1
	for i, c := range data {
		switch c {
		case '\n', ',', '[', '{':
			n++
		case '-', ':', '?':
			if i+1 == len(data) || data[i+1] == ' ' || data[i+1] == '\t' || c == ':' && data[i+1] != '/' && (i == 0 || data[i-1] == '"' || data[i-1] == '\'') {
				n++
			}
		}
	}
	return n
}

// size is what a node is once its aliases are expanded.
type size struct{ nodes, depth int }

// measure counts without expanding: each anchor once.
type measure struct{ sizes map[*yaml.Node]size }

// of is the size of a node at a depth; false when it is out of bounds, as an
// alias within its own anchor is.
func (m measure) of(n *yaml.Node, depth int) (size, bool) {
	if depth > MaxDepth {
		return size{}, false
	}
	if n.Kind == yaml.AliasNode {
		s, known := m.sizes[n.Alias]
		if !known {
			m.sizes[n.Alias] = size{nodes: MaxNodes + 1} // for an alias in itself
			var ok bool
			if s, ok = m.of(n.Alias, depth+1); !ok {
				return s, false
			}
			m.sizes[n.Alias] = s
		}
		return s, s.nodes <= MaxNodes && depth+s.depth <= MaxDepth
	}
	s := size{nodes: 1}
	for _, c := range n.Content {
		below, ok := m.of(c, depth+1)
		s.nodes += below.nodes
		s.depth = max(s.depth, below.depth+1)
		if !ok || s.nodes > MaxNodes {
			return s, false
		}
	}
	return s, true
}
