package cli

import (
	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/people"
)

func (w *World) userRotate(dir *string) *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Give a robot a new password, by way of a second user beside the first",
		Long: `Give a user that programs log in as a new password without a moment in which
none works: a second user, NAME-2, gets a random password, and the pull secrets
that name the first one are pointed at it. Both can log in until reggen user
retire NAME ends the first. The next rotation, of NAME-2, makes NAME-3. Of the
spec only the entries of those pull secrets are changed, in this environment's
own files: what stands in a base is overridden there. Stopped in the middle, the
same command finishes.

A person keeps the name and gets a new password with reggen credential set NAME
--field password (or --field hash, where only the hash is known).`,
		Example: `  reggen user rotate ci --dir overlays/prod
  reggen seal overlays/prod      # commit, roll out; both passwords are good
  reggen user retire ci --dir overlays/prod`,
		Args: exactly("the user's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return w.People.RotateAlone(cmd.Context(), *dir, args[0], people.NewUser{Password: stdin, Generate: !stdin})
		},
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the new password from stdin instead of making one")
	w.accepting(cmd)
	return cmd
}
