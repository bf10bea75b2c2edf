package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/takeover"
)

func (w *World) takeoverCommand() *cobra.Command {
	var way, live string
	var forget bool
	cmd := &cobra.Command{
		Use:   "takeover [DIR]",
		Short: "Print the commands that take a live Helm release over",
		Long: `Print a shell script that puts the environment in DIR (overlays/prod unless
said) in the place of the live Helm release of its name: what has to end first,
how the objects come in without a moment in which nobody serves, and how to go
back. Read it, then run it as a whole. --by says how objects come into your
cluster. The script that --forget prints is for afterwards: Helm forgets the
release, so that a later "helm uninstall" deletes nothing, and what is left of it
goes. reggen itself runs nothing of this and asks no cluster.

With --live it prints what would change instead: each object and field against
what "kubectl get -o yaml", "helm get manifest" or "helm template" say of the
release, with a word on why, what is left behind, and whether pods are replaced.
Of the release's own texts only names are shown, such as those of images, Secrets
and volumes: no value of a Secret, a variable, an annotation or a ConfigMap.

See docs/guide/moving-in.md.`,
		Example: `  reggen takeover overlays/prod > takeover.sh
  reggen takeover overlays/prod --forget > forget.sh
  reggen takeover overlays/prod --by flux
  kubectl -n registry get deployment,service,configmap,secret,ingress,pvc,cronjob -o yaml |
    reggen takeover overlays/prod --live -`,
		Args: atMost(1, "one folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "overlays/prod"
			if len(args) == 1 {
				dir = args[0]
			}
			var text string
			var err error
			switch {
			case live != "":
				text, err = w.Compares.Live(cmd.Context(), dir, live)
			case forget:
				text, err = w.Compares.Forget(cmd.Context(), dir)
			default:
				text, err = w.Compares.TakeOver(cmd.Context(), dir, way)
			}
			if err == nil {
				_, err = io.WriteString(w.Stdout, text)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&way, "by", takeover.Ways[0], "kubectl (apply), server-side (kubectl apply --server-side), flux or argocd")
	cmd.Flags().StringVar(&live, "live", "", "a file of the live objects, or - for standard input: what the environment changes in them, instead of the script")
	cmd.Flags().BoolVar(&forget, "forget", false, "the script for afterwards: Helm forgets the release, and what is left of it goes")
	cmd.MarkFlagsMutuallyExclusive("by", "live", "forget")
	fixed(cmd, "by", takeover.Ways...)
	return cmd
}
