package kustomize

import (
	"fmt"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/seen"
)

// The bounds of one kustomization with all that it reaches, beside those of
// each file (package bounded). Ten times and more what the largest examples
// take; --allow-large lifts them.
const (
	maxReads = 5_000    // files read, each as often as kustomize reads it
	maxBytes = 32 << 20 // all of them together
	maxCPU   = 3 * time.Second
	maxHeap  = 150 << 20 // more than before the run
)

// What reads little may grow by less: with lessHeap for nothing, and heapPerRead
// for each byte, half a MiB of files may grow to maxHeap. What doubles is so found
// a step earlier, since what watches it may come a step late.
const (
	lessHeap    = 100 << 20
	heapPerRead = 100
)

// read is how many bytes the run under way has read.
var read atomic.Int64

// What a chart hands over is large by itself, with its definitions of custom
// resources: for each MiB of it a run may take more. A chart comes to 10 MiB at
// most (chart.MaxRendered).
const (
	cpuPerMiB  = 2 * time.Second
	heapPerMiB = 100 << 20
)

// handed is how many bytes of objects the run under way was handed, given how
// many the runs before it for the same folder were.
var (
	handed atomic.Int64
	given  = map[string]int64{}
)

const largeNext = "if this is meant: the same command with " + LargeFlag

// texts are the files of kustomizations, those of bases among them.
var texts seen.Memo[[]byte]

// tally counts what one run of kustomize reads.
type tally struct{ reads, bytes int }

// take reads a file for kustomize, within bounds. A problem is one of those
// bounds; any other error is of the file system.
func (t *tally) take(a Allow, path string) ([]byte, error) {
	if a.Large {
		return withinRepository(path, 1<<30)
	}
	data, err := texts.Get(path, func() ([]byte, error) {
		data, err := withinRepository(path, bounded.MaxFile)
		if err != nil {
			return data, err
		}
		return data, bounded.YAML(path, data)
	})
	if err != nil {
		return nil, err
	}
	t.reads++
	t.bytes += len(data)
	read.Add(int64(len(data)))
	switch {
	case t.reads > maxReads:
		return nil, problem.Problem{File: path, What: fmt.Sprintf("is one of more than %d files that this build reads", maxReads), Next: largeNext}
	case t.bytes > maxBytes:
		return nil, problem.Problem{File: path, What: fmt.Sprintf("is one of the files that make this build larger than %d MiB", maxBytes>>20), Next: largeNext}
	}
	return slices.Clone(data), nil
}

// withinRepository reads a file that no link leads out of the repository.
func withinRepository(path string, limit int64) ([]byte, error) {
	if err := bounded.InsideToRead(path); err != nil {
		return nil, err
	}
	return bounded.Read(path, limit)
}

// readFile reads a file of a kustomization outside of kustomize.
func (a Allow) readFile(path string) ([]byte, error) { return (&tally{}).take(a, path) }

var (
	mutex sync.Mutex // kustomize has globals: one run at a time

	// spent is why kustomize can't be used any more: a run that went out of
	// bounds can't be stopped, only be left behind, and the process has to end.
	spent error

	// used is the processor's time that each folder has taken in this command:
	// several runs are made for one.
	used = map[string]time.Duration{}
)

// Expect says that a chart is about to hand over so many bytes of objects.
func Expect(bytes int) { handed.Add(int64(bytes)) }

// Begin starts a command's bounds anew.
func Begin() {
	mutex.Lock()
	defer mutex.Unlock()
	clear(used)
	clear(given)
}

// Spent is why kustomize can't be used any more, nil while it can. What was left
// behind goes on taking memory: whoever is told has to come to an end at once,
// whatever else there is to do.
func Spent() error {
	mutex.Lock()
	defer mutex.Unlock()
	return spent
}

// outcome is what a run comes to.
type outcome[T any] struct {
	value T
	err   error
}

// within runs work on dir alone, and leaves it behind when it takes more than
// the bounds: patches that copy and replacements that append can double an
// object with every line, and no count of files or nodes shows it. What is left
// behind keeps the barrier up, and no other work is taken on.
func within[T any](a Allow, dir string, work func() (T, error)) (T, error) {
	mutex.Lock()
	defer mutex.Unlock()
	var none T
	if spent != nil {
		return none, spent
	}
	if a.Large {
		return work()
	}
	began, held := processorTime(), heap()
	handed.Store(0)
	read.Store(0)
	done := make(chan outcome[T], 1)
	go func() {
		value, err := work()
		done <- outcome[T]{value, err}
	}()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case o := <-done:
			used[dir] += processorTime() - began
			given[dir] += handed.Load()
			return o.value, o.err
		case <-ticker.C:
			if what := excess(used[dir]+processorTime()-began, heap()-held, given[dir]+handed.Load(), read.Load()); what != "" {
				spent = problem.Problem{File: filepath.Clean(dir), What: what, Want: "objects, patches and replacements that don't multiply", Next: largeNext}
				return none, spent
			}
		}
	}
}

// excess says which bound is passed, "" for none; more is what was handed over,
// and read what was read.
func excess(cpu time.Duration, grown, more, read int64) string {
	most := min(maxHeap, lessHeap+heapPerRead*read)
	if more > 0 {
		most = maxHeap
	}
	cpu -= watched * time.Duration(float64(cpuPerMiB)*float64(more)/(1<<20))
	grown -= watched * more * (heapPerMiB >> 20)
	switch {
	case cpu > watched*maxCPU:
		return fmt.Sprintf("takes kustomize longer than %s to build", maxCPU)
	case grown > watched*most:
		return fmt.Sprintf("takes kustomize more than %d MiB of memory to build", most>>20)
	}
	return ""
}

// heap is what the objects of this process take, those included that are not
// needed any more and not yet collected. 0 where this Go doesn't say.
func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(sample[0].Value.Uint64())
}
