// Command scale measures how reggen's work grows with the number of environments.
// It lays out a repository whose environments are copies of overlays/staging
// that differ in their replicas, each with a cluster's key of its own, and runs
//
//	reggen build overlays/*
//	reggen check overlays/*                         without a key
//	reggen render overlays/* -o rendered
//	reggen render overlays/* -o rendered --check    on the clean tree
//	reggen diff overlays/* --against rendered
//	reggen seal overlays/*                          with a key, nothing to do
//	reggen seal overlays/*                          a password of each changed
//
// on half of them and on all, and the check of what is rendered with one process,
// too; then reggen check with a key on one environment with many users. It prints
// medians, how they grow, and the peak memory of all processes together. With
// -beside REVISION the program of another revision does some of it in the same
// hour: seconds are those of a machine and a day, the ratio is not.
// Nothing in the tests asserts a time; with -write the table goes into its
// part of docs/benchmarks.md.
package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/reggen/reggen/e2e/measure"
)

func main() {
	environments := flag.Int("environments", 200, "how many environments; half of them are measured, too")
	users := flag.Int("users", 100, "how many users the environment has that is checked with a key; half of them are measured, too")
	runs := flag.Int("runs", 5, "how often each is run")
	write := flag.String("write", "", "write the result to its part of this Markdown file")
	date := flag.String("date", "", "the date to write; today unless given")
	beside := flag.String("beside", "", "a revision whose program builds, checks and renders, too")
	flag.Parse()
	if err := scale(*environments, *users, *runs, *beside, *write, *date); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// job is one command on so many environments.
type job struct {
	what   string
	many   int
	args   []string
	env    []string
	before func() error
	wall   []time.Duration
	cpu    []time.Duration // of its workers, too
	peak   int64           // KiB
	than   *job            // what the program of today does, where this is an older one's
}

func scale(environments, users, runs int, beside, write, date string) error {
	if runs < 3 || environments < 20 || users < 2 {
		return errors.New("-runs wants 3 and more, -environments 20 and more, -users 2 and more")
	}
	work, err := os.MkdirTemp("", "reggen-scale-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	reggen := filepath.Join(work, "reggen")
	if err := measure.Build("..", reggen, "./cmd/reggen"); err != nil {
		return err
	}
	var jobs []*job
	for _, n := range []int{environments / 2, environments} {
		dir := filepath.Join(work, fmt.Sprint(n))
		dirs, err := layOut(reggen, dir, n)
		if err != nil {
			return err
		}
		changed, err := changing(reggen, dir, dirs[0])
		if err != nil {
			return err
		}
		render := append(append([]string{"-C", dir, reggen, "render"}, dirs...), "-o", "rendered")
		jobs = append(jobs,
			&job{what: "`build overlays/*`", many: n, args: append([]string{"-C", dir, reggen, "build"}, dirs...)},
			&job{what: "`check overlays/*`, no key", many: n, args: append([]string{"-C", dir, reggen, "check"}, dirs...)},
			&job{what: "`render overlays/* -o rendered`, nothing there", many: n, args: render, before: func() error { return os.RemoveAll(filepath.Join(dir, "rendered")) }},
			&job{what: "`render overlays/* -o rendered --check`, clean tree", many: n, args: append(slices.Clone(render), "--check")},
			&job{what: "the same in one process (`GOMAXPROCS=1`)", many: n, args: append(slices.Clone(render), "--check"), env: []string{"GOMAXPROCS=1"}},
			&job{what: "`diff overlays/* --against rendered`", many: n, args: append(append([]string{"-C", dir, reggen, "diff"}, dirs...), "--against", "rendered")},
			&job{what: "`seal overlays/*`, nothing to do", many: n, args: append([]string{"-C", dir, reggen, "seal"}, dirs...), env: []string{key()}},
			&job{what: "`seal overlays/*`, a password of each changed", many: n, args: append([]string{"-C", dir, reggen, "seal"}, dirs...), env: []string{key()}, before: func() error { return changed(dirs) }},
		)
	}
	var crowds []*job
	for _, n := range []int{users / 2, users} {
		dir := filepath.Join(work, fmt.Sprintf("users-%d", n))
		if err := crowd(reggen, dir, n); err != nil {
			return err
		}
		crowds = append(crowds, &job{what: "`check` with a key", many: n, args: []string{"-C", dir, reggen, "check"}, env: []string{key()}})
	}
	half := len(jobs) / 2
	all, older, err := earlier(beside, work, slices.Concat(jobs[half:], crowds[1:]))
	if err != nil {
		return err
	}
	all = slices.Concat(jobs[:half], crowds[:1], all)
	var hashing []time.Duration
	for i := range runs + 1 { // the first round warms the file cache
		for _, j := range all {
			if err := j.run(i > 0); err != nil {
				return err
			}
		}
		took, err := hash(users + others)
		if err != nil {
			return err
		}
		hashing = append(hashing, took)
	}
	table := report(jobs, "environments") + "\n" + report(crowds, "users of one environment") + floor(crowds[1], users+others, measure.Median(hashing[1:])) + than(beside, older) + measure.Footer(runs)
	fmt.Print(table)
	if write == "" {
		return nil
	}
	return replacePart(write, table, measure.Date(date))
}

// people is who opens the examples' credentials.
const people = "age1z0etexqpthsrlu94lqatc33u4ckj8yj0f0evccca7ax8glfl75csp7mwkr"

// key is where the published key of people is.
func key() string {
	path, _ := filepath.Abs("../testdata/keys/people.agekey")
	return "SOPS_AGE_KEY_FILE=" + path
}

// layOut writes a repository of n environments, sealed for clusters that each have
// a key, and returns their paths, as a shell expands overlays/*.
func layOut(reggen, dir string, n int) (dirs []string, err error) {
	if err := os.CopyFS(filepath.Join(dir, "bases/registry"), os.DirFS("../bases/registry")); err != nil { // older programs don't know all kinds
		return nil, err
	}
	var rules strings.Builder
	var clusters []string
	rules.WriteString("creation_rules:\n")
	for i := range n {
		rel := filepath.Join("overlays", fmt.Sprintf("e%04d", i))
		if err := os.CopyFS(filepath.Join(dir, rel), os.DirFS("../overlays/staging")); err != nil {
			return nil, err
		}
		file := filepath.Join(dir, rel, "registry", "registry.yaml")
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		changed := bytes.Replace(text, []byte("\n  replicas: 2\n"), fmt.Appendf(nil, "\n  replicas: %d\n", i+2), 1)
		if i > 0 && bytes.Equal(changed, text) {
			return nil, errors.New("overlays/staging has no replicas to change")
		}
		if err := os.WriteFile(file, changed, 0o644); err != nil {
			return nil, err
		}
		cluster, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, cluster.Recipient().String())
		for folder, readers := range map[string]string{"credentials": people, "sealed": people + "," + clusters[i]} {
			fmt.Fprintf(&rules, "  - path_regex: ^%s/%s/[^/]+\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n    age: %s\n", filepath.ToSlash(rel), folder, readers)
		}
		dirs = append(dirs, rel)
	}
	if err := os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte(rules.String()), 0o644); err != nil {
		return nil, err
	}
	return dirs, prepare(reggen, dir, "", append([]string{"seal", "--accept-recipients", strings.Join(clusters, ",")}, dirs...)...)
}

