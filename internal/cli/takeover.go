package cli

import (
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/movein"
)

func (w *World) takeoverCommand() *cobra.Command {
	var way, live string
	cmd := &cobra.Command{
		Use:   "takeover [DIR]",
		Short: "Print the commands that take a live Helm release over",
		Long: `Print a shell script that puts the environment in DIR (overlays/prod unless
said) in the place of the live Helm release of its name: what has to end first, how the objects come in without a
moment in which nobody serves, how to go back, how Helm forgets the release so
that a later "helm uninstall" deletes nothing, and what is left of it. It runs
nothing and asks no cluster. --by says how objects come into your cluster.

With --live it prints what would change instead: each object and field against
what "kubectl get -o yaml", "helm get manifest" or "helm template" say of the
release, with a word on why, what is left behind, and whether pods are replaced.
No value of a Secret is shown, and none that the release has in variables,
arguments, annotations or ConfigMaps.

See docs/guide/moving-in.md.`,
		Example: `  reggen takeover overlays/prod > takeover.sh
  reggen takeover overlays/prod --by flux
  kubectl -n registry get deployment,service,configmap,secret,ingress,pvc,cronjob -o yaml |
    reggen takeover overlays/prod --live -`,
		Args: atMost(1, "one folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := filepath.Join("overlays", "prod")
			if len(args) == 1 {
				dir = args[0]
			}
			var text string
			var err error
			if live != "" {
				text, err = w.Compares.Live(cmd.Context(), dir, live)
			} else {
				text, err = w.Compares.TakeOver(cmd.Context(), dir, way)
			}
			if err == nil {
				_, err = io.WriteString(w.Stdout, text)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&way, "by", movein.Ways[0], "kubectl (apply), server-side (kubectl apply --server-side), flux or argocd")
	cmd.Flags().StringVar(&live, "live", "", "a file of the live objects, or - for standard input: what the environment changes in them, instead of the script")
	cmd.MarkFlagsMutuallyExclusive("by", "live")
	fixed(cmd, "by", movein.Ways...)
	return cmd
}
