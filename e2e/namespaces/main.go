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
	"strings"
	"syscall"
	"time"

	"github.com/reggen/reggen/e2e/measure"
)

func main() {
	many := flag.Int("namespaces", 1000, "how many namespaces are compared with one")
	runs := flag.Int("runs", 9, "how often each is run")
	write := flag.String("write", "", "write the result to its part of this Markdown file")
	date := flag.String("date", "", "the date to write; today unless given")
	flag.Parse()
	if err := compare(*many, *runs, *write, *date); err != nil {
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

func compare(many, runs int, write, date string) error {
	if runs < 3 || many < 2 {
		return errors.New("-runs wants 3 and more, -namespaces 2 and more")
	}
	work, err := os.MkdirTemp("", "reggen-namespaces-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	reggen, kustomize := filepath.Join(work, "reggen"), filepath.Join(work, "kustomize")
	if err := measure.Build("..", reggen, "./cmd/reggen"); err != nil {
		return err
	}
	if err := measure.Build(".", kustomize, "sigs.k8s.io/kustomize/kustomize/v5"); err != nil {
		return err
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
	return replacePart(write, table, measure.Date(date))
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

func report(jobs []*job, runs, many int) string {
	var b strings.Builder
	half := len(jobs) / 2
	fmt.Fprintf(&b, "| | 1 namespace | %d namespaces | times | peak memory |\n|---|---|---|---|---|\n", many)
	for i, j := range jobs[:half] {
		k := jobs[half+i]
		x, y := measure.Median(j.wall), measure.Median(k.wall)
		fmt.Fprintf(&b, "| %s | %d ms | %d ms | %.1f | %d MiB |\n", j.what, x.Milliseconds(), y.Milliseconds(), float64(y)/float64(x), k.peak/1024)
	}
	b.WriteString(measure.Footer(runs))
	return b.String()
}

// The part of the page that this program writes.
const (
	begin = "<!-- scripts/namespaces.sh writes from here -->\n"
	end   = "<!-- to here: namespaces -->\n"
)

func replacePart(path, table, date string) error {
	part := "## Many namespaces\n\nWritten by `scripts/namespaces.sh --write` on " + date + `. overlays/staging with its pull secret in one namespace and in many. The
aim is at most 5 times the time of one. One decryption serves all namespaces (a test counts), and kustomize is left out where it has
nothing to do (decision 0011); the last line is kustomize alone on the finished YAML, which compares every object with every other one.

` + table
	return measure.Replace(path, begin, end, part)
}
