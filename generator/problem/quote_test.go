package problem

import "testing"

func TestQuoteArg(t *testing.T) {
	for text, want := range map[string]string{
		"overlays/prod": "overlays/prod", "": "''", "a b": "'a b'", "$(id)": "'$(id)'", "it's": `'it'\''s'`, "a;b": "'a;b'", "a\nb": `$'a\nb'`,
	} {
		if got := QuoteArg(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
