package collector

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// The limit follows what is alive: a program that stays near it would do nothing
// but collect.
func TestTheLimitGrows(t *testing.T) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		t.Skip("GOGC or GOMEMLIMIT is set, which counts instead")
	}
	if at := debug.SetMemoryLimit(-1); at < limit {
		t.Fatalf("the limit is %d at first", at)
	}
	alive := make([]byte, 2*limit)
	for range 100 {
		runtime.GC()
		if debug.SetMemoryLimit(-1) >= 4*limit {
			break
		}
		time.Sleep(10 * time.Millisecond) // finalizers have a goroutine of their own
	}
	if at := debug.SetMemoryLimit(-1); at < 4*limit {
		t.Errorf("with %d bytes alive the limit is %d", len(alive), at)
	}
	runtime.KeepAlive(alive)
}
