package revision

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/reggen/reggen/generator/problem"
)

// mostHistory is how much of the history of files is read.
const mostHistory = 1 << 30

// Since says when a commit first added what key finds in a line ("" where that is
// nothing), in the history of HEAD, of the files below some paths of the
// repository. The days are those that the commits say; what was never committed,
// or came in with the resolution of a merge, is not in it.
func (r Repository) Since(ctx context.Context, paths []string, key func(line string) string) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	if len(paths) == 0 {
		return out, nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// Nothing that a configuration names is run: no signature is verified, no
	// program makes a text of a file or a diff of two.
	args := []string{"-c", "log.showSignature=false", "-c", "diff.renames=false", "log", "--no-show-signature", "--no-textconv", "--no-ext-diff", "--no-renames", "--no-color", "--no-decorate",
		"--no-notes", "--text", "-p", "-U0", "--format=%x00%ct", "HEAD", "--"}
	cmd := r.git(ctx, append(args, paths...)...)
	cmd.Env = append(cmd.Env, "GIT_LITERAL_PATHSPECS=1")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	err = added(pipe, key, out, r.large)
	if err != nil {
		stop()
		_ = cmd.Wait()
		return nil, err
	}
	if cmd.Wait() != nil {
		return nil, errIncomplete
	}
	return out, nil
}

// added reads what git log wrote: NUL and a commit's time on a line, then its
// diffs. A line of a file begins with a sign, so no file can write a time.
func added(from io.Reader, key func(string) string, out map[string]time.Time, large bool) error {
	in := bufio.NewReaderSize(from, 1<<16)
	var at time.Time
	read := 0
	for {
		line, err := in.ReadString('\n')
		if read += len(line); read > mostHistory && !large {
			return problem.Problem{What: "the history of the credentials is too large to be read", Next: lift}
		}
		switch {
		case strings.HasPrefix(line, "\x00"):
			n, bad := strconv.ParseInt(strings.TrimSpace(line[1:]), 10, 64)
			if bad != nil {
				return errIncomplete
			}
			at = time.Unix(n, 0)
		case strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "+++ "):
			if k := key(line[1:]); k != "" && (out[k].IsZero() || at.Before(out[k])) {
				out[k] = at
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errIncomplete
		}
	}
}
