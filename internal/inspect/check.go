package inspect

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Options say what a check looks at and how it reports.
type Options struct {
	Output   string
	FailOn   string
	Rendered []string
	From     string // a git revision to hold the files against
	Public   bool   // the public side alone: no key is looked for
}

// Check looks at what dirs stand for and at rendered files, and reports what it
// found. The error is about the options, or nothing could be looked at.
func (w *Work) Check(ctx context.Context, dirs []string, o Options) (r Report, err error) {
	if !slices.Contains([]string{"text", "json", "sarif"}, o.Output) {
		return r, terminal.Misuse{Err: problem.Problem{Path: "--output", What: "is no format of check", Want: "text, json or sarif"}}
	}
	if !slices.Contains(check.Severities, check.Severity(o.FailOn)) {
		return r, terminal.Misuse{Err: problem.Problem{Path: "--fail-on", What: "is no severity", Want: "error, warning or info"}}
	}
	r.public = o.Public
	if o.From != "" {
		old, base, cleanup, err := w.Compares.OtherSide(ctx, compare.Options{From: o.From})
		if err != nil {
			return r, err
		}
		defer cleanup()
		r.older = func(e repository.Environment) []compare.OlderFile {
			return w.Compares.OlderFiles(old, base, []deliver.PublicSpec{deliver.PublicSpecOf(e.Root, e.Spec)})
		}
	}
	if err := w.checkRendered(o.Rendered, &r); err != nil {
		return r, err
	}
	if len(dirs) > 0 {
		if err := w.checkEnvironments(ctx, dirs, &r); err != nil {
			return r, err
		}
		if r.Environments == 0 && !r.borrows && len(r.findings) == 0 {
			var l problem.List
			for _, dir := range dirs {
				l.Add(w.Repo.NoRegistry(dir))
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
func (w *Work) checkRendered(files []string, r *Report) error {
	for _, name := range files {
		shown, data, err := name, []byte(nil), error(nil)
		if name == "-" {
			shown = "stdin"
			data, err = w.Tell.ReadInput()
		} else {
			data, err = w.Repo.ReadRendered(w.Repo.Abs(name))
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
		if len(objects) > mostRendered && !w.Repo.Allow.Large {
			return problem.Problem{File: shown, What: fmt.Sprintf("holds %d objects", len(objects)), Want: fmt.Sprintf("at most %d: the time for the rules grows with their square", mostRendered),
				Next: "if this is meant: the same command with " + kustomize.LargeFlag}
		}
		r.Files++
		r.findings = append(r.findings, check.Rendered{From: shown, Objects: objects}.Run()...)
	}
	return nil
}

func (w *Work) checkEnvironments(ctx context.Context, dirs []string, r *Report) error {
	roots, err := w.Repo.Discover(dirs)
	if len(roots) == 0 {
		return err
	}
	r.told(check.RuleBuild, "", err) // the others are checked all the same
	r.told(check.RuleBuild, "", w.People.Unfinished())
	var subjects []check.Subject
	var onObjects []check.Finding
	bar := w.Tell.Progress("checking", len(roots))
	defer bar.Done()
	for _, dir := range roots {
		if err := terminal.Interrupted(ctx); err != nil {
			return err
		}
		objects, found, err := w.checkOne(ctx, dir, r)
		if err != nil {
			return err
		}
		if kustomize.Spent() != nil {
			return nil // that is all there is time for
		}
		for _, s := range found {
			if s.Registry != nil && s.Registry.Spec.Auth.Anonymous {
				objects.Anonymous = append(objects.Anonymous, s.Registry.Metadata.Name)
			}
		}
		onObjects = append(onObjects, objects.Run()...)
		subjects = append(subjects, found...)
		bar.Step()
	}
	r.findings = append(r.findings, check.Run(subjects)...)
	r.findings = check.Silence(append(r.findings, onObjects...), subjects)
	w.placeSilences(r)
	return nil
}

// placeSilences says where what is wrong with a silence stands.
func (w *Work) placeSilences(r *Report) {
	for i, f := range r.findings {
		rule, is := strings.CutPrefix(f.Path, "spec.check.silence.")
		if !is || f.File != f.Root {
			continue
		}
		for _, e := range r.specs {
			if c := e.Spec.Check; c != nil && c.Silence[rule] != "" && w.Repo.Show(e.Root) == f.Root {
				r.findings[i].Problem = w.Repo.Place(e, f.Problem)
				break
			}
		}
	}
}

// checkOne looks at one kustomization: its build, and each environment in it.
// The rules on objects see this build's objects only, and none where it fails.
func (w *Work) checkOne(ctx context.Context, dir string, r *Report) (check.Rendered, []check.Subject, error) {
	var l problem.List
	shown, rel := w.Repo.Show(dir), w.Repo.Rel(dir)
	defer func() { r.told(check.RuleBuild, shown, terminal.Unique(l).Err()) }()
	whole := check.Rendered{From: shown}
	if w.Repo.Allow.Programs || w.Repo.Allow.Network { // else the build says so, and fails
		r.told(check.RuleOutside, shown, kustomize.Outside(dir).Err())
	}
	text, err := w.Builds.Build(ctx, []string{rel}, deliver.BuildOptions{})
	l.Join(err)
	if kustomize.Spent() != nil {
		return whole, nil, nil
	}
	if err == nil {
		whole.Objects, err = check.Parse("the build", text)
		l.Join(err)
	}
	found, err := w.Repo.Allow.Find(dir)
	if err != nil || len(found) == 0 {
		// Told by the build; or a kustomization of something else.
		return whole, nil, nil
	}
	envs, err := w.Repo.Environments([]string{rel})
	l.Join(err)
	r.borrows = r.borrows || err == nil && len(envs) == 0
	functions := w.Repo.Allow.Functions(dir)
	var subjects []check.Subject
	for i, e := range envs {
		r.Environments++
		r.specs = append(r.specs, e)
		s := check.Subject{Root: w.Repo.Show(e.Root), Build: shown, Registry: e.Spec.Registry, Check: e.Spec.Check, Objects: whole.Objects, Annotated: e.Annotated}
		for _, f := range functions {
			if f.Root == e.Root || i == 0 && !slices.ContainsFunc(envs, func(e repository.Environment) bool { return e.Root == f.Root }) {
				s.Functions = append(s.Functions, f.Kind+" "+f.Name)
			}
		}
		var credentials []generator.File
		for _, dir := range e.Spec.Secrets.Credentials {
			credentials = append(credentials, w.encrypted(e, dir, &s.Credentials, &l)...)
			l = append(l, w.strays(filepath.Join(e.Root, dir))...)
		}
		sealed := w.encrypted(e, e.Spec.Secrets.Sealed, &s.Sealed, &l)
		s.People = persons(credentials)
		r.expiry(s.Root, credentials, w.Tell.Now())
		w.ages(r, e, credentials, sealed, w.Tell.Now())
		subjects = append(subjects, s)
		if r.older != nil {
			var old problem.List
			for _, o := range r.older(e) {
				old.Add(o.Problem())
			}
			r.told(check.RuleOlder, s.Root, old.Err())
		}
		if r.public {
			continue
		}
		v := w.Seals.Verification(e.Spec)
		for _, p := range l {
			v.Stale[w.Repo.Abs(p.File)] = true
		}
		if len(l) > 0 || !v.Whole(ctx, e, len(sealed)) {
			v.Run(ctx, credentials, sealed)
		} else if len(v.Problems) > 0 {
			v.Specify(ctx, credentials, sealed)
		}
		r.Sealed.Compared, r.Sealed.Files = r.Sealed.Compared+v.Compared, r.Sealed.Files+len(sealed)
		r.Passwords.Verified, r.Passwords.Locked = r.Passwords.Verified+len(v.Seen), r.Passwords.Locked+v.Locked
		r.told(check.RulePassword, s.Root, w.Repo.InEnvironment(e.Root, v.Problems.Err()))
		v.Weak.Sort()
		for i := range v.Weak {
			v.Weak[i].Next += " --dir " + problem.QuoteArg(s.Root)
		}
		r.told(check.RuleWeak, s.Root, v.Weak.Err())
		if err := terminal.Interrupted(ctx); err != nil {
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
func (w *Work) strays(dir string) problem.List {
	var l problem.List
	for _, entry := range repository.Entries(dir) {
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
func (w *Work) encrypted(e repository.Environment, dir string, to *[]check.Encrypted, l *problem.List) []generator.File {
	_, files, err := w.Repo.Folder(e.Root)(dir)
	if err != nil {
		return nil // what is missing is told by the build
	}
	for _, f := range files {
		meta, err := sops.Inspect(f.Data)
		if err != nil {
			continue // told by the build
		}
		rule, err := rules.Find(filepath.Join(e.Root, dir, filepath.Base(f.Path)))
		if err != nil {
			l.Join(w.ruleless(e, err))
			continue
		}
		*to = append(*to, check.Encrypted{File: f.Path, Recipients: rules.Shown(rule.Named(meta.Recipients)), Rule: rules.Shown(rule.Recipients()), Regrouped: !rule.Same(meta.Readers), From: w.Keys.RuleName(rule), Nested: w.Keys.Nested(rule.Config)})
	}
	return files
}

// ruleless says of the whole environment what is wrong with the rules for one
// of its files: it is wrong for all of them alike, and told once.
func (w *Work) ruleless(e repository.Environment, err error) error {
	var l problem.List
	l.Join(err)
	for i, p := range l {
		if rel, err := filepath.Rel(e.Root, p.File); err == nil && filepath.IsLocal(rel) {
			l[i].File = e.Root
			l[i].Next = strings.Replace(p.Next, "reggen init DIR --print-rules   # prints the rules for the environment DIR", "reggen init "+problem.QuoteArg(w.Repo.Show(e.Root))+" --print-rules   # prints them", 1)
		}
	}
	return l
}
