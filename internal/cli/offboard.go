package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
)

// offboardOptions is what an offboarding does beyond what it has to.
type offboardOptions struct {
	rotate, dryRun bool
}

func (w *World) offboardCommand() *cobra.Command {
	var o offboardOptions
	var output string
	cmd := &cobra.Command{
		Use:   "offboard RECIPIENT [DIR...]",
		Short: "Take somebody's key out, encrypt anew, and say what that person has read",
		Long: `Take a recipient out of .sops.yaml, give every credential and sealed file of the
environments a new data key, and report every secret that the recipient could
read: what reggen can rotate, and what somebody has to revoke by hand. RECIPIENT
is the key as .sops.yaml writes it (an age recipient, a PGP fingerprint, a KMS
ARN) or the name of its anchor there. With DIR only the rules of those
environments are touched; without it, all rules and all environments below the
folder of .sops.yaml.

With --rotate the users of pull secrets whose passwords the recipient could read
are rotated with overlap, as reggen user rotate does: both passwords work until
reggen user retire.

What was read stays read, and git keeps the old files. Stopped in the middle,
the same command finishes; what it has to remember until then stands in
` + journalName + ` beside .sops.yaml, without any value. Needs a key that opens
the files and is not the one that goes.`,
		Example: `  reggen offboard age1... --dry-run
  reggen offboard bob --rotate      # the anchor's name: - &bob age1...
  reggen offboard age1... overlays/prod -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misuse{cmd.CommandPath(), problem.Problem{What: "no recipient given", Want: "a public key as .sops.yaml writes it, or the name of its anchor"}}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "text" && output != "json" {
				return misuse{"", problem.Problem{Path: "--output", What: "is no form of the report", Want: "text or json"}}
			}
			r, finish, err := w.offboard(cmd.Context(), args[0], args[1:], o)
			if err != nil {
				return err
			}
			text, err := r.written(output)
			if err != nil {
				return err
			}
			if _, err := w.Stdout.Write(text); err != nil {
				return err
			}
			return finish()
		},
	}
	cmd.Flags().BoolVar(&o.rotate, "rotate", false, "rotate the users of pull secrets whose passwords could be read")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "write nothing; only report")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "the report's form: text or json")
	w.accepting(cmd)
	fixed(cmd, "output", "text", "json")
	return cmd
}

// leaving is one offboarding on its way.
type leaving struct {
	w       *World
	name    string // as given
	o       offboardOptions
	roots   []string
	envs    []environment
	top     string            // the folder of the outermost .sops.yaml
	configs map[string][]byte // .sops.yaml -> its text, old, then new
	changed []string          // those that change
	report  offboarding
	resumed bool
}

// offboard takes a recipient out and reports what that means. Until finish is
// called, the journal stands: the report is the only place that says what the
// recipient has read.
func (w *World) offboard(ctx context.Context, name string, dirs []string, o offboardOptions) (r departed, finish func() error, err error) {
	if strings.Contains(strings.ToUpper(name), "AGE-SECRET-KEY-") {
		return r, nil, problem.Problem{What: "a private key stands where a public one belongs; take it for leaked: it is in your shell's history", Want: "the public key, as .sops.yaml writes it"}
	}
	l := &leaving{w: w, name: name, o: o, configs: map[string][]byte{}}
	where := dirs
	if len(where) == 0 {
		where = []string{w.ruled()}
	}
	if l.roots, err = w.discover(where); err != nil {
		return r, nil, err
	}
	if l.envs, err = w.environments(l.roots); err != nil {
		return r, nil, err
	}
	if len(dirs) > 0 {
		l.report.Folders = l.roots
	}
	if err := l.rules(); err != nil {
		return r, nil, err
	}
	if err := l.plan(); err != nil {
		return r, nil, err
	}
	if o.dryRun {
		return l.departed(), func() error { return nil }, nil
	}
	if err := l.able(ctx); err != nil {
		return r, nil, err
	}
	if err := l.carryOut(ctx); err != nil {
		var all problem.List
		all.Join(err)
		all.Add(problem.Problem{What: "the offboarding is not finished; every file is whole, old or new", Next: "mend that, then: " + w.again(l.name, l.report)})
		return r, nil, all
	}
	l.report.Done = true
	return l.departed(), func() error { return w.delete(l.journal()) }, nil
}

// ruled is the folder whose .sops.yaml counts here.
func (w *World) ruled() string {
	for dir := w.Dir; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, sops.ConfigName)) {
			return dir
		}
	}
	return w.Dir
}

// again is the command that finishes what was begun.
func (w *World) again(name string, o offboarding) string {
	out := "reggen offboard " + quoteArg(name)
	for _, f := range o.Folders {
		out += " " + quoteArg(w.show(f))
	}
	if o.Rotated {
		out += " --rotate"
	}
	return out
}

// able proves, before anything is written, that keys at hand open every
// credential, and that one of them is of those who stay.
func (l *leaving) able(ctx context.Context) error {
	var bad problem.List
	for _, e := range l.concerned() {
		for _, f := range l.w.secretFiles(e) {
			if f.sealed {
				continue
			}
			_, err := l.w.readCredential(ctx, f.path)
			bad.Join(err)
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	for _, e := range l.concerned() {
		var paths []string
		for _, f := range l.w.secretFiles(e) {
			paths = append(paths, f.path)
		}
		if err := l.w.admit(e, paths); err != nil {
			return err
		}
	}
	tried := map[string]bool{}
	for _, e := range l.concerned() {
		for _, f := range l.w.secretFiles(e) {
			old, err := sops.FindRule(f.path)
			if err != nil {
				return err
			}
			id := fmt.Sprint(old.Config, old.Index)
			if tried[id] {
				continue
			}
			tried[id] = true
			rel, err := filepath.Rel(filepath.Dir(old.Config), f.path)
			if err != nil {
				return err
			}
			rule, err := sops.RuleFor(old.Config, l.configs[old.Config], filepath.ToSlash(rel))
			if err != nil {
				return err
			}
			probe, err := sops.Seal(ctx, []byte("data:\n  probe: nothing\n"), rule, sops.Options{Network: l.w.Allow.Network})
			if err != nil {
				return l.w.in(f.path, err)
			}
			if _, err := sops.Open(ctx, probe, sops.Keys{Network: l.w.Allow.Network, Rule: rule}); err != nil {
				return problem.Problem{File: f.path, What: "could not be opened any more: the only key at hand is the one that goes; nothing was written",
					Want: "a key of somebody who stays", Next: "let somebody who stays run: " + l.w.again(l.name, l.report)}
			}
		}
	}
	return nil
}

// carryOut writes: the journal, the rules, the rotations, then every file with
// a new data key.
func (l *leaving) carryOut(ctx context.Context) error {
	locked := map[string]bool{}
	for _, e := range l.envs {
		if locked[e.root] {
			continue
		}
		unlock, err := l.w.lock(e)
		if err != nil {
			return err
		}
		defer unlock()
		locked[e.root] = true
	}
	text, err := json.MarshalIndent(l.report.out(l.top), "", "  ")
	if err != nil {
		return err
	}
	sweep(l.top)
	if err := l.w.write(l.journal(), append(text, '\n'), 0o644); err != nil {
		return err
	}
	for _, config := range l.changed {
		if err := l.w.write(config, l.configs[config], 0o644); err != nil {
			return err
		}
		l.w.note("%s: the recipient is out", l.w.show(config))
	}
	var bad problem.List
	for i := range l.report.Environments {
		for j, r := range l.report.Environments[i].Rotate {
			if !l.report.Rotated {
				continue
			}
			if err := interrupted(ctx); err != nil {
				return err
			}
			e, err := l.environment(l.report.Environments[i])
			if err != nil {
				return err
			}
			to, err := l.w.rotateUser(ctx, e, r.User, newUser{generate: true})
			if err != nil {
				bad.Join(l.w.at(e.root, err))
				continue
			}
			l.report.Environments[i].Rotate[j].Successor = to
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if l.envs, err = l.w.environments(l.roots); err != nil { // the rotations changed the specs
		return err
	}
	o := sealOptions{rotateKeys: true, rotated: map[string]bool{}}
	bar := l.w.progress("encrypting anew", len(l.report.Environments))
	defer bar.done()
	for _, e := range l.concerned() {
		if err := interrupted(ctx); err != nil {
			return err
		}
		bad.Join(l.w.at(e.root, l.w.sealHeld(ctx, e, o, bar)))
		bar.step()
	}
	for _, e := range l.envs {
		for _, f := range l.w.secretFiles(e) {
			if f.readableBy(l.report.Names) {
				bad.Add(problem.Problem{File: l.w.show(f.path), What: "is still encrypted for the recipient"})
			}
		}
	}
	return bad.Err()
}

// concerned are the environments of which the recipient could read something.
func (l *leaving) concerned() []environment {
	var out []environment
	for _, e := range l.envs {
		if slices.ContainsFunc(l.report.Environments, func(d departure) bool { return d.Dir == e.root && d.Registry == e.registry.Metadata.Name }) {
			out = append(out, e)
		}
	}
	return out
}

// environment is the environment of a part of the report, as it is now.
func (l *leaving) environment(part departure) (environment, error) {
	for _, e := range l.envs {
		if e.root == part.Dir && e.registry.Metadata.Name == part.Registry {
			return l.w.fresh(e)
		}
	}
	return environment{}, problem.Problem{File: part.Dir, What: "is not there any more, and its offboarding is not finished", Next: "restore it, or delete " + l.journal()}
}

// fresh is the same environment as the files say now.
func (w *World) fresh(e environment) (environment, error) {
	all, err := w.environments([]string{e.root})
	if err != nil {
		return e, err
	}
	for _, n := range all {
		if n.root == e.root && n.registry.Metadata.Name == e.registry.Metadata.Name && n.registry.Metadata.Namespace == e.registry.Metadata.Namespace {
			return n, nil
		}
	}
	return e, nil
}
