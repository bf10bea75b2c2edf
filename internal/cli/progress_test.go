package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/internal/terminal"
)

// Progress is for a terminal, and for work that takes over a second.
func TestProgress(t *testing.T) {
	for name, c := range map[string]struct {
		terminal bool
		each     time.Duration
		shown    bool
	}{
		"long, terminal":  {true, 400 * time.Millisecond, true},
		"long, no one":    {false, 400 * time.Millisecond, false},
		"short, terminal": {true, 10 * time.Millisecond, false},
	} {
		var out strings.Builder
		now := time.Unix(0, 0)
		w := &terminal.Terminal{Stderr: &out, StderrIsTerm: c.terminal, Now: func() time.Time { return now }}
		bar := w.Progress("sealing", 10)
		for range 10 {
			now = now.Add(c.each)
			bar.Step()
		}
		bar.Done()
		if shown := strings.Contains(out.String(), "sealing"); shown != c.shown {
			t.Errorf("%s: shown %v: %q", name, shown, out.String())
		}
	}
}
