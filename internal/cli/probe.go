package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/probe"
)

func (w *World) probeCommand() *cobra.Command {
	var o probe.Options
	cmd := &cobra.Command{
		Use:   "probe [DIR]",
		Short: "Prove a live registry: certificate, strangers, users, push and pull",
		Long: `Ask the registry of an environment whether it does what the spec says: its
address, TLS and the certificate's last day, the way it asks for a password,
that strangers get nothing, where it sends clients for layers, how large an
upload gets through. With a key that opens the credentials, also whether each
user can log in, push and pull, and whether replicas agree. A tiny image is
pushed to the repository reggen-probe and removed again; where the registry
deletes nothing, the same tiny image stays each time. What can't be tried is
said to be so and fails nothing.

This is the one command that speaks to a registry, the host that the spec says.
Passwords go there alone, over TLS, and follow no redirect. A spec may be a
stranger's, so by itself only the password of a pull secret's user goes, where
the sealed pull secret, opened with the key, has it for this host; the others
need you to name the host: --send-credentials-to. --url gives another address (a
forwarded port, a load balancer before DNS), which needs that too; the name that
is asked for stays the spec's.

It asks directly: HTTPS_PROXY and its kin count for nothing here.

Exits 1 when something failed, 0 otherwise. docs/reference/probe.md says of
each check what it means and what to do.`,
		Example: `  reggen probe overlays/prod
  reggen probe overlays/prod --send-credentials-to images.example.com
  reggen probe overlays/prod --wait 5m -o json
  reggen probe overlays/prod --url http://127.0.0.1:5000 --send-credentials-to 127.0.0.1:5000`,
		Args: atMost(1, "the folder of an environment"),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			dirs, err := w.OrOnly(dirs)
			if err != nil {
				return err
			}
			r, err := w.Probes.Probe(cmd.Context(), dirs[0], o)
			if err != nil {
				return err
			}
			text, err := w.Probes.Written(r, o.Output)
			if err != nil {
				return err
			}
			if _, err := w.Stdout.Write(text); err != nil {
				return err
			}
			if n := r.Count.Failed; n > 0 {
				return problem.Problem{What: fmt.Sprintf("probe of %s: %d failed", r.Host, n)}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.URL, "url", "", "another address of the registry, for instance http://127.0.0.1:5000 of kubectl port-forward")
	f.StringArrayVar(&o.SendTo, "send-credentials-to", nil, "a host that every user's password may go to: the spec's, or that of --url (repeatable)")
	f.StringVar(&o.CA, "ca", "", "a file of certificate authorities (PEM) to trust beside the system's, - for stdin")
	f.StringVarP(&o.Output, "output", "o", "text", "text, json or sarif")
	f.DurationVar(&o.Wait, "wait", 0, "try again until everything holds, for so long at most, for instance 5m")
	f.DurationVar(&o.Timeout, "timeout", 10*time.Second, "how long to wait for each answer")
	f.StringVar(&o.BodySize, "body-size", "2Mi", "the size of the upload that has to get through, in bytes, Ki, Mi or Gi")
	fixed(cmd, "output", "text", "json", "sarif")
	return cmd
}
