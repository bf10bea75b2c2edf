package cli

import (
	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/people"
)

func (w *World) editCommand() *cobra.Command {
	var o people.Editing
	cmd := &cobra.Command{
		Use:   "edit NAME [DIR]",
		Short: "Edit a credential's values in your editor",
		Long: `Decrypt a credential's values, open them in your editor (VISUAL, else EDITOR), and
encrypt what comes out, once nothing is wrong with it: else the editor opens again
with the reason. A user's new password is hashed. Left as it is, or emptied,
nothing is changed.

The decrypted values stand in a file in memory, in a folder that only you can
enter ($XDG_RUNTIME_DIR or /dev/shm), until the editor ends. vim and nvim are
told to leave nothing elsewhere; what others keep is theirs to say.`,
		Example: `  reggen edit s3
  EDITOR='code --wait' reggen edit alice overlays/prod --seal`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return exactly("the credential's name, and perhaps the environment's folder")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) == 2 {
				dir = args[1]
			}
			return w.People.EditCredential(cmd.Context(), dir, args[0], o)
		},
	}
	cmd.Flags().BoolVar(&o.Seal, "seal", false, "seal the environment afterwards")
	cmd.Flags().BoolVar(&o.OnDisk, "on-disk", false, "where no place in memory is, write the decrypted values to the temporary folder")
	w.accepting(cmd)
	return cmd
}
