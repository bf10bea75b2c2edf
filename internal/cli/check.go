package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/kustomize"
)

type checkOptions struct {
	output   string
	failOn   string
	rendered []string
	from     string // a git revision to hold the files against
}

func (w *World) checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check [DIR...]",
		Short: "Look for what would go wrong: staleness, recipients, hosts, passwords, pitfalls of the registry",
		Long: `Check environments before they are deployed; without DIR all of them below this
folder. Needs no key for most of it; with a key that opens the credentials and
the sealed files, everything in these is derived again and compared, passwords,
keys and logins. With --from a revision, files are told that are older than
there: an old secret that was put back. Findings go to stderr as text, or to stdout as JSON or SARIF.
With --rendered the rules on objects look at what another program rendered.

Exits 1 when a finding is as bad as --fail-on says (an error unless told
otherwise), 0 otherwise. A rule that doesn't count in an environment is silenced
in its spec, with a reason: spec.check.silence.`,
		Example: `  reggen check
  reggen check overlays/* --fail-on warning
  reggen check -o sarif > reggen.sarif
  helm template twuni/docker-registry | reggen check --rendered -`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if len(o.rendered) == 0 || len(dirs) > 0 {
				dirs = orAll(dirs)
			}
			r, err := w.check(cmd.Context(), dirs, o)
			if err != nil {
				return err
			}
			if err := w.tellReport(r, o.output); err != nil {
				return err
			}
			if n := r.failing(check.Severity(o.failOn)); n > 0 {
				return problem.Problem{What: fmt.Sprintf("check found %d problem%s", n, plural(n))}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "text", "text, json or sarif")
	cmd.Flags().StringVar(&o.failOn, "fail-on", string(check.Error), "the least severity that fails: error, warning or info")
	cmd.Flags().StringVar(&o.from, "from", "", "a git revision, for instance origin/main: tell files that are older than there")
	cmd.Flags().StringArrayVar(&o.rendered, "rendered", nil, "a file of rendered objects to check, - for stdin (repeatable)")
	fixed(cmd, "output", "text", "json", "sarif")
	fixed(cmd, "fail-on", "error", "warning", "info")
	return cmd
}

// check looks at what dirs stand for and at rendered files, and reports what it
// found. The error is about the options, or nothing could be looked at.
func (w *World) check(ctx context.Context, dirs []string, o checkOptions) (r checkReport, err error) {
	if !slices.Contains([]string{"text", "json", "sarif"}, o.output) {
		return r, misuse{"", problem.Problem{Path: "--output", What: "is no format of check", Want: "text, json or sarif"}}
	}
	if !slices.Contains(check.Severities, check.Severity(o.failOn)) {
		return r, misuse{"", problem.Problem{Path: "--fail-on", What: "is no severity", Want: "error, warning or info"}}
	}
	if o.from != "" {
		old, base, cleanup, err := w.otherSide(ctx, diffOptions{from: o.from})
		if err != nil {
			return r, err
		}
		defer cleanup()
		r.older = func(e environment) []olderFile {
			return w.olderFiles(old, base, []publicSpec{publicSpecOf(e.root, e.registry)})
		}
	}
	if err := w.checkRendered(o.rendered, &r); err != nil {
		return r, err
	}
	if len(dirs) > 0 {
		if err := w.checkEnvironments(ctx, dirs, &r); err != nil {
			return r, err
		}
		if r.Environments == 0 && len(r.findings) == 0 {
			var l problem.List
			for _, dir := range dirs {
				l.Add(w.noRegistry(dir))
			}
			return r, l.Err()
		}
	}
	w.relative(r.findings)
	r.count()
	return r, nil
}

// mostRendered is how many objects of others are checked unless more are allowed.
const mostRendered = 1_500