// changing changes the password of a user in environments that all have the same
// one, to another one each time. Its hash is there already: what is measured is
// not bcrypt.
func changing(reggen, dir, of string) (change func(dirs []string) error, err error) {
	file := filepath.Join("credentials", "puller.enc.yaml")
	path := filepath.Join(dir, of, file)
	var texts [2][]byte
	if texts[0], err = os.ReadFile(path); err != nil {
		return nil, err
	}
	for _, args := range [][]string{{"credential", "set", "puller", "--dir", of, "--field", "password", "--stdin"}, {"seal", of}} {
		if err := prepare(reggen, dir, rand.Text(), args...); err != nil {
			return nil, err
		}
	}
	if texts[1], err = os.ReadFile(path); err != nil {
		return nil, err
	}
	now := 0
	return func(dirs []string) error {
		now = 1 - now
		for _, d := range dirs {
			if err := os.WriteFile(filepath.Join(dir, d, file), texts[now], 0o644); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// crowd writes a repository of one environment with n people who each have a
// password of their own.
func crowd(reggen, dir string, n int) error {
	if _, err := layOut(reggen, dir, 1); err != nil {
		return err
	}
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "person-%d:%s\n", i, rand.Text())
	}
	if err := prepare(reggen, dir, list.String(), "user", "add", "--from", "-"); err != nil {
		return err
	}
	return prepare(reggen, dir, "", "seal")
}

// prepare runs reggen with the people's key, not to be measured.
func prepare(reggen, dir, stdin string, args ...string) error {
	cmd := exec.Command(reggen, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = []string{"HOME=" + filepath.Dir(dir), "TMPDIR=" + filepath.Dir(dir), key()}
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("reggen %s: %w\n%s", args[0], err, text)
	}
	return nil
}

// run starts -C DIR PROGRAM ARGS... and measures it.
func (j *job) run(counts bool) error {
	if j.before != nil {
		if err := j.before(); err != nil {
			return err
		}
	}
	var errs bytes.Buffer
	cmd := exec.Command(j.args[2], j.args[3:]...)
	cmd.Dir, cmd.Stderr = j.args[1], &errs
	cmd.Env = append([]string{"HOME=" + filepath.Dir(j.args[1]), "TMPDIR=" + filepath.Dir(j.args[1])}, j.env...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- watch(cmd.Process.Pid, done) }()
	err := cmd.Wait()
	wall := time.Since(began)
	close(done)
	most := <-peak
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", j.what, err, errs.Bytes())
	}
	if counts {
		j.wall = append(j.wall, wall)
		j.cpu = append(j.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		j.peak = max(j.peak, most)
	}
	return nil
}

// aim is how many times the time twice the environments may take.
const aim = 2.2

func report(jobs []*job, of string) string {
	var b strings.Builder
	half := len(jobs) / 2
	fmt.Fprintf(&b, "| `reggen` ... | %d %s | %d | times | CPU, times | peak memory |\n|---|---|---|---|---|---|\n", jobs[0].many, of, jobs[half].many)
	for i, j := range jobs[:half] {
		k := jobs[half+i]
		x, y := measure.Median(j.wall), measure.Median(k.wall)
		memory := "not measured here"
		if k.peak > 0 {
			memory = fmt.Sprintf("%d MiB", k.peak/1024)
		}
		times := float64(y) / float64(x)
		grown := fmt.Sprintf("%.2f", times)
		if times > aim {
			grown += ", above the aim"
		}
		fmt.Fprintf(&b, "| %s | %.2f s | %.2f s | %s | %.2f | %s |\n", j.what, x.Seconds(), y.Seconds(),
			grown, float64(measure.Median(k.cpu))/float64(measure.Median(j.cpu)), memory)
	}
	return b.String()
}

// The part of the page that this program writes.
const (
	begin = "<!-- scripts/scale.sh writes from here -->\n"
	end   = "<!-- to here -->\n"
)

func replacePart(path, table, date string) error {
	part := "## Many environments\n\nWritten by `scripts/scale.sh --write` on " + date + `. A repository of copies of overlays/staging that differ in their replicas, each with a
cluster's key of its own. The aim is at most ` + fmt.Sprint(aim) + ` times the time for twice the environments, and less than 400 MiB. Peak memory is that of all processes together
(each one's share of shared pages, sampled).

` + table
	return measure.Replace(path, begin, end, part)
}
