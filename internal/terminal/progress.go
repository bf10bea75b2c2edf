package terminal

import (
	"runtime"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress shows how far long work is, on a terminal and only once it has
// taken a second. It is safe for use by several goroutines.
type Progress struct {
	mu      sync.Mutex
	w       *Terminal
	label   string
	total   int
	count   int
	started time.Time
	bar     *progressbar.ProgressBar
	silent  bool
}

// Progress begins to show how far work is.
func (t *Terminal) Progress(label string, total int) *Progress {
	return &Progress{w: t, label: label, total: total, started: t.Now()}
}

// Silent is progress that shows nothing, for work within other work.
func (t *Terminal) Silent() *Progress { return &Progress{w: t, silent: true} }

// Step is one of the total done.
func (p *Progress) Step() {
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

// Aside does what writes something else in the middle of it.
func (p *Progress) Aside(write func()) {
	p.Done()
	write()
}

// Done clears what was shown.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// Parallel is how many pieces of CPU-bound work run at once.
func Parallel() int { return max(1, runtime.GOMAXPROCS(0)) }
