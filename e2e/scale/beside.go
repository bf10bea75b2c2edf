package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/e2e/measure"
)

// earlier are those of the jobs that only read, as the program of another revision
// does them; none without a revision.
func earlier(revision, work string, jobs []*job) (older []*job, err error) {
	if revision == "" {
		return nil, nil
	}
	tree, program := filepath.Join(work, "tree"), filepath.Join(work, "earlier")
	if out, err := exec.Command("git", "worktree", "add", "--detach", tree, revision).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("git worktree add: %w\n%s", err, out)
	}
	defer func() { _ = exec.Command("git", "worktree", "remove", "--force", tree).Run() }()
	if err := measure.Build(tree, program, "./cmd/reggen"); err != nil {
		return nil, err
	}
	for _, j := range jobs {
		args := slices.Clone(j.args)
		args[2] = program
		switch command := args[3]; {
		case command == "build" || command == "check":
		case command == "render" && slices.Contains(args, "--check") && j.env == nil:
			// What it renders may differ from what is rendered today.
			args[slices.Index(args, "rendered")] = "rendered-earlier"
			if err := prepare(program, args[1], "", slices.DeleteFunc(slices.Clone(args[3:]), func(arg string) bool { return arg == "--check" })...); err != nil {
				return nil, err
			}
		default:
			continue
		}
		older = append(older, &job{what: j.what, many: j.many, args: args, env: j.env, than: j})
	}
	return older, nil
}

// than says how much faster the program of today is.
func than(revision string, older []*job) string {
	if len(older) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n| `reggen` ... | | %s | now | times as fast |\n|---|---|---|---|---|\n", revision)
	for _, j := range older {
		x, y := measure.Median(j.wall), measure.Median(j.than.wall)
		fmt.Fprintf(&b, "| %s | %d | %.2f s | %.2f s | %.1f |\n", j.what, j.many, x.Seconds(), y.Seconds(), float64(x)/float64(y))
	}
	return b.String()
}
