// Package early sets the garbage collector up before the large packages that
// this program links initialise themselves: a short run allocates little
// enough to never collect, and a long one collects at a limit instead of at
// every doubling. It imports almost nothing, so that it comes first.
package early

import (
	"os"
	"runtime/debug"
)

// limit is where collecting starts. A build of one environment stays below it;
// the measurements stand in docs/benchmarks.md.
const limit = 64 << 20

func init() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(-1)
		debug.SetMemoryLimit(limit)
	}
}
