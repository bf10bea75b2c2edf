package people

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// NewUser is how the secret of a user comes in.
type NewUser struct {
	Password, Hash, Generate bool
	Cost                     int
}

// AddUser writes the encrypted credential of a user who is not there yet.
func (w *Work) AddUser(ctx context.Context, dir, name string, o NewUser) error {
	if what := credential.CheckUser(name); what != "" {
		return problem.Problem{What: what}
	}
	e, set, err := w.adding(dir, o.Cost)
	if err != nil {
		return err
	}
	path, err := w.place(e, set, name)
	if err != nil {
		return err
	}
	if err := w.Seals.Admit(e, []string{path}); err != nil {
		return err // before anyone types a password
	}
	doc, said, err := w.NewUser(name, o)
	if err != nil {
		return err
	}
	named(&doc, name)
	unlock, err := w.Repo.Lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	if repository.Exists(path) {
		return problem.Problem{File: w.Repo.Show(path), What: "was made meanwhile by somebody else; nothing was written"}
	}
	text, err := w.Keys.SealCredential(ctx, path, doc, nil, false)
	if err != nil {
		return err
	}
	if err := w.Repo.Write(path, text, 0o644); err != nil {
		return err
	}
	w.Tell.Note("%s: user %q, %s", w.Repo.Show(path), name, said)
	if password := doc.StringData[credential.Password]; password != "" {
		w.warnWeak(e.Spec, name, password)
	}
	w.Seals.TellFor([]string{path})
	w.Tell.Note("next: reggen seal %s", problem.QuoteArg(w.Repo.Show(e.Root)))
	return nil
}

// adding is an environment that takes new users.
func (w *Work) adding(dir string, cost int) (e repository.Environment, set credential.Set, err error) {
	if cost != 0 && (cost < credential.MinCost || cost > credential.MaxCost) {
		return e, set, terminal.Misuse{Err: problem.Problem{Path: "--cost", What: fmt.Sprintf("%d is outside %d to %d", cost, credential.MinCost, credential.MaxCost)}}
	}
	if e, err = w.Repo.Chosen(dir); err != nil {
		return e, set, err
	}
	if set, err = w.Repo.Credentials(e); err != nil {
		return e, set, err
	}
	if e.Spec.Chart != nil {
		return e, set, noUsers(w.Repo.Show(e.Root))
	}
	if e.Spec.Auth().Anonymous {
		return e, set, problem.Problem{Path: "spec.auth.anonymous", What: "is true: nobody is asked for a password, so users have no effect", Next: "take it out of the spec first"}
	}
	return e, set, nil
}

// place is where a new user's credential goes, if nothing is in the way.
func (w *Work) place(e repository.Environment, set credential.Set, name string) (string, error) {
	for _, u := range set.Users {
		if strings.EqualFold(u.User, name) {
			return "", problem.Problem{File: u.File, What: fmt.Sprintf("user %q is there already", u.User),
				Next: repository.Placed("reggen credential set "+problem.QuoteArg(u.Name)+"   # gives a new password", problem.QuoteArg(w.Repo.Show(e.Root)))}
		}
	}
	path := filepath.Join(e.CredentialsDir(), FileName(name)+".enc.yaml")
	if repository.Exists(path) {
		return "", problem.Problem{File: w.Repo.Show(path), What: "is there already; nothing was written", Next: "rename or remove that file"}
	}
	return path, nil
}

// named gives a user's document its names.
func named(doc *credential.Document, user string) {
	doc.Metadata.Name = FileName(user)
	if doc.Metadata.Name != user {
		doc.User = user
	}
}

// NewUser reads or makes the secret and returns the document without its
// names, and what to say about it.
func (w *Work) NewUser(name string, o NewUser) (doc credential.Document, said string, err error) {
	doc = credential.Document{Type: credential.User, Cost: o.Cost, StringData: map[string]string{}}
	doc.SetOn(w.Tell.Now())
	if o.Hash {
		hash, err := w.Tell.Piped("a bcrypt hash, with or without NAME: in front")
		if err != nil {
			return doc, "", err
		}
		if whose, after, found := strings.Cut(strings.TrimSpace(hash), ":"); found {
			if whose != name {
				return doc, "", problem.Problem{What: fmt.Sprintf("stdin: the hash is another user's, not that of %q", name), Next: "htpasswd -nB " + problem.QuoteArg(name)}
			}
			hash = after
		}
		hash = strings.TrimSpace(hash)
		cost, what := credential.CheckHash(hash)
		if what != "" {
			return doc, "", problem.Problem{What: "stdin: " + what, Next: "htpasswd -nB " + problem.QuoteArg(name)}
		}
		doc.Cost, doc.StringData[credential.Hash] = cost, hash
		return doc, "only the hash of whose password is known", nil
	}
	password, made, err := w.newPassword("password of "+name, o.Password, o.Generate)
	if err != nil {
		return doc, "", err
	}
	if what := credential.CheckPassword(password); what != "" {
		return doc, "", problem.Problem{What: what}
	}
	said, err = withPassword(&doc, name, password, made)
	return doc, said, err
}

// withPassword puts a password and its hash into a user's document, and says what
// is to be said about it.
func withPassword(doc *credential.Document, name, password string, made bool) (said string, err error) {
	if doc.Cost == 0 {
		doc.Cost = credential.PersonCost
		if made {
			doc.Cost = credential.GeneratedCost
		}
	}
	if err := setPassword(doc, name, password); err != nil {
		return "", err
	}
	said = "encrypted with its hash"
	if made {
		said = "with a random password that nobody has seen (reggen credential show " + problem.QuoteArg(FileName(name)) + " --secrets plain prints it)"
	}
	return said, nil
}

func setPassword(doc *credential.Document, user, password string) error {
	hash, err := credential.HashPassword(password, doc.Cost)
	if err != nil {
		return problem.Problem{What: err.Error()}
	}
	doc.StringData[credential.Password], doc.StringData[credential.Hash] = password, hash
	doc.StringData[credential.HashedFrom] = credential.HashOf(user, doc.Cost, password, hash)
	return nil
}

// generatedLength letters and digits carry about 190 bits.
const generatedLength = 32

// newPassword comes from stdin, from a terminal (typed twice; nothing typed
// makes one), or is made.
func (w *Work) newPassword(what string, stdin, generate bool) (password string, made bool, err error) {
	switch {
	case stdin:
		password, err = w.Tell.Piped("the " + what)
		return password, false, err
	case generate:
	case !w.Tell.StdinIsTerm:
		return "", false, terminal.Misuse{Err: problem.Problem{What: "no terminal to ask for the " + what, Want: "--password-stdin or --generate"}}
	default:
		if password, err = w.typedTwice(what); err != nil || password != "" {
			return password, false, err
		}
	}
	password, err = credential.Generate(w.Keys.Random, generatedLength)
	return password, true, err
}

// noUsers says that nobody logs in to what a Chart brings, as far as reggen knows.
func noUsers(dir string) error {
	return problem.Problem{File: dir, What: "is the environment of a Chart, which has no users of reggen's", Want: "a credential that its spec.secretValues name",
		Next: "reggen credential set NAME --field password --generate --dir " + problem.QuoteArg(dir)}
}
