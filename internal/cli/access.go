package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/access"
	"github.com/reggen/reggen/internal/repository"
)

func (w *World) accessCommand() *cobra.Command {
	var o access.Options
	cmd := &cobra.Command{
		Use:   "access [DIR...]",
		Short: "Report who can read what: recipients, users, pull secrets, and how old they are",
		Long: `Report who can open the files of environments (recipients, by the names that
anchors and comments in .sops.yaml give them), who may log in to their
registries, into which namespaces pull secrets go, and how long passwords and
data keys have stood. With --from a revision, who came and went since. Without
DIR every environment below this folder is in it. Needs no key: all of it is
what anybody can read who has the repository.

An age is the one that reggen check judges by: since the day that reggen noted
in the file when it set the value, or, where it noted none, at least since the
day on which the file was encrypted. Where a spec says how old a password or a
data key may become (auth.maxAge, secrets.maxAge), each has a verdict: in time,
overdue, replaced while both the old and the new user of a pull secret have to
work, or unsure where nothing notes the day.

-o html is one page for an auditor, which loads nothing from anywhere; it and
JSON hold what reggen check finds without a key, too. Exits 0 unless something
could not be read; the report then says what is missing.`,
		Example: `  reggen access
  reggen access overlays/prod --from v1.4.0
  reggen access -o html > access.html
  reggen access -o csv > access.csv`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			r, err := w.Access.Access(cmd.Context(), repository.OrAll(dirs), o)
			if err != nil {
				return err
			}
			text, err := w.Access.Written(r, o.Output)
			if err != nil {
				return err
			}
			if _, err := w.Stdout.Write(text); err != nil {
				return err
			}
			return r.Missing()
		},
	}
	cmd.Flags().StringVarP(&o.Output, "output", "o", "table", strings.Join(access.Outputs[:4], ", ")+" or "+access.Outputs[4])
	cmd.Flags().StringVar(&o.From, "from", "", "a git revision, for instance origin/main: tell who came and went since")
	fixed(cmd, "output", access.Outputs...)
	return cmd
}
