package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/release"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// workerVariable makes this test's binary a worker, and says of which kind.
const workerVariable = "REGGEN_TEST_WORKER"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == deliver.ChartWorkerName || os.Getenv(againVariable) != "" {
		os.Exit(Run(context.Background(), Real()))
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // thousands of short builds in one process: a third of the time went to collecting
	}
	kind := os.Getenv(workerVariable)
	if kind == "" || len(os.Args) != 2 || os.Args[1] != deliver.WorkerName {
		os.Exit(m.Run())
	}
	switch kind {
	case "dies": // with its first order
		fmt.Printf("%q\n", release.Version())
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(3)
	case "older":
		fmt.Printf("%q\n", "0.0.1")
		os.Exit(0)
	case "counts":
		f, err := os.OpenFile(os.Getenv("REGGEN_TEST_COUNT"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = f.WriteString("started\n")
		}
		if err != nil {
			panic(err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // as main does
	context.AfterFunc(ctx, func() {
		stop()
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Signal(os.Interrupt) // a terminal tells all of a group, and so does the process that started this one
		}
	})
	os.Exit(Run(ctx, Real()))
}

// runIn is run with workers of a kind.
func (e *testEnv) runIn(processes int, kind string, args ...string) (stdout, stderr string, code int) {
	e.t.Helper()
	e.t.Setenv(workerVariable, kind)
	var out, errs bytes.Buffer
	w := e.world()
	w.Args, w.Stdin, w.Stdout, w.Stderr = args, strings.NewReader(""), &out, &errs
	w.Builds.Executable, w.Builds.Processes = os.Executable, processes
	code = Run(context.Background(), w)
	return out.String(), errs.String(), code
}

// many is a repository whose environments differ in their replicas.
func many(t *testing.T, environments int) *testEnv {
	t.Helper()
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	for i := 1; i < environments; i++ {
		for name, text := range e.files() {
			if rest, found := strings.CutPrefix(name, "overlays/e0/"); found {
				e.write(fmt.Sprintf("overlays/e%d/%s", i, rest), text)
			}
		}
		e.write(fmt.Sprintf("overlays/e%d/kustomization.yaml", i), fmt.Sprintf("generators: [registry]\nreplicas: [{name: docker-registry, count: %d}]\n", i+1))
	}
	return e
}

// Workers change nothing but the time: the same files, the same errors in the
// same order, whatever becomes of them.
func TestWorkersChangeNothing(t *testing.T) {
	e := many(t, 20)
	e.write("overlays/e3/registry/registry.yaml", strings.Replace(e.read("overlays/e3/registry/registry.yaml"), "  host:", "  hots:", 1))
	e.write("overlays/e17/kustomization.yaml", "generators: [nothing]\n")
	_, alone, code := e.runIn(1, "", "render", "overlays", "-o", "rendered/alone")
	want := map[string]string{}
	for name, text := range e.files() {
		if rest, found := strings.CutPrefix(name, "rendered/alone/"); found {
			want[rest] = text
		}
	}
	if code != 1 || len(want) < 18*10 || !strings.Contains(alone, "e3") || !strings.Contains(alone, "e17") {
		t.Fatalf("in one process: exit %d, %d files\n%s", code, len(want), alone)
	}
	for _, kind := range []string{"works", "counts", "dies", "older"} {
		t.Setenv("REGGEN_TEST_COUNT", e.path("count"))
		_, errs, code := e.runIn(4, kind, "render", "overlays", "-o", "rendered/"+kind)
		if code != 1 || errs != strings.ReplaceAll(alone, "rendered/alone", "rendered/"+kind) {
			t.Errorf("%s: exit %d\n%s\nin one process:\n%s", kind, code, errs, alone)
		}
		got := 0
		for name, text := range e.files() {
			if rest, found := strings.CutPrefix(name, "rendered/"+kind+"/"); found {
				if got++; want[rest] != text {
					t.Errorf("%s: %s is another", kind, rest)
				}
			}
		}
		if got != len(want) {
			t.Errorf("%s: %d files, not %d", kind, got, len(want))
		}
	}
	if n := strings.Count(e.read("count"), "started"); n != 3 {
		t.Errorf("%d workers for 20 environments and 4 processes", n)
	}
	e.remove("count")
	e.runIn(4, "counts", "render", "overlays/e0", "overlays/e1", "-o", "rendered")
	if repository.Exists(e.path("count")) {
		t.Error("a worker was started for two environments")
	}
}

// A warning that a worker gives is told, once and in order.
func TestWorkersWarn(t *testing.T) {
	e := many(t, 13)
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	e.write("bases/registry/registry.yaml", strings.Replace(e.read("bases/registry/registry.yaml"), "user: puller", "user: puller, email: a@example.com", 1)+"  resources: {requests: {cpu: 70m}}\n")
	out, errs, code := e.runIn(3, "works", "diff", "overlays")
	if code != 1 || strings.Count(out, "overlays/e") != 13 || strings.Count(errs, "warning: ") != 13 {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if alone, warnings, _ := e.runIn(1, "", "diff", "overlays"); alone != out || warnings != errs {
		t.Errorf("in one process:\n%s%s", alone, warnings)
	}
}

// A worker takes no order that is none, and prints nothing for people.
func TestWorkerInput(t *testing.T) {
	for in, want := range map[string]int{"": 0, "nonsense": 1, "{}{": 1} {
		var out, errs bytes.Buffer
		e := newEnv(t, 1, 1)
		w := e.world()
		w.Args, w.Stdin, w.Stdout, w.Stderr = []string{deliver.WorkerName}, strings.NewReader(in), &out, &errs
		if code := Run(context.Background(), w); code != want || (want != 0) != strings.Contains(errs.String(), "stdin is not what another reggen writes") {
			t.Errorf("%q: exit %d\n%s", in, code, errs.String())
		}
	}
}

// An interrupted run ends its workers and says so.
func TestWorkersAreInterrupted(t *testing.T) {
	e := many(t, 20)
	t.Setenv(workerVariable, "works")
	ctx, cancel := context.WithCancel(context.Background())
	w := e.world()
	w.Builds.Executable, w.Builds.Processes = os.Executable, 3
	var once sync.Once
	started := time.Now()
	w.Builds.EachEnvironment(ctx, 1000, func(_ int, build deliver.Builder) {
		once.Do(cancel)
		b := build(deliver.Order{Base: e.dir, Dir: e.path("overlays/e0")})
		var p problem.Problem
		if err := b.Problems.Err(); err != nil && (!errors.As(b.Problems[0], &p) || p != terminal.Interruption) {
			t.Errorf("%v", err)
		}
	})
	if time.Since(started) > 10*time.Second {
		t.Error("it went on")
	}
}
