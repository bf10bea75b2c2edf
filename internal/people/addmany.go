package people

import (
	"context"
	"fmt"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// newcomer is a line of a list of users.
type newcomer struct {
	name, secret string // a password, a bcrypt hash, or "": one is made
	hashed       bool
	path         string
	doc          credential.Document
	said         string
}

// AddUsers writes the credentials of everybody in a list, a file or - for
// standard input: NAME, NAME:PASSWORD or NAME:HASH a line, as an htpasswd file
// has it. Nothing is written when anything is wrong with any line, and nothing
// that is behind a colon is ever told.
func (w *Work) AddUsers(ctx context.Context, dir, from string, cost int) error {
	e, set, err := w.adding(dir, cost)
	if err != nil {
		return err
	}
	text, shown, err := w.Repo.Given(from, w.Tell.ReadInput)
	if err != nil {
		return err
	}
	people, err := w.newcomers(shown, string(text), e, set)
	if err != nil {
		return err
	}
	var paths []string
	clear := 0
	for _, n := range people {
		paths = append(paths, n.path)
		if n.secret != "" && !n.hashed {
			clear++
		}
	}
	if err := w.Seals.Admit(e, paths); err != nil {
		return err
	}
	if err := w.documents(ctx, people, cost); err != nil {
		return err
	}
	if err := w.writeAll(ctx, e, people); err != nil {
		return err
	}
	for _, n := range people {
		w.Tell.Note("%s: user %q, %s", w.Repo.Show(n.path), n.name, n.said)
		if n.secret != "" && !n.hashed {
			w.warnWeak(e.Spec, n.name, n.secret)
		}
	}
	w.Seals.TellFor(paths)
	if clear > 0 && from != "-" {
		w.Tell.Note("%s still holds %d password%s in the clear: remove it", shown, clear, terminal.Plural(clear))
	}
	w.Tell.Note("next: reggen seal %s", problem.QuoteArg(w.Repo.Show(e.Root)))
	return nil
}

// newcomers judges every line.
func (w *Work) newcomers(shown, text string, e repository.Environment, set credential.Set) (people []newcomer, err error) {
	var l problem.List
	lines := map[string]int{} // by what must differ: the name without case, the file
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		wrong := func(what, want string) { l.Add(problem.Problem{File: shown, Line: i + 1, What: what, Want: want}) }
		name, secret, has := strings.Cut(line, ":")
		hashed := looksHashed(secret)
		what := credential.CheckUser(name)
		switch {
		case what != "":
		case strings.ContainsAny(name, ",;\t= \"'"): // what is behind it may be a password, which would stand in a file's name
			wrong("has another sign than a colon behind the name, or around it", "NAME, NAME:PASSWORD or NAME:HASH; a name with such a sign by reggen user add NAME")
			continue
		case has && secret == "":
			what = "nothing is behind the colon; for a made password, leave the colon out"
		case hashed:
			_, what = credential.CheckHash(secret)
		case has:
			what = credential.CheckPassword(secret)
		}
		if what != "" {
			wrong(what, "")
			continue
		}
		path, err := w.place(e, set, name)
		if err != nil {
			var one problem.List
			one.Join(err)
			wrong(fmt.Sprintf("user %q can't be added: %s: %s", name, one[0].File, one[0].What), "")
			continue
		}
		for _, key := range []string{"name " + strings.ToLower(name), "file " + path} {
			if first := lines[key]; first > 0 && first != i+1 {
				wrong(fmt.Sprintf("user %q stands in line %d already", name, first), "")
				break
			}
			lines[key] = i + 1
		}
		people = append(people, newcomer{name: name, secret: secret, hashed: hashed, path: path})
	}
	if len(people) == 0 && len(l) == 0 {
		return nil, problem.Problem{File: shown, What: "names nobody", Want: "NAME, NAME:PASSWORD or NAME:HASH a line"}
	}
	if len(l) > 0 {
		l[len(l)-1].Next = "mend these lines; nobody was added"
	}
	return people, l.Err()
}

// looksHashed says whether a text is a hash of an htpasswd file, of any kind: one
// that the registry doesn't take must not become a password.
func looksHashed(secret string) bool {
	for _, begin := range []string{"$2a$", "$2b$", "$2x$", "$2y$", "$apr1$", "$1$", "$5$", "$6$", "$y$", "$argon2", "{SHA}", "{SSHA}"} {
		if strings.HasPrefix(secret, begin) {
			return true
		}
	}
	return false
}

// documents makes passwords and hashes; with many people that takes a while.
func (w *Work) documents(ctx context.Context, people []newcomer, cost int) error {
	bar := w.Tell.Progress("hashing", len(people))
	defer bar.Done()
	for i := range people {
		if err := terminal.Interrupted(ctx); err != nil {
			return err
		}
		n := &people[i]
		doc := credential.Document{Type: credential.User, Cost: cost, StringData: map[string]string{}}
		doc.SetOn(w.Tell.Now())
		password, made := n.secret, n.secret == ""
		var err error
		switch {
		case n.hashed:
			doc.Cost, _ = credential.CheckHash(n.secret)
			doc.StringData[credential.Hash] = n.secret
			n.said = "only the hash of whose password is known"
		case made:
			if password, err = credential.Generate(w.Keys.Random, generatedLength); err != nil {
				return err
			}
		}
		if !n.hashed {
			if n.said, err = withPassword(&doc, n.name, password, made); err != nil {
				return err
			}
		}
		named(&doc, n.name)
		n.doc = doc
		bar.Step()
	}
	return nil
}

// writeAll encrypts everything before it writes anything, and takes back what it
// wrote when one file can't be written.
func (w *Work) writeAll(ctx context.Context, e repository.Environment, people []newcomer) error {
	unlock, err := w.Repo.Lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	texts := make([][]byte, len(people))
	for i, n := range people {
		if err := terminal.Interrupted(ctx); err != nil {
			return err
		}
		if repository.Exists(n.path) {
			return problem.Problem{File: w.Repo.Show(n.path), What: "was made meanwhile by somebody else; nothing was written"}
		}
		if texts[i], err = w.Keys.SealCredential(ctx, n.path, n.doc, nil, false); err != nil {
			return err
		}
	}
	for i, n := range people {
		if err := w.Repo.Write(n.path, texts[i], 0o644); err != nil {
			for _, before := range people[:i] {
				_ = w.Repo.Delete(before.path)
			}
			return err
		}
	}
	return nil
}
