package problem

import (
	"fmt"
	"strings"
	"unicode"
)

// excerptWidth is how many characters of a line are shown.
const excerptWidth = 72

// excerpt is the line of a source and a caret below what is meant.
func (p Problem) excerpt() string {
	line := []rune(p.Source)
	if p.Line == 0 || p.Caret < 1 || p.Caret > len(line)+1 {
		return ""
	}
	before, after := line[:p.Caret-1], line[p.Caret-1:]
	cut := ""
	if len(before) > excerptWidth*2/3 {
		before, cut = before[len(before)-excerptWidth/2:], "..."
	}
	tail := ""
	if room := excerptWidth - len(before); len(after) > room {
		after, tail = after[:room], "..."
	}
	front := cut + seen(string(before))
	number := fmt.Sprintf("%5d", p.Line)
	return fmt.Sprintf("\n%s | %s%s%s\n%*s | %s^", number, front, seen(string(after)), tail, len(number), "", strings.Repeat(" ", columns(front)))
}

// seen is a part of a line: a tab as a blank, and nothing that steers.
func seen(part string) string { return Shown(strings.ReplaceAll(part, "\t", " ")) }

// columns is how wide a terminal shows a text.
func columns(text string) (n int) {
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) || r >= 0xff01 && r <= 0xff60 || r >= 0x1f300 && r <= 0x1faff
}
