package problem

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Shown writes a name or a quoted text for a terminal, a log or a page: what
// would steer them (control characters, line ends, marks that turn the order of
// letters around, letters that can't be seen, and what a CI takes for a command)
// is written as an escape. What is looked at may come from a stranger, who would
// like to colour a line green, start one of his own, or make one read as another.
func Shown(text string) string { return shown(text, false) }

// Lines is Shown for a text whose line ends and tabs are meant.
func Lines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = shown(line, true)
	}
	return strings.Join(lines, "\n")
}

// shown writes one line, its tabs as they are if they are meant.
func shown(text string, tabs bool) string {
	if !Steers(text) && !commands(text) {
		return text
	}
	var b strings.Builder
	colons, wrote := leading(text), rune(0)
	for i, r := range text {
		is := r
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case i == colons, r == '#' && wrote == '#':
			fmt.Fprintf(&b, `\x%02x`, r)
			is = 0
		case !steers(r), r == '\t' && tabs:
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
		wrote = is
	}
	return b.String()
}

// commands says whether a line holds what a CI takes for a command to it: "::"
// at the start, for GitHub, or "##" anywhere, with which those of GitHub and
// Azure ("##[", "##vso[") and of TeamCity start.
func commands(line string) bool { return leading(line) >= 0 || strings.Contains(line, "##") }

// leading is where a "::" is that only blanks stand before, or -1. GitHub's
// runner looks behind them (TryParseV2 in actions/runner's ActionCommand.cs).
func leading(line string) int {
	bare := strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(bare, "::") {
		return -1
	}
	return len(line) - len(bare)
}

// blank are characters without ink that the tables of Unicode count among the
// visible: the empty pattern of Braille and the null notehead.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x1d159, Hi: 0x1d159, Stride: 1}},
}

// steers says whether a character does something else than be seen: those of
// the categories C (control, format, private use), the separators of lines and
// paragraphs, every space but the ordinary one, and what may be ignored.
func steers(r rune) bool {
	if r < 0x7f {
		return r < ' '
	}
	return unicode.In(r, unicode.C, unicode.Z, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, blank)
}

// Steers says whether a text holds such a character.
func Steers(text string) bool {
	return strings.ContainsFunc(text, steers) || !utf8.ValidString(text)
}
