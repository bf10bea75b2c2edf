package cli

import (
	"runtime"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far long work is, on a terminal and only once it has
// taken a second. It is safe for use by several goroutines.
type progress struct {
	mu      sync.Mutex
	w       *World
	label   string
	total   int
	count   int
	started time.Time
	bar     *progressbar.ProgressBar
	silent  bool
}

func (w *World) progress(label string, total int) *progress {
	return &progress{w: w, label: label, total: total, started: w.Now()}
}

// silent is progress that shows nothing, for work within other work.
func (w *World) silent() *progress { return &progress{w: w, silent: true} }

func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if p.silent || !p.w.StderrIsTerm || p.w.Now().Sub(p.started) < time.Second {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(p.total, progressbar.OptionSetWriter(p.w.Stderr),
			progressbar.OptionSetDescription(p.label), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	_ = p.bar.Set(p.count)
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// parallel is how many pieces of CPU-bound work run at once.
func parallel() int { return max(1, runtime.GOMAXPROCS(0)) }
