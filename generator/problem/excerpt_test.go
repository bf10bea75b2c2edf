package problem

import (
	"strings"
	"testing"
)

func TestExcerpted(t *testing.T) {
	for want, p := range map[string]Problem{
		"f:3:5: w\n    3 |   a: b\n      |     ^\n  next: n": {File: "f", Line: 3, Column: 5, What: "w", Next: "n", Source: "  a: b", Caret: 5},
		"f:3:2: w\n    3 |  a: b\n      |  ^":                {File: "f", Line: 3, Column: 2, What: "w", Source: "\ta: b", Caret: 2},
		"f:3:4: w\n    3 | 東京 a\n      |      ^":             {File: "f", Line: 3, Column: 4, What: "w", Source: "東京 a", Caret: 4},
		"f:3:2: w\n    3 | \\x1ba\\u202eb\n      |     ^":    {File: "f", Line: 3, Column: 2, What: "w", Source: "\x1ba\u202eb", Caret: 2},
		"f:3: w":                             {File: "f", Line: 3, What: "w"},
		"f:3:9: w":                           {File: "f", Line: 3, Column: 9, What: "w", Source: "a", Caret: 9},
		"f:12345:1: w\n12345 | a\n      | ^": {File: "f", Line: 12345, Column: 1, What: "w", Source: "a", Caret: 1},
		"f:3:1: w\n    3 | " + strings.Repeat("a", 72) + "...\n      | ^": {File: "f", Line: 3, Column: 1, What: "w", Source: strings.Repeat("a", 99), Caret: 1},
	} {
		if got := p.Excerpted(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if got := p.Error(); strings.Contains(got, "|") {
			t.Errorf("without a terminal: %s", got)
		}
	}
	p := Problem{File: "f", Line: 3, Column: 200, What: "w", Source: strings.Repeat("é", 199) + "x y", Caret: 200}
	lines := strings.Split(p.Excerpted(), "\n")
	if len(lines) != 3 || []rune(lines[1])[len([]rune(lines[2]))-1] != 'x' || len([]rune(lines[1])) > 100 {
		t.Errorf("a long line:\n%s", p.Excerpted())
	}
}
