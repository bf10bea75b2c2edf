// Command namespaces measures what a pull secret in many namespaces costs. It
// lays out copies of overlays/staging whose regcred goes into one namespace
// and into many, and runs
//
//	reggen build overlays/staging
//	reggen build --secrets plain overlays/staging
//	kustomize build of the finished YAML, the floor
//
// It prints medians, ratios and peak memory. Nothing in the tests asserts a
// time; with -write the table goes into its part of docs/benchmarks.md.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	many := flag.Int("namespaces", 1000, "how many namespaces are compared with one")
	runs := flag.Int("runs", 9, "how often each is run")
	write := flag.String("write", "", "write the result to its part of this Markdown file")
	date := flag.String("date", "", "the date to write; today unless given")
	flag.Parse()
	if err := measure(*many, *runs, *write, *date); err != nil {
		fmt.Fprintln(os.Stderr, "namespaces:", err)
		os.Exit(1)
	}
}

// job is one command on one layout.
type job struct {
	what string
	dir  string
	argv []string
	env  []string
	wall []time.Duration
	peak int64 // KiB
}

func measure(many, runs int, write, date string) error {
	if runs < 3 || many < 2 {
		return errors.New("-runs wants 3 and more, -namespaces 2 and more")
	}
	work, err := os.MkdirTemp("", "reggen-namespaces-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	reggen, kustomize := filepath.Join(work, "reggen"), filepath.Join(work, "kustomize")
	for out, at := range map[string][2]string{reggen: {"..", "./cmd/reggen"}, kustomize: {".", "sigs.k8s.io/kustomize/kustomize/v5"}} {
		build := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", out, at[1])
		build.Dir = at[0]
		if text, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", at[1], err, text)
		}
	}
	key, err := filepath.Abs("../testdata/keys/people.agekey") // published on purpose
	if err != nil {
		return err
	}
	var jobs []*job
	for _, n := range []int{1, many} {
		dir := filepath.Join(work, fmt.Sprint(n))
		if err := layOut(dir, n); err != nil {
			return err
		}
		sealed := &job{what: "`reggen build`", dir: dir, argv: []string{reggen, "build", "overlays/staging"}}
		plain := &job{what: "`reggen build --secrets plain`", dir: dir, argv: []string{reggen, "build", "--secrets", "plain", "overlays/staging"}, env: []string{"SOPS_AGE_KEY_FILE=" + key}}
		floor := &job{what: "`kustomize build` of what the first printed", dir: dir, argv: []string{kustomize, "build", "finished"}}
		text, err := sealed.run(false)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "finished", "all.yaml"), text, 0o644); err != nil {
			return err
		}
		jobs = append(jobs, sealed, plain, floor)
	}
	for i := range runs + 1 { // the first round warms the file cache
		for _, j := range jobs {
			if _, err := j.run(i > 0); err != nil {
				return err
			}
		}
	}
	table := report(jobs, runs, many)
	fmt.Print(table)
	if write == "" {
		return nil
	}
	if date == "" {
		date = time.Now().UTC().Format(time.DateOnly)
	}
	return replacePart(write, table, date)
}

// layOut copies the examples and lets regcred go into n namespaces.
func layOut(dir string, n int) error {
	for _, name := range []string{"bases", "overlays"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("..", name))); err != nil {
			return err
		}
	}
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("team-%04d", i))
	}
	file := filepath.Join(dir, "overlays", "staging", "registry", "registry.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text = append(text, "  pullSecrets: {regcred: {namespaces: ["+strings.Join(names, ", ")+"]}}\n"...)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return err
	}
	finished := filepath.Join(dir, "finished")
	if err := os.MkdirAll(finished, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(finished, "kustomization.yaml"), []byte("resources: [all.yaml]\n"), 0o644)
}

func (j *job) run(counts bool) ([]byte, error) {
	var out, errs bytes.Buffer
	cmd := exec.Command(j.argv[0], j.argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = j.dir, &out, &errs
	cmd.Env = append([]string{"HOME=" + j.dir, "TMPDIR=" + j.dir}, j.env...)
	began := time.Now()
	err := cmd.Run()
	wall := time.Since(began)
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", j.what, err, errs.Bytes())
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && counts {
		j.wall = append(j.wall, wall)
		j.peak = max(j.peak, usage.Maxrss)
	}
	return out.Bytes(), nil
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

func report(jobs []*job, runs, many int) string {
	var b strings.Builder
	half := len(jobs) / 2
	fmt.Fprintf(&b, "| | 1 namespace | %d namespaces | times | peak memory |\n|---|---|---|---|---|\n", many)
	for i, j := range jobs[:half] {
		k := jobs[half+i]
		x, y := median(j.wall), median(k.wall)
		fmt.Fprintf(&b, "| %s | %d ms | %d ms | %.1f | %d MiB |\n", j.what, x.Milliseconds(), y.Milliseconds(), float64(y)/float64(x), k.peak/1024)
	}
	fmt.Fprintf(&b, "\n%d interleaved runs of each, medians, %s/%s, %d CPUs, %s.\n", runs, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	return b.String()
}

// The part of the page that this program writes.
const (
	begin = "<!-- scripts/namespaces.sh writes from here -->\n"
	end   = "<!-- to here: namespaces -->\n"
)

func replacePart(path, table, date string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, found := strings.Cut(string(page), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no part between %q and %q", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	part := "## Many namespaces\n\nWritten by `scripts/namespaces.sh --write` on " + date + `. overlays/staging with its pull secret in one namespace and in many. The
aim was 5 times the time of one. It is missed: one decryption serves all namespaces (a test counts), and what is left is mostly
kustomize, which compares every object with every other one; the last line is kustomize alone on the finished YAML.

` + table
	return os.WriteFile(path, []byte(head+begin+part+end+tail), 0o644)
}
