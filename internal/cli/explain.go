package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/schema"
	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) explainCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "explain [PATH]", Short: "Say what a field of a spec means, as kubectl explain does",
		Long: `Say what a field of a spec means, its type, its default, what its value has to look
like, and the fields below it. Without a kind in front a path is a Registry's; the
others are chart.PATH and imagepullsecrets.PATH. Between a mapping or a list and
the fields of its entries a key may stand or be left out.`,
		Example: `  reggen explain spec.storage.s3.redirect
  reggen explain spec.pullSecrets.regcred.namespaces
  reggen explain chart.spec.secretValues
  reggen explain registry --recursive`,
		Args: atMost(1, "one path, for instance spec.storage.s3"),
		RunE: func(_ *cobra.Command, args []string) error {
			path := ""
			if len(args) > 0 {
				path = args[0]
			}
			text, err := schema.Explain(path, all)
			if err != nil {
				return err
			}
			_, err = io.WriteString(w.Stdout, strings.ReplaceAll(text, schema.RequiredMark, w.Painter().Paint(schema.RequiredMark, terminal.Bold)))
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "recursive", false, "list all fields below, by name and type")
	return cmd
}

// explainedPaths completes a path by a step; a dot may follow.
func explainedPaths(_ *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, onlyThese
	}
	paths := schema.Paths(start)
	slices.Sort(paths)
	return paths, onlyThese | cobra.ShellCompDirectiveNoSpace
}
