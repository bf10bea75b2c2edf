package cli

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/krm"
)

// Run is the whole program: it returns the exit status.
func Run(ctx context.Context, w *World) int {
	config, root, ok, err := krm.PluginConfig(w.Args, w.Getenv, os.ReadFile)
	switch {
	case err != nil:
		return w.fail(err)
	case ok:
		w.FunctionMode = true
		return w.plugin(ctx, config, root)
	case len(w.Args) == 0 && !w.StdinIsTerm && w.Stdin != nil:
		if in, err := io.ReadAll(w.Stdin); err == nil && len(in) > 0 {
			w.FunctionMode = true
			return w.function(ctx, in)
		}
	}
	cmd := w.command()
	cmd.SetArgs(w.Args)
	cmd.SetIn(w.Stdin)
	cmd.SetOut(w.Stdout)
	cmd.SetErr(w.Stderr)
	if w.Args == nil {
		cmd.SetArgs([]string{})
	}
	return w.fail(cmd.ExecuteContext(ctx))
}

// fail tells an error and returns the exit status that goes with it.
func (w *World) fail(err error) int {
	if err == nil {
		return exitOK
	}
	var exit exitError
	code := exitFail
	if errors.As(err, &exit) {
		code = exit.code
		if exit.err == nil {
			return code
		}
	}
	w.note("reggen: %s", err.Error())
	return code
}

func (w *World) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reggen",
		Short: "Private container registries on Kubernetes, from one small spec",
		Long: `reggen turns one small, layered spec into everything a private container
registry on Kubernetes needs: plain manifests, SOPS-encrypted Secrets and image
pull secrets. The same bytes every time; no private key, no network and no
other binary is needed to build.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return exitError{exitUsage, usageError{c.CommandPath(), err}}
	})
	cmd.AddCommand(
		w.initCommand(), w.userCommand(), w.credentialCommand(),
		w.sealCommand(), w.buildCommand(), w.checkCommand(),
		w.pluginCommand(), w.schemaCommand(), w.versionCommand(),
	)
	return cmd
}

// usageError is a mistake on the command line.
type usageError struct {
	command string
	err     error
}

func (u usageError) Error() string {
	return u.err.Error() + "\n  next: " + u.command + " --help"
}
func (u usageError) Unwrap() error { return u.err }
