package rules

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// place is an entry of a list (the item at index) or of a mapping (the key at
// index, the value behind it).
type place struct {
	in    *yaml.Node
	index int
}

// node is what stands at a place, which may be an alias.
func (p place) node() *yaml.Node {
	if p.in.Kind == yaml.MappingNode {
		return p.in.Content[p.index+1]
	}
	return p.in.Content[p.index]
}

// mention is one recipient in a rule, where it is written.
type mention struct {
	rule  int
	kind  string
	raw   string // as written
	id    string // as SOPS names it in a file
	at    place
	list  place // the mapping's entry that holds the list that holds it; in is nil without a list
	part  int   // which of several in one string; -1 for a mapping
	parts []string
}

// finder collects the recipients of rules.
type finder struct {
	rule  int
	steps int
	found []mention
}

// mapping looks through a rule, or one of its key groups.
func (f *finder) mapping(n *yaml.Node) {
	n = resolve(n)
	if f.steps++; n.Kind != yaml.MappingNode || f.steps > maxNodes {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		switch {
		case key.ShortTag() == "!!merge" && value.Kind == yaml.MappingNode:
			f.mapping(value)
		case key.ShortTag() == "!!merge", key.Value == "key_groups", key.Value == "merge":
			for _, item := range value.Content {
				f.mapping(item)
			}
		case wants[key.Value] != "":
			f.recipients(key.Value, place{n, i})
		}
	}
}

func (f *finder) recipients(kind string, at place) {
	value := resolve(at.node())
	if value.Kind == yaml.ScalarNode {
		f.text(kind, at, place{})
		return
	}
	if value.Kind != yaml.SequenceNode {
		return
	}
	for i, item := range value.Content {
		if f.steps++; f.steps > maxNodes {
			return
		}
		if item = resolve(item); item.Kind == yaml.MappingNode {
			r := reader{}
			if rec, ok := r.mapped(kind, item, ""); ok {
				_, raw := scalarOf(item, mappedKeys[kind][0])
				f.found = append(f.found, mention{f.rule, kind, raw, rec.ID, place{value, i}, at, -1, nil})
			}
			continue
		}
		f.text(kind, place{value, i}, at)
	}
}

func scalarOf(m *yaml.Node, name string) (key *yaml.Node, value string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == name {
			return m.Content[i], resolve(m.Content[i+1]).Value
		}
	}
	return nil, ""
}

func (f *finder) text(kind string, at, list place) {
	n := resolve(at.node())
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return
	}
	parts := partsOf(n.Value)
	for i, part := range parts {
		if rec, ok := one(kind, part, ""); ok {
			f.found = append(f.found, mention{f.rule, kind, part, rec.ID, at, list, i, parts})
		}
	}
}

// partsOf are the recipients of one string.
func partsOf(text string) []string {
	var out []string
	for _, s := range strings.Split(text, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// mentions are all recipients of all rules.
func mentions(rules []*yaml.Node) []mention {
	var out []mention
	for i, n := range rules {
		f := finder{rule: i}
		f.mapping(n)
		out = append(out, f.found...)
	}
	return out
}

// meant says whether a person means this recipient by a name: as it is
// written, or as SOPS names it.
func (m mention) meant(name string) bool {
	if name == m.raw || name == m.id {
		return true
	}
	flat := func(s string) string {
		return strings.TrimPrefix(strings.ToUpper(strings.ReplaceAll(s, " ", "")), "0X")
	}
	return m.kind == "pgp" && flat(name) == flat(m.id)
}

// AllRecipients are the names of everybody whom a .sops.yaml lets read
// anything, sorted; none when it can't be read.
func AllRecipients(data []byte) (out []string) {
	defer func() { _ = recover() }()
	Quiet()
	rules, err := rulesOf(ConfigName, data)
	if err != nil {
		return nil
	}
	for _, m := range mentions(rules) {
		out = append(out, m.id)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
