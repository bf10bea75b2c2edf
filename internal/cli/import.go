package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/start"
	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) importCommand() *cobra.Command {
	o := start.Options{PullSecret: "none"}
	var from start.Source
	cmd := &cobra.Command{
		Use:   "import [DIR]",
		Short: "Make an environment of the values of a Helm release",
		Long: `Make an environment in DIR (overlays/prod unless said) of a values file of the
chart twuni/docker-registry, or of what "helm get values RELEASE -o yaml" prints.
The spec gets what it has a field for, the chart's defaults are dropped, and the
rest stays under spec.values. Secrets go straight into encrypted credentials;
users keep their bcrypt hashes and so their passwords; an image pull secret whose
login one of them has becomes one of the spec's. Placeholders are named and
not taken. What can't be carried over is listed with the reason, on standard
output. The values file stays as it is.

It does not touch the release; reggen takeover prints how it is taken over. See
docs/guide/moving-in.md.`,
		Example: `  reggen import overlays/prod --values chart_values.yaml
  helm get values docker-registry -o yaml | reggen import overlays/prod --values -`,
		Args: atMost(1, "one folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if from.Values == "" {
				return terminal.Misuse{Command: cmd.CommandPath(), Err: problem.Problem{Path: "--values", What: "is missing", Want: "a values file, or - for standard input"}}
			}
			dir := "overlays/prod"
			if len(args) == 1 {
				dir = args[0]
			}
			left, err := w.Starts.Import(cmd.Context(), dir, from, o)
			if err != nil || len(left) == 0 {
				return err
			}
			_, err = fmt.Fprintf(w.Stdout, "look at these:\n%s\n", left.Error())
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&from.Values, "values", "", "the values file, or - for standard input")
	f.StringVar(&from.HTPasswd, "htpasswd", "", "an htpasswd file, in the place of the values' users")
	f.StringSliceVar(&from.Secrets, "secret", nil, "what kubectl get secret -o yaml prints: the release's own, image pull secrets; - for standard input")
	f.StringVar(&o.Name, "name", "docker-registry", "name of the release, which its objects are named after (new base)")
	f.StringVar(&o.Namespace, "namespace", "registry", "namespace of the registry (new base)")
	f.StringVar(&o.Base, "base", "bases/registry", "folder of the base spec; made when it is not there")
	f.StringSliceVar(&o.People, "people", nil, "age public keys of the people who may read credentials")
	f.StringVar(&o.Cluster, "cluster", "", "age public key of the cluster")
	f.StringVar(&o.KeyFile, "key-file", "", "your age key file: read, or made when it is not there")
	f.StringVar(&o.ClusterKey, "cluster-key-file", "", "the cluster's age key file: read, or made when it is not there (default: beside yours, named after host and environment)")
	w.accepting(cmd)
	return cmd
}
