package inspect

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

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
			for _, o := range w.Compares.OlderFiles(w.Compares.At(r.older.Dir), r.older.Base, []deliver.PublicSpec{deliver.PublicSpecOf(e.Root, e.Spec)}) {
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
