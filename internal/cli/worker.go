package cli

import (
	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/deliver"
)

func (w *World) chartWorkerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    deliver.ChartWorkerName,
		Short:  "Render a chart for another reggen",
		Long:   "Render the chart that another reggen, which started this one, asks for on stdin. It is not for people.",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(*cobra.Command, []string) error { return w.Builds.WorkChart() },
	}
}

func (w *World) workerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    deliver.WorkerName,
		Short:  "Build what another reggen asks for",
		Long:   "Build what another reggen, which started this one, asks for on stdin. It is not for people.",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return w.Builds.Work(cmd.Context()) },
	}
}
