package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/terminal"
)

func (w *World) credentialCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "credential",
		Short: "Set and show credential files without an editor",
		Args:  onlyCommands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dir string
	set, show := w.credentialSet(&dir), w.credentialShow(&dir)
	for _, c := range []*cobra.Command{set, show} {
		c.Flags().StringVar(&dir, "dir", "", "the environment's folder (default: this folder, or the only one below overlays/)")
	}
	cmd.AddCommand(set, show, w.credentialCheck())
	return cmd
}

func (w *World) credentialSet(dir *string) *cobra.Command {
	var o people.Setting
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Write values into a credential, encrypted at once",
		Long: `Write values into a credential file, new or old. NAME is the credential's
metadata.name; s3, azure, gcs and swift make the storage's, proxy a
cache's login and config the secret settings when there is none. In the
environment of a Chart any other name makes a generic one, with the fields that
spec.secretValues name.
Values are typed, or read from stdin: one FIELD=VALUE a line, or with --field one whole
value. A user's new password is hashed at once.`,
		Example: `  reggen credential set s3
  printf 'accessKey=%s\nsecretKey=%s\n' "$KEY" "$SECRET" | reggen credential set s3 --stdin
  reggen credential set gcs --field key --stdin < service-account.json
  reggen credential set alice --field password --generate
  reggen credential set db --field password --generate   # a Chart's`,
		Args: exactly("the credential's name, for instance s3"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return w.People.SetCredential(cmd.Context(), *dir, args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.Field, "field", "", "set only this field")
	cmd.Flags().BoolVar(&o.Stdin, "stdin", false, "read from stdin: FIELD=VALUE lines, or with --field the value")
	cmd.Flags().BoolVar(&o.Generate, "generate", false, "make a random value (with --field)")
	cmd.MarkFlagsMutuallyExclusive("stdin", "generate")
	w.accepting(cmd)
	return cmd
}

func (w *World) credentialShow(dir *string) *cobra.Command {
	var secrets, field string
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show what is public about a credential, or all of it on request",
		Long: `Show what is public about a credential: its type, fields and recipients. Needs
no key. With --secrets plain the values too, on stdout: mind who looks over your
shoulder and where the output goes. --field prints one value alone, to be piped.`,
		Example: `  reggen credential show alice
  reggen credential show ci --secrets plain --field password | docker login -u ci --password-stdin registry.example.com`,
		Args: exactly("the credential's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if secrets != "redacted" && secrets != "plain" {
				return terminal.Misuse{Err: problem.Problem{Path: "--secrets", What: fmt.Sprintf("%q is no way to show secrets", secrets), Want: "redacted or plain"}}
			}
			if field != "" && secrets != "plain" {
				return terminal.Misuse{Err: problem.Problem{Path: "--field", What: "prints a value", Want: "--secrets plain beside it, said aloud"}}
			}
			out, err := w.People.ShowCredential(cmd.Context(), *dir, args[0], field, secrets == "plain")
			if err != nil {
				return err
			}
			if field != "" {
				_, err := fmt.Fprintln(w.Stdout, out.Values[field])
				return err
			}
			text, err := terminal.YAMLText(out)
			if err != nil {
				return problem.Problem{File: out.File, What: "can't be shown as YAML"}
			}
			_, err = w.Stdout.Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&secrets, "secrets", "redacted", "redacted, or plain: print the values (needs a key)")
	cmd.Flags().StringVar(&field, "field", "", "print only this value, with --secrets plain")
	fixed(cmd, "secrets", "redacted", "plain")
	return cmd
}
