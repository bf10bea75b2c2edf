package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// reader reads one rule of .sops.yaml and collects what is wrong with it.
type reader struct {
	config   string
	index    int
	nodes    int
	problems problem.List
}

// add reports a problem at a node. path is below the rule. Texts never hold
// what stands in the file, but for key names (see name).
func (r *reader) add(n *yaml.Node, path, what, want string) {
	r.problems.Add(problem.Problem{File: r.config, Line: n.Line, Path: r.path(path), What: what, Want: want})
}

func (r *reader) path(below string) string {
	p := fmt.Sprintf("creation_rules[%d]", r.index)
	if below != "" {
		p += "." + below
	}
	return p
}

// unknown reports a key that SOPS would pass over.
func (r *reader) unknown(f field, path string, known []string) {
	near, shown := nearest(f.name, known), like(f.name, known)
	r.problems.Add(problem.Problem{File: r.config, Line: f.key.Line, Path: r.path(path),
		What: fmt.Sprintf("rule %d has the unknown key %s, which SOPS ignores", r.index+1, shown),
		Want: "one of " + strings.Join(known, ", "), Near: near})
}

// like quotes a key that is a known one or nearly; another may be anything, a
// secret in the wrong place for instance.
func like(s string, known []string) string {
	if nearest(s, known) == "" && !slices.Contains(known, s) {
		return "(not shown: it is like none of SOPS's keys)"
	}
	return name(s)
}

var plainName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,39}$`) })

// name quotes a key when it looks like one and not like something secret.
func name(s string) string {
	if !plainName().MatchString(s) || strings.HasPrefix(s, "AGE-") {
		return "(not shown: it does not look like a key)"
	}
	return fmt.Sprintf("%q", s)
}

// resolve follows aliases. yaml refuses an alias inside its own anchor only
// when it decodes values, so the number of steps is bound.
func resolve(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			return n
		}
		n = n.Alias
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line}
}

// field is one entry of a mapping, its value resolved.
type field struct {
	name       string
	key, value *yaml.Node
}

// fields are the entries of a mapping with merge keys (<<) filled in: what
// stands in the mapping wins, then the earlier of several merged ones.
func (r *reader) fields(n *yaml.Node, path string) []field {
	var out []field
	at := map[string]bool{}
	r.merge(n, path, 0, &out, at)
	return out
}

func (r *reader) merge(n *yaml.Node, path string, depth int, out *[]field, have map[string]bool) {
	n = resolve(n)
	if r.nodes++; depth > maxDepth || r.nodes > maxNodes {
		r.add(n, path, "too deep, or an alias that contains itself", "")
		return
	}
	if n.Kind != yaml.MappingNode {
		r.add(n, path, "not a mapping", "a mapping")
		return
	}
	own := map[string]bool{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		if key.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if own[key.Value] {
			r.add(key, path, "the key "+like(key.Value, slices.Concat(ruleKeys, groupKeys))+" stands twice", "")
		}
		own[key.Value] = true
		if !have[key.Value] {
			*out = append(*out, field{key.Value, key, value})
		}
	}
	for k := range own {
		have[k] = true
	}
	for _, m := range merged {
		if m.Kind == yaml.SequenceNode {
			for _, item := range m.Content {
				r.merge(item, path, depth+1, out, have)
			}
			continue
		}
		r.merge(m, path, depth+1, out, have)
	}
}

// text reads a string; a missing value is an empty one, as for SOPS. A number
// or truth value is its text, as yaml reads it into a string.
func (r *reader) text(n *yaml.Node, path string) (string, bool) {
	n = resolve(n)
	switch {
	case n.ShortTag() == "!!null":
		return "", true
	case n.Kind != yaml.ScalarNode:
		r.add(n, path, "not a string", "a string")
		return "", false
	}
	return n.Value, true
}

// list reads a list of anything; a missing value is an empty one.
func (r *reader) list(n *yaml.Node, path string) []*yaml.Node {
	n = resolve(n)
	switch {
	case n.ShortTag() == "!!null":
		return nil
	case n.Kind != yaml.SequenceNode:
		r.add(n, path, "not a list", "a list")
		return nil
	}
	if r.nodes += len(n.Content); r.nodes > maxNodes {
		r.add(n, path, "too much in one rule", "")
		return nil
	}
	return n.Content
}

// item is a string of a list, with the place it stands at.
type item struct {
	text string
	node *yaml.Node
}

// texts reads a list of strings, each of which can be several with commas
// between them; with alone, one such string too.
func (r *reader) texts(n *yaml.Node, path string, alone bool) []item {
	n = resolve(n)
	nodes := []*yaml.Node{n}
	if !alone || n.Kind != yaml.ScalarNode {
		nodes = r.list(n, path)
	}
	var out []item
	for _, node := range nodes {
		node = resolve(node)
		if node.Kind != yaml.ScalarNode {
			r.add(node, path, "not a string", "strings in a flat list: YAML can't splice an aliased list into another")
			continue
		}
		if node.ShortTag() == "!!null" {
			continue
		}
		for _, s := range strings.Split(node.Value, ",") {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, item{s, node})
			}
		}
	}
	return out
}

// nearest is the known word that s was probably meant to be, or nothing.
func nearest(s string, known []string) string {
	if len(s) > 40 {
		return ""
	}
	flat := func(s string) string { return strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(s)) }
	best, at := "", 4
	for _, k := range known {
		d := distance(flat(s), flat(k))
		if limit := 1 + len(k)/4; d <= limit && d < at {
			best, at = k, d
		}
	}
	return best
}

// distance counts the letters to add, drop or change (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
