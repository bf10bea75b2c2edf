package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/movein"
)

func (w *World) takeoverCommand() *cobra.Command {
	var way string
	cmd := &cobra.Command{
		Use:   "takeover DIR",
		Short: "Print the commands that take a live Helm release over",
		Long: `Print a shell script that puts an environment in the place of the live Helm
release of its name: what has to end first, how the objects come in without a
moment in which nobody serves, how to go back, how Helm forgets the release so
that a later "helm uninstall" deletes nothing, and what is left of it. It runs
nothing and asks no cluster. --by says how objects come into your cluster.

See docs/guide/moving-in.md.`,
		Example: `  reggen takeover overlays/prod > takeover.sh
  reggen takeover overlays/prod --by flux`,
		Args: exactly("an environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			script, err := w.Compares.TakeOver(cmd.Context(), args[0], way)
			if err == nil {
				_, err = io.WriteString(w.Stdout, script)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&way, "by", movein.Ways[0], "kubectl (apply), server-side (kubectl apply --server-side), flux or argocd")
	fixed(cmd, "by", movein.Ways...)
	return cmd
}
