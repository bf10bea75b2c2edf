package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/docs"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/kustomize"
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
		Use: "install", Short: "Put this program where kustomize looks for the Registry plugin",
		Long: `Put this program where kustomize and kubectl look for the plugin of kind
Registry, so that "kustomize build --enable-alpha-plugins" runs it. It becomes a
link to this program, which an upgrade in place follows, or with --copy (and
when this program is a temporary one, as under go run) a copy.`,
		Args: nothing,
		RunE: func(*cobra.Command, []string) error { return w.installPlugin(home, copied) },
	}
	install.Flags().StringVar(&home, "plugin-home", "", "kustomize's plugin home (default: the one kustomize uses: $KUSTOMIZE_PLUGIN_HOME, else below $XDG_CONFIG_HOME or ~/.config)")
	install.Flags().BoolVar(&copied, "copy", false, "copy the program instead of linking to it")
	cmd.AddCommand(install)
	return cmd
}

func (w *World) installPlugin(home string, copied bool) error {
	if home == "" {
		home, _ = kustomize.PluginHome(w.Getenv, w.Home)
	}
	if home == "" {
		return problem.Problem{What: "no plugin home: neither KUSTOMIZE_PLUGIN_HOME nor HOME is set", Want: "--plugin-home"}
	}
	program, err := w.Executable()
	if err != nil {
		return problem.Problem{What: "can't find this program's own file", Next: "put reggen on PATH and call it by its whole path"}
	}
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	path := kustomize.PluginPath(w.abs(home))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return w.fileProblem("can't make the folder of", path, err)
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return problem.Problem{File: path, What: "is a folder; expected a program or nothing"}
	}
	temporary := strings.HasPrefix(program, os.TempDir()+string(filepath.Separator)) || strings.Contains(filepath.ToSlash(program), "/go-build")
	how := "links to " + program
	if copied || temporary {
		data, err := os.ReadFile(program)
		if err != nil {
			return w.fileProblem("can't read", program, err)
		}
		if err := replace(path, data, 0o755); err != nil {
			return w.fileProblem("can't write", path, err)
		}
		how = "a copy of this program; run this command again after an upgrade"
	} else if err := link(program, path); err != nil {
		return w.fileProblem("can't link", path, err)
	}
	w.note("%s: %s", path, how)
	if used, _ := kustomize.PluginHome(w.Getenv, w.Home); used != home {
		w.note("note: kustomize looks in %s unless KUSTOMIZE_PLUGIN_HOME=%s is set", used, home)
	}
	w.note("next: kustomize build --enable-alpha-plugins DIR")
	return nil
}

func (w *World) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema [KIND]", Short: "Print the JSON Schema of a kind, for editors",
		Long: `Print the JSON Schema of Registry (the default) or RegistryCredential. With the
YAML language server, put this line on top of a spec:

  # yaml-language-server: $schema=registry.schema.json`,
		Example:   "  reggen schema > registry.schema.json",
		ValidArgs: []string{spec.KindRegistry, spec.KindCredential},
		Args:      atMost(1, "one kind"),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind := spec.KindRegistry
			if len(args) > 0 {
				kind = args[0]
			}
			text, ok := docs.Schema(kind)
			if !ok {
				return misuse{cmd.CommandPath(), problem.Problem{What: fmt.Sprintf("no kind %q", kind), Want: spec.KindRegistry + " or " + spec.KindCredential}}
			}
			_, err := w.Stdout.Write(text)
			return err
		},
	}
}
