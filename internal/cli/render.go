package cli

import (
	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) renderCommand() *cobra.Command {
	var out string
	var check bool
	var since string
	cmd := &cobra.Command{
		Use:   "render [DIR...] -o OUT",
		Short: "Write the manifests of environments into a folder, one file an object, for git",
		Long: `Write the manifests of environments below OUT, one file an object and a
kustomization.yaml that lists them, for Flux and for reviews. An environment
overlays/prod goes to OUT/overlays/prod. Secrets stay encrypted, whatever the
environment variables say. Objects that vanished are removed, and so is what was
rendered of environments whose folders are gone; files that reggen did not write
are left alone. A DIR that is no kustomization stands for every environment below
it, and no DIR for those below this folder; a pattern in quotes is expanded as a
shell would. Many environments are built by up to four processes at once.`,
		Example: `  reggen render overlays/* -o rendered
  reggen render overlays -o rendered --check   # in CI: fails when rendered/ is stale`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if out == "" {
				return terminal.Misuse{Command: cmd.CommandPath(), Err: problem.Problem{Path: "-o", What: "is missing", Want: "the folder to write to"}}
			}
			dirs = repository.OrAll(dirs)
			if since != "" {
				var err error
				if dirs, err = w.changedSince(cmd.Context(), since, dirs); err != nil {
					return err
				}
			}
			r, err := w.Builds.Render(cmd.Context(), dirs, w.Abs(out), check)
			switch {
			case !check && (r.Written+r.Same > 0 || err == nil):
				w.Note("%d environment%s written below %s, %d unchanged%s", r.Written, terminal.Plural(r.Written), w.Show(w.Abs(out)), r.Same, terminal.Counted(r.Gone, ", %d removed"))
			case err == nil:
				w.Note("%d environment%s rendered below %s as they should be", r.Same, terminal.Plural(r.Same), w.Show(w.Abs(out)))
			}
			return err
		},
	}
	sinceFlag(cmd, &since)
	cmd.Flags().StringVarP(&out, "output", "o", "", "the folder to write to")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; name every file that is stale, and fail when there is one")
	return cmd
}
