package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/repository"
)

// sinceFlag adds --changed-since.
func sinceFlag(cmd *cobra.Command, rev *string) {
	cmd.Flags().StringVar(rev, "changed-since", "", "a git revision: only the environments that a change since then can have touched")
}

// changedSince are those of dirs, all without one; none is told.
func (w *World) changedSince(ctx context.Context, rev string, dirs []string) ([]string, error) {
	changed, err := w.Compares.ChangedSince(ctx, rev, repository.OrAll(dirs))
	if err == nil && len(changed) == 0 {
		w.Note("no environment was touched since %s", problem.Shown(rev))
	}
	return changed, err
}
