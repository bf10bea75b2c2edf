package rules

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
)

// longestName is where a name that a comment gives is cut.
const longestName = 80

// Names are what a .sops.yaml calls its recipients, by the name that SOPS has for
// them: an anchor (&alice), else the comment behind or above the recipient. Who has
// neither has no name here, and none has one where the file can't be read. Anybody
// who can edit the file can write any name, two recipients can have the same, and
// what a comment says is shown as Shown would.
func Names(data []byte) (out map[string]string) {
	out = map[string]string{}
	defer func() { _ = recover() }()
	Quiet()
	root, err := bounded.Document(data)
	if err != nil || root == nil || len(root.Content) == 0 {
		return out
	}
	all := map[string][]string{}
	add := func(id, name string) {
		if name != "" && !slices.Contains(all[id], name) {
			all[id] = append(all[id], name)
		}
	}
	rules, err := rulesIn(ConfigName, root)
	if err != nil {
		return out
	}
	for _, m := range mentions(rules) {
		if len(m.parts) < 2 { // a comment behind several names none of them
			add(m.id, nameAt(m.at))
		}
	}
	// Somebody who left the rules can still be in a list of anchors, and in files.
	steps := 0
	eachAnchored(root, &steps, func(n *yaml.Node) {
		for _, kind := range []string{"age", "pgp"} {
			if rec, ok := one(kind, strings.TrimSpace(n.Value), ""); ok && all[rec.ID] == nil {
				add(rec.ID, cleanName(n.Anchor))
			}
		}
	})
	for id, names := range all {
		slices.Sort(names)
		out[id] = Shown([]string{strings.Join(names, ", ")})[0]
	}
	return out
}

// nameAt is the name of the recipient at a place.
func nameAt(p place) string {
	own := p.node()
	target := resolve(own)
	if target.Anchor != "" {
		return cleanName(target.Anchor)
	}
	nodes := []*yaml.Node{own, target}
	if target.Kind == yaml.MappingNode && len(target.Content) > 1 { // - arn: ... # name
		nodes = append(nodes, target.Content[1])
	}
	for _, n := range nodes {
		if name := cleanName(n.LineComment); name != "" {
			return name
		}
	}
	if p.in.Kind != yaml.SequenceNode {
		return ""
	}
	// A comment above the first of several is about all of them, unless each has one.
	for _, item := range p.in.Content {
		if item.HeadComment == "" {
			return ""
		}
	}
	lines := strings.Split(own.HeadComment, "\n")
	return cleanName(lines[len(lines)-1])
}

func cleanName(comment string) string {
	name := strings.Join(strings.Fields(strings.TrimLeft(comment, "# \t")), " ")
	if r := []rune(name); len(r) > longestName {
		name = string(r[:longestName]) + "..."
	}
	return name
}

// eachAnchored visits the scalars that have an anchor.
func eachAnchored(n *yaml.Node, steps *int, visit func(*yaml.Node)) {
	if *steps++; *steps > maxNodes {
		return
	}
	if n.Kind == yaml.ScalarNode && n.Anchor != "" {
		visit(n)
	}
	for _, below := range n.Content {
		eachAnchored(below, steps, visit)
	}
}
