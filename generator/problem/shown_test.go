package problem

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "overlays/prod": "overlays/prod", "Zürich 東京 🎉": "Zürich 東京 🎉",
		"a\nb\r\tc": `a\nb\r\tc`, "\x1b[32mok": `\x1b[32mok`, "a\u202eb\u2066": `a\u202eb\u2066`, "z\u200bw": `z\u200bw`,
		"\u2028x\u0085": `\u2028x\u0085`, "\xff\xfe": `\xff\xfe`, "�": "�", "\U000e0001": `\U000e0001`,
	} {
		if got := Shown(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := Lines("a\tb\n\x1bc\n::error"); got != "a\tb\n\\x1bc\n::error" {
		t.Errorf("lines: %q", got)
	}
}

// A hostile text in any field starts no line and steers nothing.
func TestAProblemShowsHostileTexts(t *testing.T) {
	const hostile = "x\n::error::y\r\x1b[31m\u202e"
	p := Problem{File: hostile, Path: hostile, What: hostile, Want: hostile, Near: hostile, Next: "reggen seal\n" + hostile}
	for _, text := range []string{p.Error(), List{p, {What: hostile}}.Error()} {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "::") || Steers(strings.TrimSuffix(line, "\n")) {
				t.Errorf("line %q", line)
			}
		}
	}
}

func FuzzShown(f *testing.F) {
	f.Add("a\nb\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		shown := Shown(text)
		if Steers(shown) || !utf8.ValidString(shown) {
			t.Errorf("%q becomes %q", text, shown)
		}
		if !Steers(text) && shown != text {
			t.Errorf("%q was changed to %q", text, shown)
		}
		if lines := Lines(text); strings.Count(lines, "\n") != strings.Count(text, "\n") || Steers(strings.NewReplacer("\n", "", "\t", "").Replace(lines)) {
			t.Errorf("%q becomes the lines %q", text, lines)
		}
	})
}
