// Package collector sets the garbage collector up: a short run allocates little
// enough to never collect, and a long one collects at a limit instead of at every
// doubling. While other packages are initialised internal/early sees to it.
package collector

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/reggen/reggen/internal/early"
)

// limit is where collecting starts. A build of one environment stays below it;
// the measurements stand in docs/benchmarks.md.
const limit = 64 << 20

func init() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(-1)
		debug.SetMemoryLimit(limit)
		runtime.SetFinalizer(&watch{at: limit}, (*watch).collected)
	} else if early.Percent != nil { // whoever runs this has settings of their own
		debug.SetGCPercent(*early.Percent)
	}
}

// watch is collected by each collection, and looks what is left after it. It is
// larger than what the runtime puts into one block with others (16 bytes), which
// live as long as any of them.
type watch struct {
	at int64
	_  [3]int64
}

// collected keeps the limit at twice what is alive and more: near it, the
// program would do nothing but collect.
func (w *watch) collected() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	if metrics.Read(sample); sample[0].Value.Kind() == metrics.KindUint64 {
		want := max(limit, 2*int64(sample[0].Value.Uint64())+limit/2)
		if want != w.at && debug.SetMemoryLimit(-1) == w.at { // else somebody else has set one
			debug.SetMemoryLimit(want)
			w.at = want
		}
	}
	runtime.SetFinalizer(w, (*watch).collected)
}
