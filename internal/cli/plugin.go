package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/docs"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) pluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "plugin", Short: "Set this program up as a kustomize plugin",
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var home string
	var copied bool
	install := &cobra.Command{
		Use: "install", Short: "Put this program where kustomize looks for the plugins of reggen's kinds",
		Long: `Put this program where kustomize and kubectl look for the plugins of kinds
Registry, Chart and ImagePullSecrets, so that "kustomize build --enable-alpha-plugins" runs it. It becomes a
link to this program, which an upgrade in place follows, or with --copy (and
when this program is a temporary one, as under go run) a copy.`,
		Args: nothing,
		RunE: func(*cobra.Command, []string) error { return w.Starts.InstallPlugin(home, copied) },
	}
	install.Flags().StringVar(&home, "plugin-home", "", "kustomize's plugin home (default: the one kustomize uses: $KUSTOMIZE_PLUGIN_HOME, else below $XDG_CONFIG_HOME or ~/.config)")
	install.Flags().BoolVar(&copied, "copy", false, "copy the program instead of linking to it")
	cmd.AddCommand(install)
	return cmd
}

func (w *World) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema [KIND]", Short: "Print the JSON Schema of a kind, for editors",
		Long: `Print the JSON Schema of Registry (the default), Chart, ImagePullSecrets or
RegistryCredential. With the YAML language server, put this line on top of a spec:

  # yaml-language-server: $schema=registry.schema.json`,
		Example:   "  reggen schema > registry.schema.json",
		ValidArgs: append(slices.Clone(spec.Kinds), spec.KindCredential),
		Args:      atMost(1, "one kind"),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind := spec.KindRegistry
			if len(args) > 0 {
				kind = args[0]
			}
			text, ok := docs.Schema(kind)
			if !ok {
				return terminal.Misuse{Command: cmd.CommandPath(), Err: problem.Problem{What: fmt.Sprintf("no kind %q", kind), Want: problem.OneOf(append(slices.Clone(spec.Kinds), spec.KindCredential))}}
			}
			_, err := w.Stdout.Write(text)
			return err
		},
	}
}
