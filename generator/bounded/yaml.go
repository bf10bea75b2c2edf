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
// are expanded. What is no YAML is within bounds: whoever needs it says so.
// The error is a problem.Problem.
func YAML(path string, data []byte) error {
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
		if total += s.nodes; !ok || total > MaxNodes {
			return problem.Problem{File: path, What: "holds YAML that is too large or too deep, its aliases expanded",
				Want: fmt.Sprintf("at most %d values, nested %d deep", MaxNodes, MaxDepth)}
		}
	}
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
