package layers

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// text is a layer: a file, or a part of one.
type text struct {
	file string
	data []byte

	whole *text      // the file, of a part
	begin *yaml.Node // the key of the part, and where its lines are not as they were, the place of all of it
	first int        // the line of the file before its first one, 0 when the lines are not as they were
}

// within is the text of a scalar in a file. Of a literal block each line is one
// of the file, behind as many blanks.
func (t *text) within(key, v *yaml.Node) *text {
	in := &text{file: t.file, data: []byte(v.Value), whole: t, begin: key}
	if v.Style&yaml.LiteralStyle == 0 {
		return in
	}
	lines := yamlLines(t.data)
	for i, line := range strings.Split(strings.TrimRight(v.Value, "\n"), "\n") {
		if at := v.Line + i; at >= len(lines) || !strings.HasSuffix(lines[at].text, line) || strings.Trim(strings.TrimSuffix(lines[at].text, line), " ") != "" {
			return in
		}
	}
	in.first = v.Line
	return in
}

// place is where a node of the text stands in the file: its line as editors
// count, and its column in characters. ok is false where that can't be told.
func (t *text) place(n *yaml.Node) (line, column int, source string, ok bool) {
	at, col := n.Line, n.Column
	if t.whole != nil {
		if t.first == 0 {
			return t.whole.place(t.begin)
		}
		own := yamlLines(t.data)
		all := yamlLines(t.whole.data)
		if at < 1 || at > len(own) || at+t.first > len(all) {
			return 0, 0, "", false
		}
		col += utf8.RuneCountInString(all[at+t.first-1].text) - utf8.RuneCountInString(own[at-1].text)
		at, t = at+t.first, t.whole
	}
	lines := yamlLines(t.data)
	if at < 1 || at > len(lines) || col < 1 {
		return 0, 0, "", false
	}
	l := lines[at-1]
	offset := l.offset
	for range col - 1 {
		_, size := utf8.DecodeRune(t.data[min(offset, len(t.data)):])
		offset += size
	}
	if offset > l.offset+len(l.text) {
		return 0, 0, "", false
	}
	start := bytes.LastIndexByte(t.data[:offset], '\n') + 1
	if start == 0 {
		start = lines[0].offset // behind a mark of the byte order, which no editor counts
	}
	end := len(t.data)
	if i := bytes.IndexByte(t.data[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	return bytes.Count(t.data[:offset], []byte("\n")) + 1, utf8.RuneCount(t.data[start:offset]) + 1, strings.TrimSuffix(string(t.data[start:end]), "\r"), true
}

type textLine struct {
	offset int
	text   string
}

// yamlLines are the lines as YAML counts them, which has more ends of a line than
// editors have.
func yamlLines(data []byte) (out []textLine) {
	start := 0
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		start = len("\ufeff")
	}
	for i := start; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch r {
		case '\r', '\n', '\u0085', '\u2028', '\u2029':
			out = append(out, textLine{start, string(data[start:i])})
			if r == '\r' && i+1 < len(data) && data[i+1] == '\n' {
				size++
			}
			start = i + size
		}
		i += size
	}
	return append(out, textLine{start, string(data[start:])})
}
