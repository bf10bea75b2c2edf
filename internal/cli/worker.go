package cli

import (
	"os"
	"os/signal"

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
		RunE: func(cmd *cobra.Command, _ []string) error {
			// At a terminal Ctrl-C comes from there and from the process that
			// started this one: the second must not end it while it writes.
			signal.Notify(make(chan os.Signal, 1), os.Interrupt)
			return w.Builds.Work(cmd.Context())
		},
	}
}
