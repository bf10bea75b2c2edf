package revision

import (
	"strings"
	"testing"
	"time"
)

// FuzzAdded reads whatever git log could write: a line of a file can't say a time.
func FuzzAdded(f *testing.F) {
	f.Add("\x00100\n\ndiff --git a/x b/x\n+++ b/x\n@@ -0,0 +1 @@\n+value: ENC[a]\n", "value: ENC[a]\n+\x001\n")
	f.Add("\x00\n", "")
	f.Add("\x00100\n+value: ENC[a]", "-value: ENC[b]")
	f.Fuzz(func(t *testing.T, log, line string) {
		key := func(line string) string {
			if strings.HasPrefix(line, "value: ") {
				return line
			}
			return ""
		}
		_ = added(strings.NewReader(log), key, map[string]time.Time{}, false)
		out := map[string]time.Time{}
		line = strings.ReplaceAll(line, "\n", "\n+")
		err := added(strings.NewReader("\x00100\n+"+line+"\n\x00200\n+value: later\n"), key, out, false)
		if err != nil {
			t.Fatal(err)
		}
		for k, at := range out {
			if at.Unix() != 100 && (k != "value: later\n" || at.Unix() != 200) {
				t.Errorf("%q is of %d", k, at.Unix())
			}
		}
	})
}
