package cli

import (
	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) credentialCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Fail when a credential file holds a value that is readable; needs no key",
		Long: `Look into files for RegistryCredentials, wherever they are and whatever they are
called, and fail when one holds a value that is not encrypted. Files without a
credential pass. A FILE that is a folder stands for all files below it, and no
FILE for this folder. Needs no key, and builds nothing: made for a pre-commit
hook that gets the names of changed files.`,
		Example: "  reggen credential check\n  reggen credential check overlays/prod/credentials/alice.enc.yaml",
		RunE: func(cmd *cobra.Command, paths []string) error {
			count, err := w.Checks.CheckCredentials(cmd.Context(), paths)
			if err == nil {
				w.Note("%d credential file%s: every value is encrypted", count, terminal.Plural(count))
			}
			return err
		},
	}
}
