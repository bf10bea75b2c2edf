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
	n := longest(data)
	if n > most {
		return tooMuch
	}
	if perMark*n <= most && flat(data) {
		return nil
	}
	total, documents, broken := measured(data, most, 0, 0)
	if broken {
		// A library that takes a stream apart before it decodes gets what stands
		// behind the mistake.
		total, documents = 0, 0
		for _, piece := range pieces(data) {
			if total, documents, _ = measured(piece, most, total, documents); total > most || documents > MaxDocuments {
				break
			}
		}
	}
	switch {
	case total > most:
		return tooMuch
	case documents > MaxDocuments:
		return problem.Problem{File: path, What: "holds too many YAML documents", Want: fmt.Sprintf("at most %d", MaxDocuments)}
	}
	return nil
}

// measured adds the nodes and documents of a stream to what was counted, until
// there are too many of either, and says whether it ends in what is no YAML.
func measured(data []byte, most, total, documents int) (int, int, bool) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	for total <= most && documents <= MaxDocuments {
		var n yaml.Node
		switch err := d.Decode(&n); {
		case errors.Is(err, io.EOF):
			return total, documents, false
		case err != nil:
			return total, documents, true
		}
		documents++
		m := measure{sizes: map[*yaml.Node]size{}}
		s, ok := m.of(&n, 0)
		if total += s.nodes; !ok {
			total = most + 1
		}
	}
	return total, documents, false
}

// pieces cuts a stream wherever a line begins or ends a document.
func pieces(data []byte) (out [][]byte) {
	begin, at := 0, 0
	for line := range bytes.Lines(data) {
		ends := bytes.HasPrefix(line, []byte("..."))
		if ends || bytes.HasPrefix(line, []byte("---")) {
			out, begin = append(out, data[begin:at]), at
		}
		if at += len(line); ends {
			begin = at
		}
	}
	return append(out, data[begin:])
}

// longest is as many nodes as a text can hold at most, but for a small factor,
// from the marks without which YAML makes no further node: whatever ends a line
// of YAML, commas, brackets, and dashes, colons and question marks that are not
// within a word.
func longest(data []byte) int {
	n := 1
	for i, c := range data {
		switch c {
		case '\n', '\r', ',', '[', '{', '&', '*':
			n++
		case '-':
			if i+1 == len(data) || !inWord(data[i+1]) && data[i+1] != '-' {
				n++
			}
		case ':', '?':
			if i == 0 || i+1 == len(data) || !inWord(data[i-1]) || !inWord(data[i+1]) {
				n++
			}
		}
	}
	return n
}

// perMark is how many nodes a mark that longest counts stands for at most: a
// key, a value and what holds them.
const perMark = 3

// flat says of most files, without parsing them, that they have no aliases, few
// documents and no deep nesting. A collection begins at the indentation of a line
// or behind a mark in it, two at most in one column (a list may stand in the
// column of the key it belongs to), or with a bracket, in which a pair is another.
func flat(data []byte) bool {
	brackets, begun, documents := 0, 0, 1
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte("---")) || bytes.HasPrefix(line, []byte("...")) {
			documents++
		}
		text := bytes.TrimLeft(line, " ")
		begins := len(line) - len(text) + 1
		for i, c := range text {
			switch {
			case c == '*', c == '\r' && i+2 < len(text), c == 0xc2, c == 0xe2, c == 0, c >= 0xfe: // an alias, what may end a line, UTF-16
				return false
			case c == '[', c == '{':
				brackets++
			case c == '-', c == '?', c == ':':
				begins++
			}
		}
		begun = max(begun, begins)
	}
	return 2*begun+2*brackets+2 <= MaxDepth && documents <= MaxDocuments
}

// inWord says that a character beside a colon or a dash keeps it from meaning
// anything. One beyond ASCII may end a line.
func inWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/' || c == '_' || c == '.'
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
