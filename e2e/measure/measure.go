// Package measure is what the programs that measure share.
package measure

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Median of some times; they stay in their order.
func Median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

// Build compiles a program of the module in dir, as it is released.
func Build(dir, out, pkg string) error {
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0") // as its releases are built
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, text)
	}
	return nil
}

// BuildRevision compiles reggen as another revision of this repository has it, in
// a folder of work. The repository itself is only read.
func BuildRevision(revision, work, out string) error {
	tree := filepath.Join(work, "tree-of-"+filepath.Base(out))
	if err := os.Mkdir(tree, 0o755); err != nil {
		return err
	}
	packed := tree + ".tar"
	for _, args := range [][]string{
		{"git", "-C", "..", "archive", "--format=tar", "--output=" + packed, "--end-of-options", revision},
		{"tar", "-xf", packed, "-C", tree},
	} {
		if text, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", args[0], err, text)
		}
	}
	return Build(tree, out, "./cmd/reggen")
}

// Footer says what was measured where.
func Footer(runs int) string {
	return fmt.Sprintf("\n%d interleaved runs of each, medians, %s/%s, %d CPUs, %s.\n", runs, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}

// Date is the date to write: today, unless one is given.
func Date(given string) string {
	if given != "" {
		return given
	}
	return time.Now().UTC().Format(time.DateOnly)
}

// Replace puts text in the place of what stands between two lines of a page.
func Replace(path, begin, end, text string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, found := strings.Cut(string(page), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no part between %q and %q", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(path, []byte(head+begin+text+end+tail), 0o644)
}