// checkRendered applies the rules on objects to what others rendered.
func (w *World) checkRendered(files []string, r *checkReport) error {
	for _, name := range files {
		shown, data, err := name, []byte(nil), error(nil)
		if name == "-" {
			shown = "stdin"
			data, err = w.stdin()
		} else {
			data, err = w.readRendered(w.abs(name))
		}
		if err == nil {
			err = bounded.YAML(shown, data)
		}
		switch {
		case bounded.IsProblem(err):
			return err
		case err != nil:
			return problem.Problem{File: shown, What: "can't be read", Want: "a file of rendered objects"}
		}
		objects, err := check.Parse(shown, data)
		if err != nil {
			return err
		}
		if len(objects) == 0 {
			return problem.Problem{File: shown, What: "holds no objects", Want: "what helm template or kustomize build printed"}
		}
		if len(objects) > mostRendered && !w.Allow.Large {
			return problem.Problem{File: shown, What: fmt.Sprintf("holds %d objects", len(objects)), Want: fmt.Sprintf("at most %d: the time for the rules grows with their square", mostRendered),
				Next: "if this is meant: the same command with " + kustomize.LargeFlag}
		}
		r.Files++
		r.findings = append(r.findings, check.Rendered{From: shown, Objects: objects}.Run()...)
	}
	return nil
}

