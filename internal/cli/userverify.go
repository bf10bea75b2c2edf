package cli

import (
	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) userVerify(dir *string) *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{
		Use: "verify NAME", Short: "Prove that a password is the one the registry accepts",
		Long: `Compare a user's password with the hash in the sealed htpasswd file, the one
that the registry reads, and with every pull secret of that user. The password
is the one in the credential or, with --password-stdin, the one you have. Needs
a key that opens the sealed files.`,
		Example: `  reggen user verify puller
  pass registry/alice | reggen user verify alice --password-stdin`,
		Args: exactly("the user's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			proven, err := w.People.VerifyUser(cmd.Context(), *dir, args[0], stdin)
			if err != nil {
				return err
			}
			w.Note("user %q: the password is right in %d sealed file%s", args[0], proven, terminal.Plural(proven))
			return nil
		},
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from stdin instead of the credential")
	return cmd
}
