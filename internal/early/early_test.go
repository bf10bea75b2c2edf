package early

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

// A newer Go needs a look: whether setGCPercent and Syscall are what they were, and
// then a word in the lines that say for which versions the files are.
func TestNothingIsCollected(t *testing.T) {
	if Percent == nil {
		t.Fatalf("%s was not tried: the garbage collector stays on while packages are initialised", runtime.Version())
	}
	if now := debug.SetGCPercent(-1); now != -1 {
		t.Errorf("the garbage collector is at %d", now)
	}
	if os.Getenv("GOGC") == "" && *Percent != 100 {
		t.Errorf("it was at %d before, not at 100", *Percent)
	}
}
