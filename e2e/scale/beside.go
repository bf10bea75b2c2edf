package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/e2e/measure"
)

// earlier puts behind those of the jobs that only read the same ones as the program
// of another revision does them, and returns these, too; none without a revision.
func earlier(revision, work string, jobs []*job) (all, older []*job, err error) {
	if revision == "" {
		return jobs, nil, nil
	}
	program := filepath.Join(work, "earlier")
	if err := measure.BuildRevision(revision, work, program); err != nil {
		return nil, nil, err
	}
	for _, j := range jobs {
		all = append(all, j)
		args := slices.Clone(j.args)
		args[2] = program
		var before func() error
		switch command := args[3]; {
		case command == "build" || command == "check":
		case command == "render" && slices.Contains(args, "--check") && j.env == nil:
			// What it renders may differ from what is rendered today, and from
			// what was rendered before a password changed.
			args[slices.Index(args, "rendered")] = "rendered-earlier"
			render := slices.DeleteFunc(slices.Clone(args[3:]), func(arg string) bool { return arg == "--check" })
			before = func() error { return prepare(program, args[1], "", render...) }
		default:
			continue
		}
		older = append(older, &job{what: j.what, many: j.many, args: args, env: j.env, before: before, than: j})
		all = append(all, older[len(older)-1])
	}
	return all, older, nil
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
