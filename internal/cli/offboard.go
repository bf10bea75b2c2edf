package cli

import (
	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) offboardCommand() *cobra.Command {
	var o people.OffboardOptions
	var output string
	cmd := &cobra.Command{
		Use:   "offboard RECIPIENT [DIR...]",
		Short: "Take somebody's key out, encrypt anew, and say what that person has read",
		Long: `Take a recipient out of .sops.yaml, give every credential and sealed file of the
environments a new data key, and report every secret that the recipient could
read: what reggen can rotate, and what somebody has to revoke by hand. RECIPIENT
is the key as .sops.yaml writes it (an age recipient, a PGP fingerprint, a KMS
ARN) or the name of its anchor there. With DIR only the rules of those
environments are touched; without it, all rules and all environments below the
folder of .sops.yaml.

With --rotate the users of pull secrets whose passwords the recipient could read
are rotated with overlap, as reggen user rotate does: both passwords work until
reggen user retire.

What was read stays read, and git keeps the old files. Stopped in the middle,
the same command finishes; what it has to remember until then stands in
` + repository.JournalName + ` beside .sops.yaml, without any value. Needs a key that opens
the files and is not the one that goes.`,
		Example: `  reggen offboard age1... --dry-run
  reggen offboard bob --rotate      # the anchor's name: - &bob age1...
  reggen offboard age1... overlays/prod -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return terminal.Misuse{Command: cmd.CommandPath(), Err: problem.Problem{What: "no recipient given", Want: "a public key as .sops.yaml writes it, or the name of its anchor"}}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "text" && output != "json" {
				return terminal.Misuse{Err: problem.Problem{Path: "--output", What: "is no form of the report", Want: "text or json"}}
			}
			r, finish, err := w.People.Offboard(cmd.Context(), args[0], args[1:], o)
			if err != nil {
				return err
			}
			text, err := r.Written(output)
			if err != nil {
				return err
			}
			if _, err := w.Stdout.Write(text); err != nil {
				return err
			}
			return finish()
		},
	}
	cmd.Flags().BoolVar(&o.Rotate, "rotate", false, "rotate the users of pull secrets whose passwords could be read")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "write nothing; only report")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "the report's form: text or json")
	w.accepting(cmd)
	fixed(cmd, "output", "text", "json")
	return cmd
}
