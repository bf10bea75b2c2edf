// Package edit changes a word in the text of a Registry, or of a patch of one, and
// leaves every other byte as it is.
package edit

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/spec"
)

// ReplacePullUser writes user in the place of old as
// spec.pullSecrets.PULL.user in the text of a Registry, or of a patch of one,
// and leaves every other byte as it is. ok is false where that does not stand
// there as a plain or quoted word.
func ReplacePullUser(text []byte, pull, old, user string) (out []byte, ok bool) {
	for _, body := range specsOf(text) {
		pulls := down(body, "pullSecrets")
		one := down(pulls, pull)
		_, n := entry(one, "user")
		if n == nil || n.Kind != yaml.ScalarNode || n.Value != old || n.Anchor != "" {
			continue
		}
		at, found := offset(text, n.Line, n.Column)
		if !found {
			continue
		}
		was, good := written(old, n.Style)
		if !good || !bytes.HasPrefix(text[at:], []byte(was)) {
			continue
		}
		now, good := written(user, n.Style)
		if flow := (body.Style | pulls.Style | one.Style) & yaml.FlowStyle; !good || flow != 0 && n.Style == 0 {
			now = braced(user)
		}
		return join3(text[:at], now, text[at+len(was):]), true
	}
	return nil, false
}

// InsertPullUser adds spec.pullSecrets.PULL.user to the text of a Registry, or
// of a patch of one, in as few lines as the layout allows; every other byte
// stays. ok is false where it can't be added, for instance since it is there.
func InsertPullUser(text []byte, pull, user string) (out []byte, ok bool) {
	for _, body := range specsOf(text) {
		pulls, entries := entry(body, "pullSecrets")
		switch {
		case pulls == nil:
			return addTo(text, body, nil, []string{"pullSecrets", pull, "user"}, user)
		case resolvable(entries) == nil:
			continue
		}
		key, one := entry(entries, pull)
		if key == nil {
			return addTo(text, entries, pulls, []string{pull, "user"}, user)
		}
		if at, _ := entry(one, "user"); at == nil && resolvable(one) != nil {
			return addTo(text, one, key, []string{"user"}, user)
		}
	}
	return nil, false
}

// specsOf are the spec mappings of the Registries in a text; none when it is
// no YAML.
func specsOf(text []byte) []*yaml.Node {
	var out []*yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var root yaml.Node
		if err := d.Decode(&root); err != nil {
			return out
		}
		if len(root.Content) != 1 {
			continue
		}
		_, kind := entry(root.Content[0], "kind")
		if _, body := entry(root.Content[0], "spec"); kind != nil && kind.Value == spec.KindRegistry && body != nil && body.Kind == yaml.MappingNode {
			out = append(out, body)
		}
	}
}

// entry is a mapping's entry; nil for what is no mapping or has none.
func entry(m *yaml.Node, name string) (key, value *yaml.Node) {
	if m == nil || m.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == name {
			return m.Content[i], m.Content[i+1]
		}
	}
	return nil, nil
}

func down(m *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		_, m = entry(m, name)
	}
	return m
}

// resolvable is a node that entries can be added to: a mapping or nothing yet.
func resolvable(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.MappingNode || n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "" {
		return n
	}
	return nil
}

// addTo writes path: user into a mapping: in braces behind the opening one,
// in a block mapping behind the line of its key, so as its first entry. A
// mapping without a key is spec itself: there it becomes the last entry.
func addTo(text []byte, m, key *yaml.Node, path []string, user string) ([]byte, bool) {
	if m.Kind == yaml.MappingNode && m.Style&yaml.FlowStyle != 0 {
		at, ok := offset(text, m.Line, m.Column)
		if !ok || text[at] != '{' {
			return nil, false
		}
		word := braced(user)
		for i := len(path) - 1; i >= 0; i-- {
			word = braced(path[i]) + ": " + word
			if i > 0 {
				word = "{" + word + "}"
			}
		}
		if len(m.Content) > 0 {
			word += ", "
		}
		return join3(text[:at+1], word, text[at+1:]), true
	}
	indent := 0
	switch {
	case m.Kind == yaml.MappingNode && len(m.Content) > 0:
		indent = m.Content[0].Column - 1
	case key != nil:
		indent = key.Column + 1
	default:
		return nil, false
	}
	word, ok := written(user, 0)
	if !ok {
		return nil, false
	}
	lines := strings.SplitAfter(string(text), "\n")
	var at int
	if key != nil {
		at = key.Line
	} else {
		at = endOf(lines, m, indent)
	}
	if at > len(lines) {
		return nil, false
	}
	end := "\n"
	if strings.HasSuffix(lines[0], "\r\n") {
		end = "\r\n"
	}
	var add strings.Builder
	if at > 0 && !strings.HasSuffix(lines[at-1], "\n") {
		add.WriteString(end)
	}
	for i, name := range path {
		name, _ = written(name, 0)
		add.WriteString(strings.Repeat(" ", indent+2*i) + name + ":")
		if i == len(path)-1 {
			add.WriteString(" " + word)
		}
		add.WriteString(end)
	}
	return []byte(strings.Join(lines[:at], "") + add.String() + strings.Join(lines[at:], "")), true
}

// endOf is the line (from 0) behind the last one of a block mapping: where
// something stands further left, or the document ends. Blank lines and what
// comments stand before that are not its own.
func endOf(lines []string, m *yaml.Node, indent int) int {
	at := m.Line
	for i := m.Line; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\r\n")
		rest := strings.TrimLeft(line, " ")
		switch {
		case rest == "":
			continue
		case len(line)-len(rest) < indent:
			if !strings.HasPrefix(rest, "#") {
				return at
			}
			continue
		}
		at = i + 1
	}
	return at
}

// written is a word as YAML text in a style; ok is false for what takes more
// than one line or another style.
func written(word string, style yaml.Style) (string, bool) {
	out, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: word, Style: style &^ yaml.TaggedStyle})
	text := strings.TrimRight(string(out), "\n")
	return text, err == nil && !strings.Contains(text, "\n")
}

// braced is a word as it can stand between braces.
func braced(word string) string {
	text, ok := written(word, 0)
	if !ok || strings.ContainsAny(word, ",[]{}") {
		text, _ = written(word, yaml.DoubleQuotedStyle)
	}
	return text
}

// offset is the place in text of a line and column as yaml counts them: from
// 1, in characters.
func offset(text []byte, line, column int) (int, bool) {
	at := 0
	for ; line > 1; line-- {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			return 0, false
		}
		at += i + 1
	}
	for ; column > 1; column-- {
		_, n := utf8.DecodeRune(text[at:])
		if n == 0 {
			return 0, false
		}
		at += n
	}
	return at, at < len(text)
}

func join3(a []byte, b string, c []byte) []byte {
	return append(append(append([]byte{}, a...), b...), c...)
}
