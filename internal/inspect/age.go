package inspect

import (
	"fmt"
	"time"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/age"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/repository"
)

// Ages says of each secret of an environment how old it is, as far as anybody
// can know without a key. What can't be read has no age: the build tells of it.
func Ages(credentials, sealedFiles []generator.File) []age.Secret {
	var all []credential.Public
	for _, f := range credentials {
		if p, err := credential.Parse(f.Path, f.Data); err == nil {
			all = append(all, p)
		}
	}
	var files []sealed.File
	for _, f := range sealedFiles {
		if s, err := sealed.Parse(f.Path, f.Data); err == nil {
			files = append(files, s)
		}
	}
	return age.Of(all, files)
}

// Replaced are the users of an environment whose place a rotation gave to others
// so lately that both work, each with who took it: for so long nobody is told that
// their passwords are old.
func (w *Work) Replaced(e repository.Environment, now time.Time) map[string]string {
	out := map[string]string{}
	if most, _ := age.Limit(e.Spec, age.Password); most == 0 {
		return out
	}
	if set, err := w.Repo.Credentials(e); err == nil {
		for _, s := range w.People.Due(e, set, now, people.Overlap) {
			if s.Within {
				out[s.User] = s.Why
			}
		}
	}
	return out
}

// ages tells of what is older than the spec has it. What nobody can know the age
// of is told too, as something to know.
func (w *Work) ages(r *Report, e repository.Environment, credentials, sealedFiles []generator.File, now time.Time) {
	root := w.Repo.Show(e.Root)
	tell := func(rule string, severity check.Severity, p problem.Problem) {
		for _, f := range check.Told(rule, root, problem.List{p}) {
			f.Severity = severity
			r.findings = append(r.findings, f)
		}
	}
	if set, err := w.Repo.Credentials(e); err == nil {
		for _, s := range w.People.Due(e, set, now, people.Overlap) {
			p := problem.Problem{File: s.File, Path: s.Path, What: fmt.Sprintf("user %q: %s", s.User, s.Why), Next: s.Next}
			switch s.Do {
			case people.Rotate, people.Ask:
				tell(check.RulePasswordAge, check.Warning, p)
			case people.Guess:
				tell(check.RulePasswordAge, check.Info, p)
			case people.Retire, people.Wait:
				if s.Overdue != "" && !s.Within {
					p.What = fmt.Sprintf("user %q: its password %s; %s", s.User, s.Overdue, s.Why)
					tell(check.RulePasswordAge, check.Warning, p)
				}
			}
		}
	}
	if !e.Spec.Seals() {
		return
	}
	var old, unknown group
	for _, s := range Ages(credentials, sealedFiles) {
		overdue, unsure := age.Overdue(e.Spec, s, now)
		switch {
		case s.Kind == age.Certificate && overdue+unsure != "":
			p := problem.Problem{File: s.File, Path: s.Path, What: "what the chart made at " + s.Name + " " + overdue, Next: "reggen seal --renew " + problem.QuoteArg(s.Name) + " " + problem.QuoteArg(root)}
			if overdue == "" {
				p.What = "what the chart made at " + s.Name + ": " + unsure
				tell(check.RuleCertificateAge, check.Info, p)
				continue
			}
			tell(check.RuleCertificateAge, check.Warning, p)
		case s.Kind != age.DataKey:
		case overdue != "":
			old.add(s, overdue, now)
		case unsure != "":
			unknown.add(s, unsure, now)
		}
	}
	next := "reggen seal --rotate-keys " + problem.QuoteArg(root)
	if old.files > 0 {
		tell(check.RuleDataKeyAge, check.Warning, problem.Problem{File: old.oldest.File, Path: old.oldest.Path, What: "its data key " + old.why + old.others(), Next: next})
	}
	if unknown.files > 0 {
		tell(check.RuleDataKeyAge, check.Info, problem.Problem{File: unknown.oldest.File, Path: unknown.oldest.Path, What: "of its data key " + unknown.why + unknown.others(), Next: next})
	}
}

// group is many files of which the oldest is named: one command mends all.
type group struct {
	files  int
	oldest age.Secret
	why    string
	days   int
}

func (g *group) add(s age.Secret, why string, now time.Time) {
	g.files++
	if days, _ := s.Days(now); g.files == 1 || days > g.days {
		g.oldest, g.why, g.days = s, why, days
	}
}

func (g *group) others() string {
	switch n := g.files - 1; n {
	case 0:
		return ""
	case 1:
		return "; so it is with another file"
	default:
		return fmt.Sprintf("; so it is with %d other files", n)
	}
}
