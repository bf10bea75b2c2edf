package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Reference is the command reference in Markdown, made from the commands
// themselves. docs/reference/commands.md is its output, drift checked.
func Reference() string {
	w := New(nil, &terminal.Terminal{Getenv: func(string) string { return "" }}, &repository.Repository{}, Machine{})
	var b strings.Builder
	b.WriteString("# Commands\n\nGenerated from the program; `go test ./internal/cli -run TestReference -update` writes it.\n")
	describe(&b, w.command())
	return b.String()
}

func describe(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Hidden {
		return
	}
	if cmd.Runnable() {
		fmt.Fprintf(b, "\n## %s\n\n", cmd.CommandPath())
		text := cmd.Long
		if text == "" {
			text = cmd.Short + "."
		}
		fmt.Fprintf(b, "%s\n\n```\n%s\n```\n", text, cmd.UseLine())
		if cmd.Example != "" {
			fmt.Fprintf(b, "\nExamples:\n\n```\n%s\n```\n", strings.Trim(cmd.Example, "\n"))
		}
		first := true
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" {
				return
			}
			if first {
				b.WriteString("\n| flag | default | meaning |\n|---|---|---|\n")
				first = false
			}
			value := f.DefValue
			if value == "" || value == "[]" {
				value = " "
			}
			fmt.Fprintf(b, "| `--%s` | %s | %s |\n", f.Name, strings.ReplaceAll(value, "|", "\\|"), strings.ReplaceAll(f.Usage, "|", "\\|"))
		})
	}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			describe(b, c)
		}
	}
}
