package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is set by the release build: -ldflags "-X .../internal/cli.release=0.1.0".
var release string

// Version is this program's version without a leading v: the release's, the
// module's when it was installed with go install, or 0.0.0-devel.
func Version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && len(info.Main.Version) > 1 && info.Main.Version[0] == 'v' && info.Main.Sum != "" {
		return info.Main.Version[1:]
	}
	return "0.0.0-devel"
}

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
	return fmt.Sprintf("reggen %s %s %s/%s", Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
