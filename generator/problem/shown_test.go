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
		"::error::x": `\x3a:error::x`, " ::add-mask::x": ` \x3a:add-mask::x`, "a::b": "a::b", "\t::x": `\t\x3a:x`,
		"x ##vso[task.complete]": `x #\x23vso[task.complete]`, "###[": `#\x23#[`, "####": `#\x23#\x23`, "# #": "# #",
	} {
		if got := Shown(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got, want := Lines("a\tb\n\x1bc\n \t::error::x\na ::b\t::c\n##[group]"), "a\tb\n\\x1bc\n \t\\x3a:error::x\na ::b\t::c\n#\\x23[group]"; got != want {
		t.Errorf("lines: %q", got)
	}
}

// Letters that can't be seen make one name read as another.
func TestUnseenLettersAreShown(t *testing.T) {
	for _, r := range "\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b\u180e\u180f\u2000\u200a\u200d\u202f\u205f\u2060\u2065" +
		"\u2800\u3000\u3164\ufe00\ufe0f\ufeff\uffa0\ufff0\U0001d159\U0001d173\U000e0000\U000e0080\U000e0100\U000e01ef\U000e01f0" {
		if text := "a" + string(r) + "b"; !Steers(text) || strings.ContainsRune(Shown(text), r) {
			t.Errorf("%U passes", r)
		}
	}
	for _, text := range []string{"a b", "a\u0301", "e~`'", "नमस्ते", "한국어", "עברית", "~\u00a1"} {
		if Steers(text) || Shown(text) != text {
			t.Errorf("%q is changed", text)
		}
	}
}

// A hostile text in any field starts no line and steers nothing.
func TestAProblemShowsHostileTexts(t *testing.T) {
	for _, hostile := range []string{"x\n::error::y\r\x1b[31m\u202e", "::error::y", "  ::add-mask::y", "x ##[error]y", "##vso[task.complete]"} {
		for _, p := range []Problem{
			{File: hostile, Path: hostile, What: hostile, Want: hostile, Near: hostile, Next: "reggen seal\n" + hostile},
			{Path: hostile, What: hostile}, {What: hostile}, {What: "w", Near: hostile, Next: hostile},
		} {
			harmless(t, p.Error())
			harmless(t, List{p, {What: hostile}}.Error())
		}
	}
}

func harmless(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if Steers(strings.TrimSuffix(line, "\n")) || strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
			t.Errorf("line %q", line)
		}
	}
}
func FuzzShown(f *testing.F) {
	f.Add("a\nb\x1b\u202e\xff")
	f.Add("::error::x\n \t::y ###[z]")
	f.Fuzz(func(t *testing.T, text string) {
		shown := Shown(text)
		if Steers(shown) || !utf8.ValidString(shown) {
			t.Errorf("%q becomes %q", text, shown)
		}
		for line := range strings.Lines(Lines(text) + "\n" + shown) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
				t.Errorf("%q becomes the line %q", text, line)
			}
		}
		if Shown(shown) != shown || Lines(Lines(text)) != Lines(text) {
			t.Errorf("%q is shown differently twice", text)
		}
		if !Steers(text) && !strings.Contains(text, "##") && !strings.Contains(text, "::") && shown != text {
			t.Errorf("%q was changed to %q", text, shown)
		}
		if lines := Lines(text); strings.Count(lines, "\n") != strings.Count(text, "\n") || Steers(strings.NewReplacer("\n", "", "\t", "").Replace(lines)) {
			t.Errorf("%q becomes the lines %q", text, lines)
		}
	})
}
