package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
)

// ChartWorkerName is the hidden command that makes a reggen render one chart.
const ChartWorkerName = "chart-worker"

// What a stranger's templates may take: nothing in a process ends a template, so
// they run in another one, which is ended. See docs/decisions/0017.
const (
	chartTime   = 60 * time.Second
	chartMemory = 1 << 30

	largeChart = 1 << 20 // what it gives, from where on memory is collected otherwise
)

// step is what the process that renders says: where it is, and in the end what
// came out.
type step struct {
	At      string         `json:",omitempty"`
	Outcome *chart.Outcome `json:",omitempty"`
}

// renderChart renders a chart that is not reggen's own in a process of its own.
func (w *Work) renderChart(ctx context.Context) func(chart.Job) (chart.Outcome, error) {
	return func(j chart.Job) (chart.Outcome, error) {
		program, err := w.Executable()
		if err != nil {
			return chart.Outcome{}, problem.Problem{File: j.Chart.Path, What: "a chart is rendered by a process of its own, and this program's file is not found"}
		}
		limited, cancel := context.WithTimeout(ctx, chartTime+5*time.Second)
		defer cancel()
		cmd := exec.CommandContext(limited, program, ChartWorkerName)
		cmd.Args[0] = "reggen"
		cmd.Dir, cmd.Env = w.Repo.Dir, bareEnvironment()
		in, err := cmd.StdinPipe()
		if err != nil {
			return chart.Outcome{}, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return chart.Outcome{}, err
		}
		if err := cmd.Start(); err != nil {
			return chart.Outcome{}, problem.Problem{File: j.Chart.Path, What: "the process that renders it can't be started"}
		}
		go func() {
			_ = json.NewEncoder(in).Encode(j)
			_ = in.Close()
		}()
		answer, at := listen(out)
		_ = cmd.Wait()
		switch {
		case ctx.Err() != nil:
			return chart.Outcome{}, ctx.Err()
		case answer != nil:
			size := 0
			for _, f := range answer.Files {
				size += len(f.Data)
			}
			if kustomize.Expect(size); size > largeChart {
				collectAsUsual()
			}
			return *answer, nil
		}
		return chart.Outcome{}, spent(j.Chart.Path, at)
	}
}

// RenderChart renders a chart that is not reggen's own.
func (w *Work) RenderChart(ctx context.Context, j chart.Job) (chart.Outcome, error) {
	return w.renderChart(ctx)(j)
}

// bareEnvironment is what a process needs to start: a stranger's templates run in
// it, and keys may be in the rest.
func bareEnvironment() (out []string) {
	for _, name := range []string{"PATH", "SYSTEMROOT", "TMPDIR", "GOMAXPROCS", "GOCOVERDIR"} {
		if value, set := os.LookupEnv(name); set {
			out = append(out, name+"="+value)
		}
	}
	return out
}

// listen reads what the process says until it ends.
func listen(out io.Reader) (answer *chart.Outcome, at string) {
	d := json.NewDecoder(out)
	for {
		var s step
		if d.Decode(&s) != nil {
			return answer, at
		}
		if at = s.At; s.Outcome != nil {
			answer = s.Outcome
		}
	}
}

// spent says that a chart took more than it may.
func spent(path, at string) problem.Problem {
	p := problem.Problem{File: path, What: fmt.Sprintf("does not render within %d seconds and %d MiB", chartTime/time.Second, chartMemory>>20),
		Next: "look at the loops of that template and at the values that they count by"}
	if at != "" {
		p.File += ", " + at
	}
	return p
}

// WorkChart renders the chart that is asked for on stdin.
func (w *Work) WorkChart() error {
	limitMemory(chartMemory + chartMemory/2)
	collectAsUsual()
	debug.SetMemoryLimit(chartMemory * 3 / 4)
	d := json.NewDecoder(w.Tell.Stdin)
	d.UseNumber()
	var j chart.Job
	switch err := d.Decode(&j); {
	case errors.Is(err, io.EOF):
		return nil // nobody asks
	case err != nil:
		return problem.Problem{What: "stdin is not what another reggen writes", Next: "reggen build"}
	}
	steps := make(chan step, 1)
	enc := json.NewEncoder(w.Tell.Stdout)
	var at atomic.Value
	at.Store("")
	var mu sync.Mutex // of enc
	j.Enter = func(file string) {
		at.Store(file)
		mu.Lock()
		defer mu.Unlock()
		// Told before it is rendered: one wish for memory can be the last.
		_ = enc.Encode(step{At: file})
	}
	go func() {
		out := j.Run()
		steps <- step{Outcome: &out}
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(chartTime)
	for {
		select {
		case s := <-steps:
			return enc.Encode(s)
		case <-tick.C:
			if time.Now().After(end) || memory() > chartMemory {
				out := chart.Outcome{}
				out.Problems.Add(spent(j.Chart.Path, at.Load().(string)))
				mu.Lock()
				defer mu.Unlock()
				return enc.Encode(step{Outcome: &out})
			}
		}
	}
}

// collectAsUsual goes back to Go's own way of collecting memory, for what can't
// stay below the limit that internal/collector sets: beyond it the collector would run
// all the time.
func collectAsUsual() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(math.MaxInt64)
	}
}

// memory is what this process holds.
func memory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