func (w *World) checkEnvironments(ctx context.Context, dirs []string, r *checkReport) error {
	roots, err := w.discover(dirs)
	if len(roots) == 0 {
		return err
	}
	r.told(check.RuleBuild, "", err) // the others are checked all the same
	r.told(check.RuleBuild, "", w.unfinished())
	var subjects []check.Subject
	var onObjects []check.Finding
	bar := w.progress("checking", len(roots))
	defer bar.done()
	for _, dir := range roots {
		if err := interrupted(ctx); err != nil {
			return err
		}
		objects, found, err := w.checkOne(ctx, dir, r)
		if err != nil {
			return err
		}
		if kustomize.Spent() != nil {
			return nil // that is all there is time for
		}
		onObjects = append(onObjects, objects.Run()...)
		subjects = append(subjects, found...)
		bar.step()
	}
	r.findings = append(r.findings, check.Run(subjects)...)
	r.findings = check.Silence(append(r.findings, onObjects...), subjects)
	return nil
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// unique drops problems that two steps both met.
func unique(l problem.List) problem.List {
	seen := map[problem.Problem]bool{}
	var out problem.List
	for _, p := range l {
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

// checkOne looks at one kustomization: its build, and each environment in it.
// The rules on objects see this build's objects only, and none where it fails.
func (w *World) checkOne(ctx context.Context, dir string, r *checkReport) (check.Rendered, []check.Subject, error) {
	var l problem.List
	shown, rel := w.show(dir), w.rel(dir)
	defer func() { r.told(check.RuleBuild, shown, unique(l).Err()) }()
	whole := check.Rendered{From: shown}
	if w.Allow.Programs || w.Allow.Network { // else the build says so, and fails
		r.told(check.RuleOutside, shown, kustomize.Outside(dir).Err())
	}
	text, err := w.build(ctx, []string{rel}, buildOptions{})
	l.Join(err)
	if kustomize.Spent() != nil {
		return whole, nil, nil
	}
	if err == nil {
		whole.Objects, err = check.Parse("the build", text)
		l.Join(err)
	}
	found, err := w.Allow.Find(dir)
	if err != nil || len(found) == 0 {
		// Told by the build; or a kustomization of something else.
		return whole, nil, nil
	}
	envs, err := w.environments([]string{rel})
	l.Join(err)
	functions := w.Allow.Functions(dir)
	var subjects []check.Subject
	for i, e := range envs {
		r.Environments++
		s := check.Subject{Root: w.show(e.root), Build: shown, Registry: e.registry, Objects: whole.Objects, Annotated: e.annotated}
		for _, f := range functions {
			if f.Root == e.root || i == 0 && !slices.ContainsFunc(envs, func(e environment) bool { return e.root == f.Root }) {
				s.Functions = append(s.Functions, f.Kind+" "+f.Name)
			}
		}
		var credentials []generator.File
		for _, dir := range e.registry.Spec.Secrets.Credentials {
			credentials = append(credentials, w.encrypted(e, dir, &s.Credentials, &l)...)
			l = append(l, w.strays(filepath.Join(e.root, dir))...)
		}
		sealed := w.encrypted(e, e.registry.Spec.Secrets.Sealed, &s.Sealed, &l)
		s.People = persons(credentials)
		subjects = append(subjects, s)
		if r.older != nil {
			var old problem.List
			for _, o := range r.older(e) {
				old.Add(o.problem())
			}
			r.told(check.RuleOlder, s.Root, old.Err())
		}
		v := w.verification(e.registry)
		for _, p := range l {
			v.stale[w.abs(p.File)] = true
		}
		if len(l) > 0 || !v.whole(ctx, e, len(sealed)) {
			v.run(ctx, credentials, sealed)
		} else if len(v.problems) > 0 {
			v.specify(ctx, credentials, sealed)
		}
		r.Sealed.Compared, r.Sealed.Files = r.Sealed.Compared+v.compared, r.Sealed.Files+len(sealed)
		r.Passwords.Verified, r.Passwords.Locked = r.Passwords.Verified+len(v.seen), r.Passwords.Locked+v.locked
		r.told(check.RulePassword, s.Root, w.at(e.root, v.problems.Err()))
		if err := interrupted(ctx); err != nil {
			return whole, nil, err
		}
	}
	return whole, subjects, nil
}

// persons are the users among credentials, as far as anybody may know them.
func persons(credentials []generator.File) []check.Person {
	var out []check.Person
	for _, f := range credentials {
		if p, err := credential.Parse(f.Path, f.Data); err == nil && p.Type == credential.User {
			out = append(out, check.Person{User: p.User, Cost: p.Cost, File: f.Path})
		}
	}
	return out
}

// strays are files of a credentials folder that no build reads, so that nobody
// would notice a readable password in one.
func (w *World) strays(dir string) problem.List {
	var l problem.List
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		name := entry.Name()
		ext := filepath.Ext(name)
		if entry.IsDir() || name == "README.md" || name == ".gitkeep" || !strings.HasPrefix(name, ".") && (ext == ".yaml" || ext == ".yml") {
			continue
		}
		l.Add(problem.Problem{File: filepath.Join(dir, name), What: "is no credential that reggen reads, in a folder of credentials",
			Next: "move it away; if it holds a password, take that for leaked if it was ever committed"})
	}
	return l
}

// encrypted collects the recipients of every file of a folder and of the rule
// meant for it.
func (w *World) encrypted(e environment, dir string, to *[]check.Encrypted, l *problem.List) []generator.File {
	_, files, err := w.folder(e.root)(dir)
	if err != nil {
		return nil // what is missing is told by the build
	}
	for _, f := range files {
		meta, err := sops.Inspect(f.Data)
		if err != nil {
			continue // told by the build
		}
		rule, err := sops.FindRule(filepath.Join(e.root, dir, filepath.Base(f.Path)))
		if err != nil {
			l.Join(w.ruleless(e, err))
			continue
		}
		*to = append(*to, check.Encrypted{File: f.Path, Recipients: sops.ShownRecipients(rule.Named(meta.Recipients)), Rule: sops.ShownRecipients(rule.Recipients()), Regrouped: !sops.SameRecipients(meta, rule), From: w.ruleName(rule)})
	}
	return files
}

// ruleless says of the whole environment what is wrong with the rules for one
// of its files: it is wrong for all of them alike, and told once.
func (w *World) ruleless(e environment, err error) error {
	var l problem.List
	l.Join(err)
	for i, p := range l {
		if rel, err := filepath.Rel(e.root, p.File); err == nil && filepath.IsLocal(rel) {
			l[i].File = e.root
			l[i].Next = strings.Replace(p.Next, "reggen init DIR --print-rules   # prints the rules for the environment DIR", "reggen init "+quoteArg(w.show(e.root))+" --print-rules   # prints them", 1)
		}
	}
	return l
}
