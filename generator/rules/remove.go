package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// Removal is a .sops.yaml without one of its recipients.
type Removal struct {
	Text  []byte
	IDs   []string // how files name the recipient
	Rules []int    // the rules that named it, from 0
	Left  bool     // it still stands in the text, where no creation rule uses it
}

// RemoveRecipient takes a recipient out of the creation rules of a .sops.yaml:
// of all, or of those that only says yes to. name is the recipient as it is
// written there, as SOPS names it in files, or the name of its anchor. Its
// anchor goes too once nothing uses it. Everything else stays byte for byte,
// comments and anchors included.
//
// It refuses to leave a rule or a key group with nobody, and reads its result
// back before it returns it: each rule has exactly the recipients it had but
// for this one. Without a rule that names it the Removal has no Rules.
func RemoveRecipient(config string, text []byte, name string, only func(rule int) bool) (out Removal, err error) {
	defer func() {
		if recover() != nil {
			out, err = Removal{}, problem.Problem{File: config, What: "can't be read as the rules of SOPS"}
		}
	}()
	Quiet()
	rules, err := rulesOf(config, text)
	if err != nil {
		return out, err
	}
	all := mentions(rules)
	name = anchored(text, name)
	for _, m := range all {
		if m.meant(name) && !slices.Contains(out.IDs, m.id) {
			out.IDs = append(out.IDs, m.id)
		}
	}
	var gone []mention
	for _, m := range all {
		if !slices.Contains(out.IDs, m.id) {
			continue
		}
		if only != nil && !only(m.rule) {
			continue
		}
		gone = append(gone, m)
		if !slices.Contains(out.Rules, m.rule) {
			out.Rules = append(out.Rules, m.rule)
		}
	}
	out.Text = text
	if len(gone) == 0 {
		return out, nil
	}
	if err := someoneLeft(config, rules, out); err != nil {
		return out, err
	}
	for _, m := range all {
		if only != nil && !only(m.rule) && slices.Contains(out.IDs, m.id) && slices.ContainsFunc(gone, func(g mention) bool { return g.at == m.at }) {
			return out, problem.Problem{File: config, Line: m.at.node().Line, What: fmt.Sprintf("the recipient stands in a list that rules %d and others share", m.rule+1),
				Want: "a list of its own for each, or every environment of them at once"}
		}
	}
	e := editor{text: text}
	e.remove(gone)
	out.Text = e.apply()
	out.Text = withoutAnchors(out.Text, gone)
	if !e.ok || !sameBut(config, rules, out) {
		return out, problem.Problem{File: config, What: "is laid out in a way that is not safe to edit", Next: "take the recipient out by hand, then run the same command again"}
	}
	for _, m := range gone {
		out.Left = out.Left || regexp.MustCompile(regexp.QuoteMeta(m.raw)+`(?:[^A-Za-z0-9]|$)`).Match(out.Text)
	}
	out.Left = out.Left && only == nil
	return out, nil
}

// anchored is what stands behind an anchor of that name; the name itself where
// there is none.
func anchored(text []byte, name string) string {
	root, err := bounded.Document(text)
	if err != nil || root == nil {
		return name
	}
	var look func(n *yaml.Node) string
	look = func(n *yaml.Node) string {
		if n.Anchor == name && n.Kind == yaml.ScalarNode && n.Value != "" {
			return strings.TrimSpace(n.Value)
		}
		for _, c := range n.Content {
			if found := look(c); found != "" {
				return found
			}
		}
		return ""
	}
	if found := look(root); found != "" {
		return found
	}
	return name
}

// someoneLeft refuses a rule or key group that would be left with nobody.
func someoneLeft(config string, rules []*yaml.Node, r Removal) error {
	var l problem.List
	for _, i := range r.Rules {
		read := reader{config: config, index: i}
		rule, err := read.rule(rules[i])
		if err != nil {
			l.Join(err)
			continue
		}
		for g, group := range without(rule.Groups(), r.IDs) {
			if len(group) > 0 {
				continue
			}
			p := problem.Problem{File: config, Line: rules[i].Line, Path: fmt.Sprintf("creation_rules[%d]", i), What: "would be left with nobody who may read",
				Want: "another recipient beside this one", Next: "add somebody else's public key there, run reggen seal, then run the same command again"}
			if len(rule.Members) > 1 {
				p.Path += fmt.Sprintf(".key_groups[%d]", g)
			}
			l.Add(p)
		}
	}
	return l.Err()
}

func without(groups [][]string, ids []string) [][]string {
	out := make([][]string, len(groups))
	for i, g := range groups {
		out[i] = slices.DeleteFunc(slices.Clone(g), func(id string) bool { return slices.Contains(ids, id) })
	}
	return out
}

// sameBut proves that the rules are what they were but for the recipient.
func sameBut(config string, old []*yaml.Node, r Removal) bool {
	now, err := rulesOf(config, r.Text)
	if err != nil || len(now) != len(old) {
		return false
	}
	for i := range old {
		a, errA := (&reader{config: config, index: i}).rule(old[i])
		b, errB := (&reader{config: config, index: i}).rule(now[i])
		if errA != nil {
			if errB == nil {
				return false
			}
			continue
		}
		want := a.Groups()
		if slices.Contains(r.Rules, i) {
			want = without(want, r.IDs)
		}
		if errB != nil || a.Threshold != b.Threshold || !slices.EqualFunc(want, b.Groups(), slices.Equal[[]string]) {
			return false
		}
		if x, y := patterns(old[i : i+1])[0], patterns(now[i : i+1])[0]; (x == nil) != (y == nil) || x != nil && *x != *y {
			return false
		}
	}
	return true
}

// withoutAnchors takes out what only named the recipient for the rules: a
// string with an anchor that no alias asks for any more.
func withoutAnchors(text []byte, gone []mention) []byte {
	root, err := bounded.Document(text)
	if err != nil || root == nil {
		return text
	}
	used := map[*yaml.Node]bool{}
	var spots []place
	var look func(n *yaml.Node)
	look = func(n *yaml.Node) {
		if n.Kind == yaml.AliasNode {
			used[n.Alias] = true
			return
		}
		for i, c := range n.Content {
			p := place{n, i}
			if n.Kind == yaml.MappingNode {
				p.index -= i % 2
			}
			if c.Anchor != "" && c.Kind == yaml.ScalarNode && (n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode && i%2 == 1) {
				spots = append(spots, p)
			}
			look(c)
		}
	}
	look(root)
	e := editor{text: text, ok: true}
	for _, p := range spots {
		n := p.node()
		named := slices.ContainsFunc(gone, func(m mention) bool { return m.raw == strings.TrimSpace(n.Value) })
		if !named || used[n] || e.rules(root, n) {
			continue
		}
		e.entry(p)
	}
	if out := e.apply(); e.ok {
		return out
	}
	return text
}
