package cli

import (
	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/seal"
)

func (w *World) sealCommand() *cobra.Command {
	var o seal.Options
	var since string
	cmd := &cobra.Command{
		Use:   "seal [DIR...]",
		Short: "Derive the sealed files of environments from their credentials",
		Long: `Derive sealed/ from the spec and credentials/: hash passwords that have no
hash yet, render the chart with the real values, and encrypt the Secrets that
come out for the recipients that .sops.yaml names. Only what changed is
written. Needs a key that opens the credentials. Without DIR it is this folder,
or the only environment below overlays/.

It names the users, keys and settings whose values were changed since the last
seal, and not by this one. With --check it writes nothing, derives everything
again, compares, and proves that the finished build holds what is sealed.

With --rotate-keys every credential and every sealed file gets a new data key,
for when an old one may be known: all ciphertexts change, no value does, and no
pod rolls. It does not take back what somebody has read, nor the old files in
git: reggen offboard and reggen user rotate are for that.

What a chart's templates make once (certificates, keys, salted hashes) is kept
in the machine credential, with the day on which it expires. --renew makes it
anew, and what it signed.`,
		Example: `  reggen seal overlays/prod
  reggen seal --check overlays/prod   # prove that sealed/ is what the credentials say`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			var err error
			if since != "" {
				if dirs, err = w.changedSince(cmd.Context(), since, dirs); len(dirs) == 0 {
					return err
				}
			}
			if dirs, err = w.OrOnly(dirs); err != nil {
				return err
			}
			return w.Seals.Seal(cmd.Context(), dirs, o)
		},
	}
	sinceFlag(cmd, &since)
	cmd.Flags().BoolVar(&o.Check, "check", false, "write nothing; derive everything again, compare, and fail when anything differs")
	cmd.Flags().BoolVar(&o.RotateKeys, "rotate-keys", false, "encrypt every credential and sealed file anew with a new data key; no value changes")
	cmd.Flags().StringArrayVar(&o.Renew, "renew", nil, "make anew what the chart's templates made once for this Secret: certificates, keys, salted hashes (can be repeated)")
	cmd.MarkFlagsMutuallyExclusive("check", "rotate-keys")
	cmd.MarkFlagsMutuallyExclusive("check", "renew")
	w.accepting(cmd)
	return cmd
}
