package deliver

import (
	"context"
	"encoding/json"
	"os"
	"sync"
	"sync/atomic"

	"github.com/reggen/reggen/generator/seen"
)

// Task does an order that came through a pipe, of this process's parent, and
// returns the answer.
type Task func(ctx context.Context, order json.RawMessage) (answer any, err error)

// buildTask is the task that every worker knows.
const buildTask = "build"

// call is a task as it crosses the pipe, and received what arrives of it.
type call struct {
	Task  string
	Reads bool
	Order any
}

type received struct {
	Task  string
	Reads bool
	Order json.RawMessage
}

// Crew does orders of one kind: those that workers take as a task, and Here
// does in this process.
type Crew[O, A any] struct {
	Task  string
	Reads bool // it writes nothing that it reads: what all have in common is read once
	Here  func(O) A
	Over  func(A) bool // says that it went out of bounds: what follows does not count
}

// Each calls work for 0 to n-1, from as many goroutines as there are processes
// to work in, each with what has an order done in one of them. It returns when
// all are done or the context is, and says how many count: all, or those up to
// the first that went out of bounds, whoever did them.
func Each[O, A any](ctx context.Context, w *Work, c Crew[O, A], n int, work func(i int, do func(O) A)) (done int) {
	if c.Reads {
		defer seen.Remember()()
	}
	var next atomic.Int64
	var mu sync.Mutex
	done = n
	counts := func(i int) bool {
		mu.Lock()
		defer mu.Unlock()
		return i < done
	}
	take := func(do func(O) A) {
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if !counts(i) {
				return
			}
			work(i, func(o O) A {
				a := do(o)
				if c.Over(a) {
					mu.Lock()
					defer mu.Unlock()
					done = min(done, i+1)
				}
				return a
			})
		}
	}
	var wg sync.WaitGroup
	environment := os.Environ() // a build under way hides programs and plugins
	for range min(w.Processes, (n+worthAWorker-1)/worthAWorker) - 1 {
		wg.Go(func() {
			p, err := w.startWorker(ctx, environment)
			if err != nil {
				return // the others do its part
			}
			defer p.stop()
			take(func(o O) A {
				var a A
				if err := p.do(call{c.Task, c.Reads, o}, &a); err != nil { // it died, of a lack of memory for instance
					return c.Here(o)
				}
				return a
			})
		})
	}
	take(c.Here)
	wg.Wait()
	return done
}
