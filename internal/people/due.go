package people

import (
	"context"
	"fmt"
	"time"

	"github.com/reggen/reggen/generator/age"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Doing is what is to be done about a user.
type Doing string

// What can be done, and what can't.
const (
	Rotate Doing = "rotate" // by way of a second user
	Retire Doing = "retire" // the second one has been in use for long enough
	Wait   Doing = "wait"   // the overlap, or a seal
	Ask    Doing = "ask"    // a person: only who uses the password can change it
	Guess  Doing = "guess"  // nothing says how old the password is
)

// Overlap is how many days both passwords of a rotation are good, unless said
// otherwise.
const Overlap = 7

// Step is what a user's age asks for.
type Step struct {
	Do   Doing
	Root string // the environment, as shown to people
	File string
	Path string // the field that is old
	User string
	To   string // who takes or took the place
	Why  string
	Next string // the command that helps; for Ask one that only a person can run
	Done bool

	Overdue string // in words that the password is older than the spec has it; "" otherwise
	Within  bool   // the overlap of a rotation lasts, which excuses an old password
}

// Due are the steps that the ages of an environment's passwords ask for. They
// are read from the public side of files. A robot is a user of a pull secret,
// whose both ends reggen writes; who else logs in, it can't know.
func (w *Work) Due(e repository.Environment, set credential.Set, now time.Time, overlap int) []Step {
	most, field := age.Limit(e.Spec, age.Password)
	if most == 0 {
		return nil
	}
	root, ages := w.Repo.Show(e.Root), map[string]age.Secret{}
	for _, s := range age.Of(set.Users, nil) {
		if s.Kind == age.Password {
			ages[s.Name] = s
		}
	}
	var out []Step
	for _, u := range set.Users {
		at := " --dir " + problem.QuoteArg(root)
		s := Step{Root: root, File: u.File, Path: ages[u.User].Path, User: u.User}
		overdue, unsure := age.Overdue(e.Spec, ages[u.User], now)
		later, pulls := successors(set, u), pullSecretsOf(e.Spec, u.User)
		switch {
		case overdue != "" && len(pulls) > 0:
			s.Do, s.Why, s.Next = Rotate, "its password "+overdue, "reggen user rotate --due "+problem.QuoteArg(root)
			if s.To = nextName(set, u); len(later) > 0 {
				s.To, s.Why = later[0].User, fmt.Sprintf("%s, and pull secret %s names it though %s is there", s.Why, pulls[0], later[0].User)
			}
		case len(later) > 0:
			w.overlapping(&s, e, set, u, now, overlap)
			if s.Do == Ask && overdue == "" {
				continue // nobody has to hurry
			}
		case overdue != "":
			s.Do, s.Why, s.Next = Ask, "its password "+overdue, "reggen credential set "+problem.QuoteArg(u.Name)+at+" --field password   # for a person; for a program: reggen user rotate "+problem.QuoteArg(u.User)+at
			if !u.Has(credential.Password) {
				s.Next = "htpasswd -nB " + problem.QuoteArg(u.User) + " | cut -d: -f2 | reggen credential set " + problem.QuoteArg(u.Name) + at + " --field hash --stdin"
			}
		case unsure != "":
			s.Do, s.Why = Guess, "its password can be older than "+field+": "+unsure
		default:
			continue
		}
		s.Overdue = overdue
		out = append(out, s)
	}
	return out
}

// overlapping says what is to be done about a user whose place a rotation gave
// to another, and whom no pull secret names any more.
func (w *Work) overlapping(s *Step, e repository.Environment, set credential.Set, u credential.Public, now time.Time, overlap int) {
	later := successors(set, u)
	newest := later[len(later)-1]
	s.To = newest.User
	days := 0
	for _, a := range age.Of([]credential.Public{newest}, nil) {
		if a.Kind == age.Password {
			days, _ = a.Days(now)
		}
	}
	to := newest.User
	switch refused := w.retirable(e, set, u); {
	case len(pullSecretsOf(e.Spec, newest.User)) == 0:
		s.Do, s.Why = Ask, to+" took its place, and no pull secret names either, so only who uses them knows when it can go"
		s.Next = "reggen user retire " + problem.QuoteArg(u.User) + " --dir " + problem.QuoteArg(w.Repo.Show(e.Root)) + "   # once everything logs in as " + problem.QuoteArg(newest.User)
	case days < overlap:
		s.Do, s.Within, s.Why = Wait, true, fmt.Sprintf("%s took its place %d days ago, and both work for %d", to, days, overlap)
	case refused != nil:
		s.Do, s.Why = Wait, fmt.Sprintf("%s took its place %d days ago, but it can't go yet: %s", to, days, because(refused))
		s.Next = first(refused).Next
	default:
		s.Do, s.Why = Retire, fmt.Sprintf("%s took its place %d days ago", to, days)
		s.Next = "reggen user rotate --due " + problem.QuoteArg(w.Repo.Show(e.Root))
	}
}

// because is the first reason of an error.
func because(err error) string {
	p := first(err)
	if p.Path != "" {
		return p.Path + " " + p.What
	}
	return p.What
}

func first(err error) problem.Problem {
	var l problem.List
	l.Join(err)
	return l[0]
}

// Daily says how RotateDue does what is due.
type Daily struct {
	Overlap int // how many days both passwords are good
	DryRun  bool
}

// RotateDue rotates the users of pull secrets whose passwords are older than the
// spec has them, and retires those whose overlap is over, in each environment.
// What it did and what is left for people comes back even beside an error: one
// environment that can't be written keeps none of the others from it.
func (w *Work) RotateDue(ctx context.Context, dirs []string, o Daily) ([]Step, error) {
	envs, err := w.Repo.Environments(dirs)
	if err != nil {
		return nil, err
	}
	var out []Step
	var l problem.List
	limited := 0
	for _, e := range envs {
		if most, _ := age.Limit(e.Spec, age.Password); most == 0 {
			continue
		}
		limited++
		if err := terminal.Interrupted(ctx); err != nil {
			return out, err
		}
		steps, err := w.rotateDue(ctx, e, o)
		out = append(out, steps...)
		l.Join(err)
	}
	if limited == 0 && len(l) == 0 {
		p := problem.Problem{Path: "spec.auth.maxAge", What: "is missing, so no password is ever due", Want: "how old one may become, for instance 90d"}
		if len(envs) == 1 {
			p.File = w.Repo.Show(envs[0].Root)
		}
		return nil, p
	}
	return out, l.Err()
}

func (w *Work) rotateDue(ctx context.Context, e repository.Environment, o Daily) ([]Step, error) {
	if !o.DryRun {
		unlock, err := w.Repo.Lock(e)
		if err != nil {
			return nil, err
		}
		defer unlock()
		if e, err = w.Repo.Fresh(e); err != nil { // another environment of this run may share its credentials
			return nil, err
		}
	}
	set, err := w.Repo.Credentials(e)
	if err != nil {
		return nil, err
	}
	steps := w.Due(e, set, w.Tell.Now(), o.Overlap)
	if o.DryRun {
		return steps, nil
	}
	var l problem.List
	for i, s := range steps {
		if err := terminal.Interrupted(ctx); err != nil {
			return steps, err
		}
		var err error
		switch u, _ := set.User(s.User); s.Do {
		case Rotate:
			_, err = w.rotateUser(ctx, e, s.User, NewUser{Generate: true})
		case Retire:
			err = w.retire(u)
		default:
			continue
		}
		l.Join(err)
		steps[i].Done = err == nil
	}
	return steps, l.Err()
}
