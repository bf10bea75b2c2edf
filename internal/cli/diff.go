package cli

import (
	"github.com/spf13/cobra"

	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
	"github.com/reggen/reggen/internal/watch"
)

// Exit statuses of diff, those of the diff command.
const (
	exitDifferent = 1
	exitTrouble   = 2
)

func (w *World) diffCommand() *cobra.Command {
	var o compare.Options
	var exitZero bool
	cmd := &cobra.Command{
		Use:   "diff [DIR...]",
		Short: "Show what a change does to the rendered objects",
		Long: `Show what the working tree changes in the manifests of environments, by object
and field: against a git revision (HEAD unless said), which is built from its
own files without touching yours, or against another folder with the same
environments in it, for instance what reggen render wrote. Secrets are compared
by key and recipient, never by value; no key is needed. Users, pull secrets and
those who can open the credentials are named where they were added or removed.
The same change in many environments is shown once; an environment that was
removed is all removed objects. Without DIR every environment below this folder is
compared. Exits 0 when nothing differs, 1 when something does,
2 on trouble. With --watch it compares anew after each change of a file that it
reads, and after each commit.`,
		Example: `  reggen diff overlays/*
  reggen diff --from origin/main -o markdown   # for a pull request
  reggen diff overlays/prod --against rendered
  reggen diff overlays/prod --watch            # while you edit`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			all, err := w.Compares.Diff(cmd.Context(), repository.OrAll(dirs), o)
			if err != nil {
				return exitError{exitTrouble, err}
			}
			text, err := w.Compares.Written(all, o.Output)
			if err == nil {
				_, err = w.Stdout.Write(text)
			}
			switch {
			case err != nil:
				return exitError{exitTrouble, err}
			case len(all) > 0 && !exitZero:
				return exitError{exitDifferent, nil}
			}
			return nil
		},
	}
	sinceFlag(cmd, &o.Since)
	cmd.Flags().StringVar(&o.From, "from", "", "the git revision to compare with (default HEAD)")
	cmd.Flags().StringVar(&o.Against, "against", "", "a folder to compare with instead: another checkout, or the output of reggen render")
	cmd.Flags().StringVarP(&o.Output, "output", "o", "text", "text, json, yaml or markdown")
	cmd.Flags().BoolVar(&exitZero, "exit-zero", false, "exit 0 when something differs, too")
	cmd.MarkFlagsMutuallyExclusive("from", "against")
	fixed(cmd, "output", "text", "json", "yaml", "markdown")
	w.watchFlag(cmd, func(p *watch.Plan) error {
		if p.Against, p.Revisions = o.Against, revisions(o.From, o.Since); o.From == "" && o.Against == "" {
			p.Revisions = append(p.Revisions, "HEAD")
		}
		p.Said = func(code int) watch.Said {
			switch {
			case code == exitDifferent:
				return watch.Said{Words: "something differs", Look: terminal.Yellow}
			case code != exitOK:
				return watch.Said{Words: "trouble", Look: terminal.Red}
			case exitZero:
				return watch.Said{Words: "done", Look: terminal.Green}
			}
			return watch.Said{Words: "nothing differs", Look: terminal.Green}
		}
		return nil
	})
	return cmd
}
