package cli

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/krm"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/terminal"
)

// Run is the whole program: it returns the exit status.
func Run(ctx context.Context, w *World) int {
	w.Done = ctx.Done()
	kustomize.Begin()
	config, root, ok, err := krm.PluginConfig(w.Args, w.Getenv, os.ReadFile)
	switch {
	case err != nil:
		return w.fail(err)
	case ok:
		w.FunctionMode = true
		return w.plugin(ctx, config, root)
	case len(w.Args) == 0 && !w.StdinIsTerm && w.Stdin != nil:
		in, err := w.ReadInput()
		if errors.Is(err, terminal.ErrLongInput) {
			return w.fail(err)
		}
		if len(in) > 0 {
			w.FunctionMode = true
			return w.function(ctx, in)
		}
	}
	cmd := w.command()
	strict(cmd)
	w.completed(cmd)
	cmd.SetArgs(w.Args)
	cmd.SetIn(w.Stdin)
	cmd.SetOut(w.Stdout)
	cmd.SetErr(w.Stderr)
	if w.Args == nil {
		cmd.SetArgs([]string{})
	}
	return w.fail(cmd.ExecuteContext(ctx))
}

func (w *World) command() *cobra.Command {
	cmd := &cobra.Command{
		SuggestionsMinimumDistance: 2,

		Use:   "reggen",
		Short: "Private container registries on Kubernetes, from one small spec",
		Long: `reggen turns one small, layered spec into everything a private container
registry on Kubernetes needs: plain manifests, SOPS-encrypted Secrets and image
pull secrets. The same bytes every time; no private key, no network and no
other binary is needed to build.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       versionLine(),
		Args:          onlyCommands,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	w.allowances(cmd)
	cmd.SetVersionTemplate("{{.Version}}\n")
	cmd.Flags().Bool("version", false, "print the version")
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if c.HasSubCommands() { // the flag may be of the command that was meant
			if mistyped := onlyCommands(c, c.Flags().Args()); mistyped != nil {
				return mistyped
			}
		}
		return terminal.Misuse{Command: c.CommandPath(), Err: flagProblem(c, err)}
	})
	cmd.AddCommand(
		w.initCommand(), w.importCommand(), w.takeoverCommand(), w.userCommand(), w.credentialCommand(), w.editCommand(),
		w.sealCommand(), w.buildCommand(), w.renderCommand(), w.diffCommand(), w.checkCommand(), w.accessCommand(), w.probeCommand(), w.offboardCommand(),
		w.pluginCommand(), w.schemaCommand(), w.explainCommand(), w.versionCommand(), w.workerCommand(), w.chartWorkerCommand(),
	)
	return cmd
}

// allowances are the flags by which a command may do what no file of a
// repository can ask for.
func (w *World) allowances(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.BoolVar(&w.Allow.Programs, strings.TrimPrefix(kustomize.ProgramsFlag, "--"), false, "let kustomizations run programs: Helm, containers, exec functions, installed plugins")
	f.BoolVar(&w.Allow.Network, strings.TrimPrefix(kustomize.NetworkFlag, "--"), false, "let kustomizations fetch remote files and bases, and ask the key services that recipients name")
	f.BoolVar(&w.Allow.Large, strings.TrimPrefix(kustomize.LargeFlag, "--"), false, "let builds be larger and take longer than the bounds that stop a hostile one")
}
