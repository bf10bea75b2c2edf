package terminal

import (
	"slices"
	"testing"
)

func TestWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                                   nil,
		" \t":                                nil,
		"notepad":                            {"notepad"},
		`C:\tools\vim.exe  -f`:               {`C:\tools\vim.exe`, "-f"},
		`"C:\Program Files\x\code" --wait`:   {`C:\Program Files\x\code`, "--wait"},
		`'C:\Program Files\x'`:               {`C:\Program Files\x`},
		`a"b c"d ""`:                         {"ab cd", ""},
		`code "--user-data-dir=C:\my files"`: {"code", `--user-data-dir=C:\my files`},
	} {
		if got := words(line); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestAnEditorOfWindowsIsCareful(t *testing.T) {
	if careful(`"C:\Program Files\Vim\vim.exe" -f`) == nil || careful("notepad") != nil {
		t.Error("vim is not told from notepad")
	}
}
