package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/kustomize"
)

// order is one environment to build, and built what came of it. Both cross
// the pipes between this process and the workers.
type order struct {
	Base  string // the working directory of the World that asks
	Dir   string // absolute
	Stale string // as buildOptions has it
	Allow kustomize.Allow
}

type built struct {
	Text       []byte
	Warnings   string
	Problems   problem.List
	Registries []publicSpec
}

// builder makes an environment's manifests, sealed whatever the environment
// variables say.
type builder func(order) built

// buildHere makes them in this process.
func (w *World) buildHere(ctx context.Context) builder {
	return func(o order) built {
		var warnings bytes.Buffer
		side := *w
		side.Dir, side.Stderr, side.StderrIsTerm, side.Allow = o.Base, &warnings, false, o.Allow
		var b built
		text, err := side.build(ctx, []string{side.rel(o.Dir)}, buildOptions{stale: o.Stale, saw: func(root string, r *spec.Registry) {
			b.Registries = append(b.Registries, publicSpecOf(root, r))
		}})
		b.Problems.Join(err)
		b.Text, b.Warnings = text, warnings.String()
		return b
	}
}

// maxProcesses bounds the memory that building many environments takes: each
// process needs what a build of one needs.
const maxProcesses = 4

// worthAWorker is how many environments each process has to build: starting one
// takes as long as four builds in one that runs; see docs/decisions/0008.
const worthAWorker = 6

// eachEnvironment calls work for 0 to n-1, from as many goroutines as there
// are processes to build in, each with the builder of one of them. It returns
// when all are done or the context is.
func (w *World) eachEnvironment(ctx context.Context, n int, work func(i int, build builder)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	take := func(build builder) {
		for ctx.Err() == nil && kustomize.Spent() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			work(i, func(o order) built {
				o.Allow = w.Allow
				return build(o)
			})
		}
	}
	here := w.buildHere(ctx)
	environment := os.Environ() // a build under way hides programs and plugins
	for range min(w.Processes, (n+worthAWorker-1)/worthAWorker) - 1 {
		wg.Go(func() {
			c, err := w.startWorker(ctx, environment)
			if err != nil {
				return // the others do its part
			}
			defer c.stop()
			take(func(o order) built {
				b, err := c.build(o)
				if err != nil { // it died, of a lack of memory for instance
					return here(o)
				}
				return b
			})
		})
	}
	take(here)
	wg.Wait()
}

// workerName is the hidden command that makes a reggen a worker.
const workerName = "worker"

// worker is reggen itself, started as a child that builds for this process.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

func (w *World) startWorker(ctx context.Context, environment []string) (*worker, error) {
	program, err := w.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, workerName)
	cmd.Args[0] = "reggen"
	cmd.Dir, cmd.Env = w.Dir, environment
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &worker{cmd, in, json.NewDecoder(out)}
	var version string
	if err := c.out.Decode(&version); err != nil || version != Version() {
		c.stop()
		return nil, errors.New("the program on disk is not the one that runs")
	}
	return c, nil
}

func (c *worker) build(o order) (built, error) {
	var b built
	if err := json.NewEncoder(c.in).Encode(o); err != nil {
		return b, err
	}
	err := c.out.Decode(&b)
	return b, err
}

// stop ends a worker: it goes when its input ends.
func (c *worker) stop() {
	_ = c.in.Close()
	_, _ = io.Copy(io.Discard, c.out.Buffered())
	_ = c.cmd.Wait()
}

func (w *World) workerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    workerName,
		Short:  "Build what another reggen asks for",
		Long:   "Build what another reggen, which started this one, asks for on stdin. It is not for people.",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return w.work(cmd.Context()) },
	}
}

// work answers orders until there are no more.
func (w *World) work(ctx context.Context) error {
	out := json.NewEncoder(w.Stdout)
	if err := out.Encode(Version()); err != nil {
		return err
	}
	in := json.NewDecoder(w.Stdin)
	build := w.buildHere(ctx)
	for {
		var o order
		switch err := in.Decode(&o); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return problem.Problem{What: "stdin is not what another reggen writes", Next: "reggen build"}
		}
		if err := out.Encode(build(o)); err != nil {
			return err
		}
	}
}
