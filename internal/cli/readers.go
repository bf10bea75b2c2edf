package cli

import (
	"github.com/spf13/cobra"
)

// accepting gives a command the flag that says yes to new readers.
func (w *World) accepting(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&w.Seals.Accept, acceptFlag, w.Seals.Accept, "public keys of new readers to encrypt for without asking, as .sops.yaml names them (repeatable)")
}

const acceptFlag = "accept-recipients"
