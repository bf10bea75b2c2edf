package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) userRotate(dir *string) *cobra.Command {
	var stdin, due, dry bool
	var overlap string
	cmd := &cobra.Command{
		Use:   "rotate NAME | --due [DIR...]",
		Short: "Give a robot a new password, by way of a second user beside the first",
		Long: `Give a user that programs log in as a new password without a moment in which
none works: a second user, NAME-2, gets a random password, and the pull secrets
that name the first one are pointed at it. Both can log in until reggen user
retire NAME ends the first. The next rotation, of NAME-2, makes NAME-3. Of the
spec only the entries of those pull secrets are changed, in this environment's
own files: what stands in a base is overridden there. Stopped in the middle, the
same command finishes.

A person keeps the name and gets a new password with reggen credential set NAME
--field password (or --field hash, where only the hash is known).

With --due it does what spec.auth.maxAge asks for, in each environment named: it
rotates the users of pull secrets whose passwords are older, and retires those
whose successor is --overlap days old and sealed. It can run daily: what is done
is not done again. Of everybody else whose password is too old it prints the
command for a person. It needs no key; the reggen seal that comes next does.`,
		Example: `  reggen user rotate ci --dir overlays/prod
  reggen seal overlays/prod      # commit, roll out; both passwords are good
  reggen user retire ci --dir overlays/prod
  reggen user rotate --due --dry-run overlays/prod`,
		Args: func(cmd *cobra.Command, args []string) error {
			if due {
				return nil
			}
			for _, flag := range []string{"overlap", "dry-run"} {
				if cmd.Flags().Changed(flag) {
					return terminal.Misuse{Command: cmd.CommandPath(), Err: problem.Problem{Path: "--" + flag, What: "is about --due", Want: "--due beside it"}}
				}
			}
			return exactly("the user's name")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !due {
				return w.People.RotateAlone(cmd.Context(), *dir, args[0], people.NewUser{Password: stdin, Generate: !stdin})
			}
			days := syntax.DaysOf(overlap)
			if days == 0 {
				return terminal.Misuse{Command: cmd.CommandPath(), Err: problem.Problem{Path: "--overlap", What: "is not a number of days", Want: "one, for instance 7d"}}
			}
			if *dir != "" {
				args = append(args, *dir)
			}
			dirs, err := w.OrOnly(args)
			if err != nil {
				return err
			}
			steps, err := w.People.RotateDue(cmd.Context(), dirs, people.Daily{Overlap: days, DryRun: dry})
			if err == nil || len(steps) > 0 {
				w.tellSteps(steps)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the new password from stdin instead of making one")
	cmd.Flags().BoolVar(&due, "due", false, "rotate and retire what spec.auth.maxAge asks for")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "with --due: say what is due, and write nothing")
	cmd.Flags().StringVar(&overlap, "overlap", fmt.Sprintf("%dd", people.Overlap), "with --due: how long both passwords are good before the old user is retired, in days")
	cmd.MarkFlagsMutuallyExclusive("due", "password-stdin")
	w.accepting(cmd)
	return cmd
}

// said is a word for what was done, or would be.
var said = map[people.Doing][2]string{
	people.Rotate: {"to be rotated", "rotated"}, people.Retire: {"to be retired", "retired"},
	people.Wait: {"waits"}, people.Ask: {"for a person"}, people.Guess: {"age unknown"},
}

// dueLooks are those of what is still to be done.
var dueLooks = map[people.Doing]terminal.Attribute{
	people.Rotate: terminal.Yellow, people.Retire: terminal.Yellow, people.Wait: terminal.Plain, people.Ask: terminal.Red, people.Guess: terminal.Yellow,
}

// tellSteps prints a line a user, and which environments are to be sealed.
func (w *World) tellSteps(steps []people.Step) {
	var seal []string
	for _, s := range steps {
		word := said[s.Do][0]
		if s.Done {
			word = said[s.Do][1]
			if root := problem.QuoteArg(s.Root); len(seal) == 0 || seal[len(seal)-1] != root {
				seal = append(seal, root)
			}
		}
		if s.Do == people.Rotate {
			word += " to " + s.To
		}
		look := dueLooks[s.Do]
		if s.Done {
			look = terminal.Green
		}
		fmt.Fprintln(w.Stdout, problem.Shown(s.Root+": user "+s.User+": ")+w.Painter().Paint(problem.Shown(word), look)+problem.Shown(": "+s.Why))
		if s.Do == people.Ask {
			fmt.Fprintln(w.Stdout, "  next: "+problem.Lines(s.Next))
		}
	}
	if len(steps) == 0 {
		w.Note("nothing is due")
	}
	for _, root := range seal {
		w.Note("next: reggen seal %s   # commit it and roll it out", root)
	}
}
