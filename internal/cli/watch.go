package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/terminal"
	"github.com/reggen/reggen/internal/watch"
)

// watchFlag adds --watch to a command: what the command does is then done by
// processes of their own, one at each change. plan fills in what the command
// reads, and judges flags that no change of a file can mend.
func (w *World) watchFlag(cmd *cobra.Command, plan func(p *watch.Plan) error) {
	on := cmd.Flags().Bool("watch", false, "run again whenever a file changes that it can have read, until Ctrl-C")
	once := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		if !*on {
			return once(cmd, dirs)
		}
		p := watch.Plan{Args: withoutWatch(cmd, dirs), Dirs: dirs, Said: func(code int) watch.Said {
			if code == exitOK {
				return watch.Said{Words: "done", Look: terminal.Green}
			}
			return watch.Said{Words: fmt.Sprintf("exit status %d", code), Look: terminal.Red}
		}}
		err := w.watchable(cmd)
		if err == nil {
			err = plan(&p)
		}
		if err != nil {
			return terminal.Misuse{Err: err}
		}
		code, err := w.Watches.Watch(cmd.Context(), p)
		if err == nil && code != exitOK {
			err = exitError{code, nil}
		}
		return err
	}
}

// watchable refuses what makes no sense again and again.
func (w *World) watchable(cmd *cobra.Command) error {
	if w.Allow.Programs || w.Allow.Network {
		return problem.Problem{Path: "--watch", What: "with " + kustomize.ProgramsFlag + " or " + kustomize.NetworkFlag + " would let in, unseen, whatever a later change names",
			Want: "one of both: the files that were trusted are those of one run"}
	}
	if o := cmd.Flag("output"); o != nil && !slices.Contains([]string{"text", "json"}, o.Value.String()) {
		return problem.Problem{Path: "--watch", What: fmt.Sprintf("prints one report behind the other, and a file of %s holds one", problem.Shown(o.Value.String())), Want: "text, or JSON: one document after each change"}
	}
	return nil
}

// withoutWatch is the command line as it was meant, but for that flag.
func withoutWatch(cmd *cobra.Command, dirs []string) []string {
	args := strings.Fields(cmd.CommandPath())[1:]
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if many, is := f.Value.(pflag.SliceValue); is {
			values = many.GetSlice()
		}
		for _, value := range values {
			if f.Name != "watch" {
				args = append(args, "--"+f.Name+"="+value)
			}
		}
	})
	return append(append(args, "--"), dirs...)
}

// revisions are those of the flags that name one.
func revisions(some ...string) []string {
	return slices.DeleteFunc(some, func(rev string) bool { return rev == "" })
}
