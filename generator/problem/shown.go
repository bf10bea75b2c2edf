package problem

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Shown writes a name or a quoted text for a terminal, a log or a page: what
// would steer them (control characters, line ends, marks that turn the order of
// letters around, letters without width) is written as an escape. What is
// looked at may come from a stranger, who would like to colour a line green,
// start one of his own, or make one read as another.
func Shown(text string) string {
	if !strings.ContainsFunc(text, steers) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !steers(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// Lines is Shown for a text whose line ends and tabs are meant.
func Lines(text string) string {
	if !strings.ContainsFunc(text, steers) && utf8.ValidString(text) {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		parts := strings.Split(line, "\t")
		for j := range parts {
			parts[j] = Shown(parts[j])
		}
		lines[i] = strings.Join(parts, "\t")
	}
	return strings.Join(lines, "\n")
}

// steers says whether a character does something else than be seen: those of
// the categories C (control, format, private use) and the separators of lines
// and paragraphs.
func steers(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }

// Steers says whether a text holds such a character.
func Steers(text string) bool {
	return strings.ContainsFunc(text, steers) || !utf8.ValidString(text)
}
