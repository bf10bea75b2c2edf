package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Add, list, rotate, remove and verify the people and robots that may log in",
		Long: `The users of a registry are the files of type user in its credentials folder,
one each. htpasswd knows no roles: every user may pull and push.`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dir string
	cmd.PersistentFlags().StringVar(&dir, "dir", "", "the environment's folder (default: this folder, or the only one below overlays/)")
	cmd.AddCommand(w.userAdd(&dir), w.userList(&dir), w.userRemove(&dir), w.userVerify(&dir),
		w.userRotate(&dir), w.userRetire(&dir))
	return cmd
}

func (w *World) userAdd(dir *string) *cobra.Command {
	var o people.NewUser
	var from string
	cmd := &cobra.Command{
		Use:   "add NAME | add --from FILE",
		Short: "Write a new user's encrypted credential",
		Long: `Write a new user's encrypted credential file. The password is typed, read from
stdin, or made; it is never an argument. With --hash-stdin only a bcrypt hash
comes in (htpasswd -nB NAME makes one), so that nobody else knows the password;
such a user can't be used for pull secrets.

With --from everybody in a list is added, or nobody: NAME, NAME:PASSWORD or
NAME:HASH a line, as an htpasswd file has it; NAME alone has a password made.`,
		Example: `  reggen user add alice
  pass registry/ci | reggen user add ci --dir overlays/prod --password-stdin
  reggen user add puller --generate
  reggen user add --from htpasswd`,
		Args: func(cmd *cobra.Command, args []string) error {
			if from != "" {
				return atMost(0, "none beside --from: the names stand in the list")(cmd, args)
			}
			return exactly("the user's name")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if from != "" {
				return w.People.AddUsers(cmd.Context(), *dir, from, o.Cost)
			}
			return w.People.AddUser(cmd.Context(), *dir, args[0], o)
		},
	}
	cmd.Flags().BoolVar(&o.Password, "password-stdin", false, "read the password from stdin")
	cmd.Flags().BoolVar(&o.Hash, "hash-stdin", false, "read a bcrypt hash from stdin; the password stays unknown")
	cmd.Flags().BoolVar(&o.Generate, "generate", false, "make a random password")
	cmd.Flags().IntVar(&o.Cost, "cost", 0, "bcrypt cost from 5 to 12 (default: 10, and 5 for made passwords; it is paid on every request)")
	cmd.Flags().StringVar(&from, "from", "", "a file of users, - for stdin: NAME, NAME:PASSWORD or NAME:HASH a line")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "hash-stdin", "generate", "from")
	cmd.MarkFlagsMutuallyExclusive("hash-stdin", "cost")
	w.accepting(cmd)
	return cmd
}

// exactly asks for one argument and says which.
func exactly(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return terminal.Misuse{Command: cmd.CommandPath(), Err: problem.Problem{What: "no name given", Want: what}}
		case len(args) > 1:
			return terminal.Misuse{Command: cmd.CommandPath(), Err: problem.Problem{What: fmt.Sprintf("%d arguments given", len(args)), Want: what + " alone; secrets come from stdin or a prompt, never from the command line"}}
		}
		return nil
	}
}

func (w *World) userList(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the users and what is public about them", Long: "List the users of an environment and what is public about them. Needs no key.",
		Args: nothing,
		RunE: func(*cobra.Command, []string) error {
			users, err := w.People.ListUsers(*dir)
			if err != nil {
				return err
			}
			t := tabwriter.NewWriter(w.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "USER\tCOST\tPASSWORD\tPULL SECRETS\tFILE")
			for _, u := range users {
				password, cost, pulls := "known", fmt.Sprint(u.Cost), strings.Join(u.Pulls, ",")
				if !u.Has(credential.Password) {
					password = "hash only"
				}
				if u.Cost == 0 {
					cost = "-"
				}
				if pulls == "" {
					pulls = "-"
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", problem.Shown(u.User), cost, password, pulls, u.File)
			}
			return t.Flush()
		},
	}
}

func (w *World) userRemove(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Delete a user's credential",
		Long: `Delete a user's credential file; the next seal takes the user out of the
htpasswd file. A user of a pull secret is not removed.`,
		Args: exactly("the user's name"),
		RunE: func(_ *cobra.Command, args []string) error {
			return w.People.RemoveUser(*dir, args[0])
		},
	}
}
