package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/terminal"
	"github.com/reggen/reggen/internal/watch"
)

func (w *World) buildCommand() *cobra.Command {
	o := deliver.BuildOptions{}
	var since string
	cmd := &cobra.Command{
		Use:   "build [DIR...]",
		Short: "Print the manifests of environments: the bytes of kustomize build",
		Long: `Print the manifests of one or more environments, the same bytes that
"kustomize build --enable-alpha-plugins DIR" prints. Needs no key, no network
and no other program: what a kustomization asks for beyond local files (Helm,
containers, remote bases) is refused unless --allow-programs or --allow-network
says otherwise. Nothing is printed unless the whole build succeeded.
Without DIR it is this folder, or the only environment below overlays/.

With --watch it prints them anew after each change of a file that it reads.`,
		Example: `  reggen build overlays/prod
  reggen build --secrets plain overlays/prod | kubectl apply -f -`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			err := w.judged(o)
			if err != nil {
				return terminal.Misuse{Err: err}
			}
			if since != "" {
				if dirs, err = w.changedSince(cmd.Context(), since, dirs); len(dirs) == 0 {
					return err
				}
			}
			if dirs, err = w.OrOnly(dirs); err != nil {
				return err
			}
			out, err := w.Builds.Build(cmd.Context(), dirs, o)
			if err != nil {
				return err
			}
			_, err = w.Stdout.Write(out)
			return err
		},
	}
	sinceFlag(cmd, &since)
	cmd.Flags().StringVar(&o.Secrets, "secrets", "sealed", "sealed: encrypted, as committed; plain: decrypted (needs a key); redacted: valid but meaningless; omit: left out")
	cmd.Flags().StringVar(&o.Stale, "stale", "fail", "fail or warn when a sealed file is older than its credentials")
	fixed(cmd, "secrets", "sealed", "plain", "redacted", "omit")
	fixed(cmd, "stale", "fail", "warn")
	w.watchFlag(cmd, func(p *watch.Plan) error {
		p.Only, p.Revisions, p.Between = since == "", revisions(since), "---\n"
		return w.judged(o)
	})
	return cmd
}

// judged judges the flags of a build.
func (w *World) judged(o deliver.BuildOptions) error {
	_, err := w.Builds.Resolver(o)
	if err == nil {
		_, err = o.StaleOK()
	}
	return err
}

// fixed completes a flag with a fixed list of words.
func fixed(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// functionOptions are the settings that a process started by kustomize
// takes from its environment.
func (w *World) functionOptions() deliver.BuildOptions {
	o := deliver.BuildOptions{Secrets: w.Getenv("REGGEN_SECRETS"), Stale: w.Getenv("REGGEN_STALE")}
	w.Allow.Network = w.Getenv("REGGEN_ALLOW_NETWORK") == "true"
	if o.Secrets == "plain" {
		w.Note("reggen: warning: REGGEN_SECRETS=plain: this build's output holds secrets in the clear")
	}
	return o
}

// plugin answers kustomize's exec plugin call.
func (w *World) plugin(ctx context.Context, config []byte, root string) int {
	// As a transformer the plugin gets the objects so far, and what it prints
	// takes their place.
	var items []byte
	var err error
	if w.Stdin != nil && !w.StdinIsTerm {
		if items, err = w.ReadInput(); err != nil {
			return w.answer(nil, problem.Problem{What: "can't read the objects that kustomize passes"})
		}
	}
	return w.answer(w.Builds.Transform(ctx, root, config, items, w.functionOptions))
}

// function answers a KRM function call.
func (w *World) function(ctx context.Context, in []byte) int {
	if err := bounded.YAML("the items", in); err != nil {
		return w.fail(err)
	}
	return w.answer(w.Builds.ResourceList(ctx, in, w.functionOptions))
}

func (w *World) answer(out []byte, err error) int {
	if err == nil && len(out) == 0 {
		err = problem.Problem{What: "the build has no objects"}
	}
	if err == nil {
		_, err = w.Stdout.Write(out)
	}
	return w.fail(err)
}
