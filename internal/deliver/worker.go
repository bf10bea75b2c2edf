package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/seen"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/release"
	"github.com/reggen/reggen/internal/repository"
)

// PublicSpec is what a spec says of its secrets, as far as a diff wants it.
type PublicSpec struct {
	Root        string
	Credentials []string // the folders
	Sealed      string
	Pulls       []string // regcred of puller
}

// PublicSpecOf is that of an environment's spec.
func PublicSpecOf(root string, d spec.Decoded) PublicSpec {
	p := PublicSpec{Root: root, Credentials: d.Secrets.Credentials, Sealed: d.Secrets.Sealed}
	for _, name := range repository.SortedKeys(d.Pulls()) {
		p.Pulls = append(p.Pulls, name+" of "+d.Pulls()[name].User)
	}
	return p
}

// Order is one environment to build, and built what came of it. Both cross
// the pipes between this process and the workers.
type Order struct {
	Base  string // the working directory of the process that asks
	Dir   string // absolute
	Stale string // as buildOptions has it
	Allow kustomize.Allow
	Empty bool // it may have no objects
}

type built struct {
	Spent      bool // it went out of bounds: that process builds nothing more
	Text       []byte
	Files      []string // of the objects in the text, one each, where they are known
	Warnings   string
	Problems   problem.List
	Registries []PublicSpec
}

// Builder makes an environment's manifests, sealed whatever the environment
// variables say.
type Builder func(Order) built

// buildHere makes them in this process.
func (w *Work) buildHere(ctx context.Context) Builder {
	return func(o Order) built {
		var warnings bytes.Buffer
		repo := w.Repo.At(o.Base).Remembering()
		repo.Allow = o.Allow
		side := w.Beside(w.Tell.Beside(&warnings), repo)
		var b built
		text, made, err := side.buildOne(ctx, side.Repo.Rel(o.Dir), BuildOptions{Stale: o.Stale, saw: func(root string, d spec.Decoded) {
			b.Registries = append(b.Registries, PublicSpecOf(root, d))
		}})
		if err == nil && len(text) == 0 && !o.Empty {
			err = errEmpty
		}
		b.Problems.Join(err)
		for _, object := range made {
			b.Files = append(b.Files, ObjectFile(object))
		}
		b.Text, b.Warnings, b.Spent = text, warnings.String(), kustomize.Spent() != nil
		return b
	}
}

// MaxProcesses bounds the memory that building many environments takes: each
// process needs what a build of one needs.
const MaxProcesses = 4

// worthAWorker is how many environments each process has to build: starting one
// takes as long as four builds in one that runs; see docs/decisions/0008.
const worthAWorker = 6

// EachEnvironment calls work for 0 to n-1, from as many goroutines as there
// are processes to build in, each with the builder of one of them. It returns
// when all are done or the context is, and says how many count, as Each does.
func (w *Work) EachEnvironment(ctx context.Context, n int, work func(i int, build Builder)) (done int) {
	crew := Crew[Order, built]{Task: buildTask, Reads: true, Here: w.buildHere(ctx), Over: func(b built) bool { return b.Spent }}
	return Each(ctx, w, crew, n, func(i int, do func(Order) built) {
		work(i, func(o Order) built {
			o.Allow = w.Repo.Allow
			return do(o)
		})
	})
}

// WorkerName is the hidden command that makes a reggen a worker.
const WorkerName = "worker"

// worker is reggen itself, started as a child that builds for this process.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

func (w *Work) startWorker(ctx context.Context, environment []string) (*worker, error) {
	program, err := w.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, WorkerName)
	cmd.Args[0] = "reggen"
	cmd.Dir, cmd.Env = w.Repo.Dir, environment
	cmd.Cancel = func() error { return end(cmd.Process) }
	cmd.WaitDelay = patience
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
	if err := c.out.Decode(&version); err != nil || version != release.Version() {
		c.stop()
		return nil, errors.New("the program on disk is not the one that runs")
	}
	return c, nil
}

// patience is how long a worker that is told to end may take: it may be writing
// a file.
const patience = 5 * time.Second

// end tells a worker to end, as Ctrl-C does, where a process can be told so.
func end(p *os.Process) error {
	if p.Signal(os.Interrupt) != nil {
		return p.Kill()
	}
	return nil
}

// do has a task done; answer is a pointer.
func (c *worker) do(task call, answer any) error {
	if err := json.NewEncoder(c.in).Encode(task); err != nil {
		return err
	}
	return c.out.Decode(answer)
}

// stop ends a worker: it goes when its input ends.
func (c *worker) stop() {
	_ = c.in.Close()
	_, _ = io.Copy(io.Discard, c.out.Buffered())
	_ = c.cmd.Wait()
}

// Work does tasks until there are no more.
func (w *Work) Work(ctx context.Context) error {
	out := json.NewEncoder(w.Tell.Stdout)
	if err := out.Encode(release.Version()); err != nil {
		return err
	}
	var forget func() // while orders follow each other that only read
	defer func() {
		if forget != nil {
			forget()
		}
	}()
	in := json.NewDecoder(w.Tell.Stdin)
	build := w.buildHere(ctx)
	for {
		var c received
		err := in.Decode(&c)
		if errors.Is(err, io.EOF) {
			return nil
		}
		switch {
		case c.Reads && forget == nil:
			forget = seen.Remember()
		case !c.Reads && forget != nil:
			forget()
			forget = nil
		}
		var answer any
		if task := w.Tasks[c.Task]; err == nil && task != nil {
			answer, err = task(ctx, c.Order)
		} else if err == nil {
			var o Order
			if err = json.Unmarshal(c.Order, &o); err == nil && c.Task == buildTask {
				answer = build(o)
			}
		}
		if err != nil || answer == nil {
			return problem.Problem{What: "stdin is not what another reggen writes", Next: "reggen build"}
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
}
