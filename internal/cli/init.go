package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/start"
)

func (w *World) initCommand() *cobra.Command {
	var o start.Options
	var path string
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a new environment: spec, .sops.yaml rules, keys, first credentials",
		Long: `Make a new environment in DIR (overlays/prod unless said), and the base spec when
there is none yet. On a terminal it asks for what no flag says. Nothing is ever
overwritten; .sops.yaml gets two rules and keeps the rest: credentials are for
people only, sealed files for people and the cluster.

Keys: your age key is the one that SOPS uses (SOPS_AGE_KEY_FILE, or keys.txt in
SOPS's own folder); it is made when there is none. The cluster gets a key of its
own. --people and --cluster take public keys instead, and then none is made.

With --chart the environment is a release of that chart: which of its values feed
its Secrets is found by rendering it, and they get a credential with random ones.`,
		Example: `  reggen init overlays/prod
  reggen init overlays/staging --host registry.example.com \
    --provider digitalocean --region nyc3 --bucket my-space --cluster-issuer letsencrypt-prod
  reggen init overlays/database --chart charts/postgresql --namespace apps`,
		Args: atMost(1, "one folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "overlays/prod"
			if len(args) == 1 {
				dir = args[0]
			}
			if o.PrintRules {
				rules, err := w.Starts.RulesFor(dir, o)
				if err == nil {
					_, err = fmt.Fprintln(w.Stdout, rules)
				}
				return err
			}
			if path != "" {
				for flag, value := range map[string]*string{"name": &o.Name, "namespace": &o.Namespace} {
					if !cmd.Flags().Changed(flag) {
						*value = "" // the chart's
					}
				}
				return w.Starts.InitChart(cmd.Context(), dir, path, o)
			}
			return w.Starts.Init(cmd.Context(), dir, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Base, "base", "bases/registry", "folder of the base spec; made when it is not there")
	f.StringVar(&o.Name, "name", "docker-registry", "name of the registry and its objects (new base)")
	f.StringVar(&o.Namespace, "namespace", "registry", "its namespace (new base)")
	f.StringVar(&path, "chart", "", "a chart, a folder or a .tgz of this repository: make an environment of kind Chart")
	f.StringVar(&o.Host, "host", "", "host name at which clients reach it")
	f.StringVar(&o.Storage, "storage", "", "s3 or filesystem (known from --bucket or --size)")
	f.StringVar(&o.Provider, "provider", "", "S3 provider: aws, digitalocean, minio, r2 or ceph")
	f.StringVar(&o.Region, "region", "", "S3 region")
	f.StringVar(&o.Bucket, "bucket", "", "S3 bucket")
	f.StringVar(&o.Endpoint, "endpoint", "", "S3 endpoint, where the provider does not decide it")
	f.StringVar(&o.Size, "size", "", "size of the volume, for instance 10Gi")
	f.StringVar(&o.ClassName, "ingress-class", "nginx", "Ingress class; none for no Ingress")
	f.StringVar(&o.Issuer, "cluster-issuer", "", "cert-manager ClusterIssuer of the certificate")
	f.StringVar(&o.PullSecret, "pull-secret", "regcred", "name of the image pull secret; none for none (new base)")
	f.StringVar(&o.PullUser, "pull-user", "puller", "user that the pull secret logs in as; made with a random password")
	f.StringSliceVar(&o.PullNamespaces, "pull-namespaces", []string{"default"}, "namespaces that get the pull secret")
	f.StringSliceVar(&o.People, "people", nil, "age public keys of the people who may read credentials")
	f.StringVar(&o.Cluster, "cluster", "", "age public key of the cluster")
	f.StringVar(&o.KeyFile, "key-file", "", "your age key file: read, or made when it is not there")
	f.StringVar(&o.ClusterKey, "cluster-key-file", "", "the cluster's age key file: read, or made when it is not there (default: beside yours, named after host and environment)")
	f.BoolVar(&o.PrintRules, "print-rules", false, "print the .sops.yaml rules instead of writing them, and stop")
	w.accepting(cmd)
	fixed(cmd, "storage", "s3", "filesystem")
	fixed(cmd, "provider", "aws", "digitalocean", "minio", "r2", "ceph")
	return cmd
}
