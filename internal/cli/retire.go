package cli

import (
	"github.com/spf13/cobra"
)

func (w *World) userRetire(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "retire NAME",
		Short: "End a user whom a rotation has replaced",
		Long: `End the user whom reggen user rotate has replaced: its credential file is
deleted, and the next seal takes it out of the htpasswd file. It is refused
while a pull secret names the user, without a successor, and before the
successor was sealed. What reggen can't know is whether the sealed files were
rolled out and everything logs in as the successor: the registry's log says who
still uses the old name. Needs no key. Run again, it finds nothing to do.`,
		Example: "  reggen user retire ci --dir overlays/prod",
		Args:    exactly("the user's name"),
		RunE: func(_ *cobra.Command, args []string) error {
			return w.People.RetireUser(*dir, args[0])
		},
	}
}
