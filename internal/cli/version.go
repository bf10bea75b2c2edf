package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/release"
)

func (w *World) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: nothing,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(w.Stdout, versionLine())
			return err
		},
	}
}

// versionLine is what version and --version print.
func versionLine() string {
	return fmt.Sprintf("reggen %s %s %s/%s", release.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
