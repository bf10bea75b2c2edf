package terminal

import (
	"strings"
	"testing"
)

// What is typed where nothing is shown, key by key.
func TestHiddenKeys(t *testing.T) {
	for keys, want := range map[string]string{
		"secret\rmore":          "secret",
		"secret\n":              "secret",
		"a\tb\r":                "a\tb",
		"sé\x7f\x7f\x7fx\b\b\r": "",
		"wrong\x15right\r":      "right",
		"wrong\x17\x1aright\r":  "right",
		"a\x04b\r":              "ab",
	} {
		if got, err := readHidden(strings.NewReader(keys)); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", keys, got, err, want)
		}
	}
	for _, keys := range []string{"secret\x03", "\x1c", "\x04", "no end"} {
		if got, err := readHidden(strings.NewReader(keys)); err == nil || got != "" {
			t.Errorf("%q is %q", keys, got)
		}
	}
	in := strings.NewReader("first\rsecond\r")
	for _, want := range []string{"first", "second"} {
		if got, err := readHidden(in); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}
