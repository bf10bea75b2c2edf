package sops

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/getsops/sops/v3"
	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// Bounds of a document: far beyond any Secret (etcd takes 1.5 MB), small enough
// that a file of nested aliases can't eat the memory.
const (
	maxNodes = 100_000
	maxDepth = 100
)

// parse reads the one document of a YAML file as SOPS's tree. Comments are
// items of the tree, where SOPS puts them.
func parse(data []byte) (sops.TreeBranch, error) {
	root, err := bounded.Document(data)
	if err != nil {
		var p problem.Problem
		errors.As(err, &p)
		return nil, fail(ErrFormat, p)
	}
	if root == nil || len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil, fail(ErrFormat, problem.Problem{What: "not a YAML mapping", Want: "one YAML document that is a mapping"})
	}
	c := converter{}
	head := c.comments(nil, root.HeadComment, false)
	branch := c.branch(root.Content[0], 0, false)
	if c.err != nil {
		return nil, c.err
	}
	branch = append(items(head), branch...)
	return append(branch, items(c.comments(nil, root.FootComment, false))...), nil
}

type converter struct {
	nodes int
	err   error
}

func (c *converter) fail(n *yaml.Node, what, want string) {
	if c.err == nil {
		c.err = fail(ErrFormat, problem.Problem{Line: n.Line, What: what, Want: want})
	}
}

func (c *converter) enter(n *yaml.Node, depth int) bool {
	if c.nodes++; c.nodes > maxNodes || depth > maxDepth {
		c.fail(n, "the document is too large, too deep, or an alias in it contains itself", "")
	}
	return c.err == nil
}

// comments appends each line of a comment, without its #.
func (c *converter) comments(to []any, text string, inline bool) []any {
	for _, line := range strings.Split(text, "\n") {
		if line != "" {
			to = append(to, sops.Comment{Value: line[1:], Inline: inline})
		}
	}
	return to
}

func items(comments []any) sops.TreeBranch {
	branch := sops.TreeBranch{}
	for _, c := range comments {
		branch = append(branch, sops.TreeItem{Key: c})
	}
	return branch
}

// branch converts a mapping. own says that the caller has already put the
// mapping's own comments where they belong.
func (c *converter) branch(n *yaml.Node, depth int, own bool) sops.TreeBranch {
	out := sops.TreeBranch{}
	add := func(text string, inline bool) { out = append(out, items(c.comments(nil, text, inline))...) }
	if !c.enter(n, depth) {
		return out
	}
	if !own {
		add(n.HeadComment, false)
		add(n.LineComment, false)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content) && c.err == nil; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		var name any
		_ = key.Decode(&name)
		text, ok := name.(string)
		switch {
		case !ok:
			c.fail(key, "a key that is not a string", "keys that are strings, quoted where YAML would read a number, a date or a truth value")
		case seen[text]:
			c.fail(key, "a key stands twice in one mapping", "")
		}
		seen[text] = true
		add(key.HeadComment, false)
		add(key.LineComment, false)
		leaf := value.Kind == yaml.ScalarNode || value.Kind == yaml.AliasNode
		if leaf {
			add(value.HeadComment, false)
			add(value.LineComment, true)
		}
		out = append(out, sops.TreeItem{Key: text, Value: c.value(value, depth+1, leaf)})
		if leaf {
			add(value.FootComment, false)
		}
		add(key.FootComment, false)
	}
	if !own {
		add(n.FootComment, false)
	}
	return out
}

func (c *converter) value(n *yaml.Node, depth int, own bool) any {
	switch n.Kind {
	case yaml.MappingNode:
		return c.branch(n, depth, own)
	case yaml.AliasNode:
		if !c.enter(n, depth) {
			return nil
		}
		return c.value(n.Alias, depth+1, false)
	case yaml.SequenceNode:
		return c.list(n, depth, own)
	default:
		if !c.enter(n, depth) {
			return nil
		}
		var v any
		_ = n.Decode(&v)
		return v
	}
}

func (c *converter) list(n *yaml.Node, depth int, own bool) any {
	var out []any
	if !c.enter(n, depth) {
		return out
	}
	if !own {
		out = c.comments(out, n.HeadComment, false)
		out = c.comments(out, n.LineComment, false)
	}
	for _, item := range n.Content {
		out = c.comments(out, item.HeadComment, false)
		out = c.comments(out, item.LineComment, true)
		out = append(out, c.value(item, depth+1, true))
		out = c.comments(out, item.FootComment, false)
	}
	if !own {
		out = c.comments(out, n.FootComment, false)
	}
	return out
}

// emit writes a tree as YAML, indented by two.
func emit(branch sops.TreeBranch) ([]byte, error) {
	root, err := mappingNode(branch)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{root}}); err != nil {
		return nil, err
	}
	if err := e.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// pending is comments on their way to the node they stand at: before it, or
// behind it on its line.
type pending struct{ head, inline []string }

func (p *pending) take(c sops.Comment) {
	if c.Inline {
		p.inline = append(p.inline, c.Value)
	} else {
		p.head = append(p.head, c.Value)
	}
}

func hash(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "#" + strings.Join(lines, "\n#")
}

// place puts what is pending at the nodes of one entry and forgets it. The
// first entry's head comment goes to the collection, as SOPS does it.
func (p *pending) place(collection, key, value *yaml.Node, first bool) {
	at := key
	if first {
		at = collection
	}
	at.HeadComment, value.LineComment = hash(p.head), hash(p.inline)
	*p = pending{}
}

// rest puts comments that no entry follows at the foot of the last one.
func (p *pending) rest(collection, last *yaml.Node) {
	if text := hash(append(p.head, p.inline...)); text != "" && last == nil {
		collection.HeadComment = text
	} else if text != "" {
		last.FootComment = text
	}
}

func mappingNode(branch sops.TreeBranch) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	var p pending
	var last *yaml.Node
	for _, item := range branch {
		if c, ok := item.Key.(sops.Comment); ok {
			p.take(c)
			continue
		}
		key := &yaml.Node{}
		if err := key.Encode(item.Key); err != nil {
			return nil, err
		}
		value, err := valueNode(item.Value)
		if err != nil {
			return nil, err
		}
		p.place(n, key, value, last == nil)
		n.Content = append(n.Content, key, value)
		last = key
	}
	p.rest(n, last)
	return n, nil
}

func valueNode(v any) (*yaml.Node, error) {
	switch v := v.(type) {
	case sops.TreeBranch:
		return mappingNode(v)
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		var p pending
		var last *yaml.Node
		for _, item := range v {
			if c, ok := item.(sops.Comment); ok {
				p.take(c)
				continue
			}
			node, err := valueNode(item)
			if err != nil {
				return nil, err
			}
			p.place(n, node, node, last == nil)
			n.Content = append(n.Content, node)
			last = node
		}
		p.rest(n, last)
		return n, nil
	}
	n := &yaml.Node{}
	if err := n.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding a %T", v)
	}
	return n, nil
}
