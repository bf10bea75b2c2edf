package rules

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// editor takes pieces out of a YAML text. What it can't find where it should
// stand ends it: ok is then false, and nothing of it counts.
type editor struct {
	text []byte
	cuts [][2]int
	ok   bool
}

// apply is the text without the pieces.
func (e *editor) apply() []byte {
	slices.SortFunc(e.cuts, func(a, b [2]int) int { return a[0] - b[0] })
	var out []byte
	at := 0
	for _, c := range e.cuts {
		if c[1] <= at {
			continue
		}
		out = append(out, e.text[at:max(at, c[0])]...)
		at = c[1]
	}
	return append(out, e.text[at:]...)
}

// remove takes mentions out: a part of a string, an item of a list, or the
// whole entry where nothing else is in it.
func (e *editor) remove(gone []mention) {
	e.ok = true
	parts := map[place][]mention{}
	for _, m := range gone {
		if !slices.ContainsFunc(parts[m.at], func(o mention) bool { return o.part == m.part }) {
			parts[m.at] = append(parts[m.at], m)
		}
	}
	whole := map[place]map[place]bool{} // the entry of a list -> its items that go
	for at, ms := range parts {
		switch m := ms[0]; {
		case m.part >= 0 && len(ms) < len(m.parts):
			e.parts(resolve(at.node()), m.parts, ms)
		case m.list.in == nil:
			e.entry(at)
		default:
			if whole[m.list] == nil {
				whole[m.list] = map[place]bool{}
			}
			whole[m.list][at] = true
		}
	}
	for list, items := range whole {
		if len(items) == len(resolve(list.node()).Content) {
			e.entry(list)
			continue
		}
		for at := range items {
			e.entry(at)
		}
	}
}

// parts takes some of several recipients out of one string, each with the
// comma in front of the next one, or of itself when it is the last.
func (e *editor) parts(n *yaml.Node, all []string, gone []mention) {
	at, ok := e.offset(n.Line, n.Column)
	if !ok {
		e.ok = false
		return
	}
	var from, to []int
	for _, p := range all {
		i := bytes.Index(e.text[at:], []byte(p))
		if i < 0 {
			e.ok = false
			return
		}
		from, to = append(from, at+i), append(to, at+i+len(p))
		at += i + len(p)
	}
	goes := map[int]bool{}
	for _, m := range gone {
		goes[m.part] = true
	}
	last := len(all) - 1
	for goes[last] { // the last ones that stay end the string
		last--
	}
	for i := range all {
		switch {
		case !goes[i]:
		case i < last:
			e.cut(from[i], from[i+1])
		default:
			e.cut(to[i-1], to[i])
		}
	}
}

func (e *editor) cut(from, to int) { e.cuts = append(e.cuts, [2]int{from, to}) }

// entry takes an item of a list, or an entry of a mapping, out.
func (e *editor) entry(p place) {
	step := 1
	if p.in.Kind == yaml.MappingNode {
		step = 2
	}
	first := p.in.Content[p.index]
	from, ok := e.offset(first.Line, first.Column)
	if !ok {
		e.ok = false
		return
	}
	var next *yaml.Node
	if p.index+step < len(p.in.Content) {
		next = p.in.Content[p.index+step]
	}
	switch {
	case p.in.Style&yaml.FlowStyle != 0:
		e.flow(from, next)
	case step == 1:
		line, indent, ok := dash(e.lines(), first)
		e.block(line, len(indent), ok)
	default:
		line := e.lines()[first.Line-1]
		if before := line[:min(len(line), first.Column-1)]; strings.TrimSpace(before) == "" {
			e.block(first.Line-1, first.Column-1, true)
			return
		}
		// The first entry behind a dash: the next one takes its place.
		to := 0
		if next != nil {
			to, ok = e.offset(next.Line, next.Column)
		}
		if next == nil || !ok {
			e.ok = false
			return
		}
		e.cut(from, to)
	}
}

// flow takes an entry between brackets out, with the comma behind it or, of
// the last one, in front of it.
func (e *editor) flow(from int, next *yaml.Node) {
	if next != nil {
		to, ok := e.offset(next.Line, next.Column)
		e.ok = e.ok && ok
		e.cut(from, to)
		return
	}
	to, depth := from, 0
	var quote byte
scan:
	for ; to < len(e.text); to++ {
		switch c := e.text[to]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '{':
			depth++
		case (c == ']' || c == '}') && depth == 0, c == ',' && depth == 0, c == '\n':
			break scan
		case c == ']' || c == '}':
			depth--
		}
	}
	before := bytes.TrimRight(e.text[:from], " \t\r\n")
	if bytes.HasSuffix(before, []byte(",")) {
		from = len(before) - 1
	}
	to = len(bytes.TrimRight(e.text[:to], " \t\r\n"))
	e.cut(from, to)
}

// block takes whole lines out: the one an entry begins on, and those that
// stand further right behind it.
func (e *editor) block(line, indent int, ok bool) {
	lines := e.lines()
	if !ok || line >= len(lines) {
		e.ok = false
		return
	}
	end := line + 1
	for i := end; i < len(lines); i++ {
		rest := strings.TrimLeft(lines[i], " ")
		if text := strings.TrimSpace(rest); text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		// A list may stand as far left as the key it belongs to.
		if deep := len(lines[i]) - len(rest); deep < indent || deep == indent && !(strings.HasPrefix(rest, "- ") && !strings.HasPrefix(strings.TrimLeft(lines[line], " "), "-")) {
			break
		}
		end = i + 1
	}
	from, _ := e.offset(line+1, 1)
	to := len(e.text)
	if end < len(lines) {
		to, _ = e.offset(end+1, 1)
	}
	e.cut(from, to)
}

func (e *editor) lines() []string { return strings.Split(string(e.text), "\n") }

// rules says whether a node stands below creation_rules.
func (e *editor) rules(root, n *yaml.Node) bool {
	if len(root.Content) == 0 {
		return false
	}
	top := root.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == "creation_rules" {
			return below(top.Content[i+1], n)
		}
	}
	return false
}

func below(m, n *yaml.Node) bool {
	return slices.ContainsFunc(m.Content, func(c *yaml.Node) bool { return c == n || below(c, n) })
}

// offset is the place of a line and column as yaml counts them: from 1, in
// characters.
func (e *editor) offset(line, column int) (int, bool) {
	at := 0
	for ; line > 1; line-- {
		i := bytes.IndexByte(e.text[at:], '\n')
		if i < 0 {
			return len(e.text), false
		}
		at += i + 1
	}
	for ; column > 1 && at < len(e.text); column-- {
		_, n := utf8.DecodeRune(e.text[at:])
		at += n
	}
	return at, at < len(e.text)
}
