package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/inspect"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
	"github.com/reggen/reggen/internal/watch"
)

func (w *World) checkCommand() *cobra.Command {
	var o inspect.Options
	var since string
	cmd := &cobra.Command{
		Use:   "check [DIR...]",
		Short: "Look for what would go wrong: staleness, recipients, hosts, passwords, pitfalls of the registry",
		Long: `Check environments before they are deployed; without DIR all of them below this
folder. Needs no key for most of it; with a key that opens the credentials and
the sealed files, everything in these is derived again and compared, passwords,
keys and logins. With --from a revision, files are told that are older than
there: an old secret that was put back. Findings go to stderr as text, or to stdout as JSON or SARIF.
With --rendered the rules on objects look at what another program rendered.
With --watch it checks anew after each change of a file that it reads.

Exits 1 when a finding is as bad as --fail-on says (an error unless told
otherwise), 0 otherwise. A rule that doesn't count in an environment is silenced
in its spec, with a reason: spec.check.silence.`,
		Example: `  reggen check
  reggen check overlays/* --fail-on warning
  reggen check -o sarif > reggen.sarif
  helm template twuni/docker-registry | reggen check --rendered -`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if len(o.Rendered) == 0 || len(dirs) > 0 {
				dirs = repository.OrAll(dirs)
			}
			if since != "" {
				var err error
				if dirs, err = w.changedSince(cmd.Context(), since, dirs); err != nil {
					return err
				}
			}
			r, err := w.Checks.Check(cmd.Context(), dirs, o)
			if err != nil {
				return err
			}
			text, err := w.Checks.Written(r, o.Output)
			if err != nil {
				return err
			}
			if _, err := w.Stdout.Write(text); err != nil {
				return err
			}
			if n := r.Failing(check.Severity(o.FailOn)); n > 0 {
				return problem.Problem{What: fmt.Sprintf("check found %d problem%s", n, terminal.Plural(n))}
			}
			return nil
		},
	}
	sinceFlag(cmd, &since)
	cmd.Flags().StringVarP(&o.Output, "output", "o", "text", "text, json or sarif")
	cmd.Flags().StringVar(&o.FailOn, "fail-on", string(check.Error), "the least severity that fails: error, warning or info")
	cmd.Flags().StringVar(&o.From, "from", "", "a git revision, for instance origin/main: tell files that are older than there")
	cmd.Flags().StringArrayVar(&o.Rendered, "rendered", nil, "a file of rendered objects to check, - for stdin (repeatable)")
	fixed(cmd, "output", "text", "json", "sarif")
	fixed(cmd, "fail-on", "error", "warning", "info")
	w.watchFlag(cmd, func(p *watch.Plan) error {
		if slices.Contains(o.Rendered, "-") {
			return problem.Problem{Path: "--watch", What: "can't read standard input again", Want: "--rendered with a file"}
		}
		p.Given, p.None, p.Revisions = o.Rendered, len(o.Rendered) > 0 && len(p.Dirs) == 0, revisions(o.From, since)
		return o.Judge()
	})
	return cmd
}
