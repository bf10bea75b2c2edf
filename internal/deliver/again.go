package deliver

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/reggen/reggen/generator/problem"
)

// How long a process that was started again may take to end: by itself, where
// the terminal has told it of Ctrl-C as well and a second word would kill it,
// and then when it was told.
const (
	byItself = 3 * time.Second
	whenTold = 10 * time.Second
)

// Again runs this program anew with other arguments, at the same ends, and
// returns its exit status. It knows nothing of what this process has read. When
// the context is done it is told to end, with its workers, and waited for.
func (w *Work) Again(ctx context.Context, args []string) (code int, err error) {
	program, err := w.Executable()
	if err != nil {
		return 0, errAgain
	}
	cmd := exec.Command(program, args...)
	cmd.Args[0] = "reggen"
	cmd.Dir, cmd.Env = w.Repo.Dir, os.Environ()
	cmd.Stdout, cmd.Stderr = w.Tell.Stdout, w.Tell.Stderr
	if w.Tell.StdinIsTerm {
		cmd.Stdin = w.Tell.Stdin // a key may ask for its passphrase
	}
	if err := cmd.Start(); err != nil {
		return 0, errAgain
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		patience := time.Duration(0)
		if w.Tell.StdinIsTerm || w.Tell.StdoutIsTerm || w.Tell.StderrIsTerm {
			patience = byItself
		}
		err = endProcess(cmd.Process, ended, patience)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, errAgain
	}
	return cmd.ProcessState.ExitCode(), nil
}

var errAgain = problem.Problem{What: "this program can't start itself again", Next: "start it again yourself: was the program on disk replaced or removed?"}

// endProcess waits for a process, tells it to end, and kills it.
func endProcess(p *os.Process, ended <-chan error, patience time.Duration) error {
	for _, step := range []struct {
		wait time.Duration
		then os.Signal
	}{{patience, syscall.SIGTERM}, {whenTold, os.Kill}} {
		select {
		case err := <-ended:
			return err
		case <-time.After(step.wait):
			_ = p.Signal(step.then)
		}
	}
	return <-ended
}

// Ask has one order done by a worker, which ends then; answer is a pointer.
func (w *Work) Ask(ctx context.Context, task string, order, answer any) error {
	p, err := w.startWorker(ctx, os.Environ())
	if err != nil {
		return err
	}
	defer p.stop()
	return p.do(call{Task: task, Order: order}, answer)
}
