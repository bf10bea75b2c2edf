package people

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/syntax"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Setting is how values come into a credential.
type Setting struct {
	Field    string
	Stdin    bool
	Generate bool
}

// target is the credential that a set works on.
type target struct {
	path   string
	public *credential.Public // nil for a new one
	kind   credential.Type
	name   string
}

func (w *Work) target(e repository.Environment, name string) (target, error) {
	set, err := w.Repo.Credentials(e)
	if err != nil {
		return target{}, err
	}
	all := set.All()
	var names []string
	for _, p := range all {
		if p.Name == name || p.User == name && p.Type == credential.User {
			return target{w.Repo.Abs(p.File), &p, p.Type, p.Name}, nil
		}
		names = append(names, p.Name)
	}
	if kind := credential.Type(name); kind == credential.Config || credential.Fixed(kind) != nil {
		if c := set.Others[kind]; c != nil {
			return target{w.Repo.Abs(c.File), c, kind, c.Name}, nil
		}
		path := filepath.Join(e.CredentialsDir(), name+".enc.yaml")
		if repository.Exists(path) {
			return target{}, problem.Problem{File: path, What: fmt.Sprintf("is there already, and is no %s credential; nothing was written", name), Next: "rename that file"}
		}
		return target{path, nil, kind, name}, nil
	}
	if e.Spec.Chart != nil && syntax.IsName(name) {
		path := filepath.Join(e.CredentialsDir(), name+".enc.yaml")
		if repository.Exists(path) {
			return target{}, problem.Problem{File: path, What: "is there already, and is no generic credential; nothing was written", Next: "rename that file"}
		}
		return target{path, nil, credential.Generic, name}, nil
	}
	slices.Sort(names)
	p := problem.Problem{File: w.Repo.Show(e.CredentialsDir()), What: fmt.Sprintf("no credential %q; there are: %s", name, strings.Join(names, ", "))}
	if len(names) == 0 {
		p.What = fmt.Sprintf("no credential %q; there are none yet", name)
	}
	p.Next = "reggen user add " + problem.QuoteArg(name) + "   # makes a user; the storage's is made by its type's name, for instance s3"
	return target{}, p
}

// SetCredential writes values into a credential, new or old.
func (w *Work) SetCredential(ctx context.Context, dir, name string, o Setting) error {
	e, err := w.Repo.Chosen(dir)
	if err != nil {
		return err
	}
	t, err := w.target(e, name)
	if err != nil {
		return err
	}
	settable, required := credential.Settable(t.kind)
	if o.Field != "" && !takes(t, settable, o.Field) {
		return terminal.Misuse{Err: problem.Problem{Path: "--field", What: fmt.Sprintf("is no field of a %s credential", t.kind), Want: fieldsOf(t.kind, settable, " or ")}}
	}
	if o.Generate && o.Field == "" {
		return terminal.Misuse{Err: problem.Problem{Path: "--generate", What: "makes one value", Want: "--field beside it"}}
	}
	if t.public == nil && o.Field != "" && len(required) > 1 {
		return terminal.Misuse{Err: problem.Problem{Path: "--field", What: fmt.Sprintf("a new %s credential needs %s together", t.kind, strings.Join(required, " and ")),
			Want: "no --field: FIELD=VALUE lines on stdin, or a terminal"}}
	}
	if err := w.Seals.Admit(e, []string{t.path}); err != nil {
		return err
	}
	doc := credential.Document{Metadata: spec.Metadata{Name: t.name}, Type: t.kind, StringData: map[string]string{}}
	var reuse *sops.File
	before, _ := w.Repo.Read(t.path)
	if t.public != nil {
		o, err := w.Keys.ReadCredential(ctx, t.path)
		if err != nil {
			return err
		}
		doc, reuse = o.Doc, o.File
	}
	values, err := w.values(t, settable, o)
	if err != nil {
		return err
	}
	if _, hashed := values[credential.Hash]; hashed && t.public != nil {
		if pulls := pullSecretsOf(e.Spec, t.public.User); len(pulls) > 0 {
			return problem.Problem{Path: "spec.pullSecrets." + pulls[0] + ".user", What: fmt.Sprintf("is %q: a pull secret needs the password, not only its hash", t.public.User),
				Next: "name another user there first"}
		}
	}
	if err := apply(&doc, t, values, required); err != nil {
		return err
	}
	if whole(doc, values) {
		doc.SetOn(w.Tell.Now())
	}
	unlock, err := w.Repo.Lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	if now, _ := w.Repo.Read(t.path); !bytes.Equal(before, now) {
		return problem.Problem{File: w.Repo.Show(t.path), What: "was changed meanwhile by somebody else; nothing was written", Next: "run the same command again"}
	}
	text, err := w.Keys.SealCredential(ctx, t.path, doc, reuse, false)
	if err != nil {
		return err
	}
	if err := w.Repo.Write(t.path, text, 0o644); err != nil {
		return err
	}
	w.Tell.Note("%s: %s set", w.Repo.Show(t.path), strings.Join(repository.SortedKeys(values), " and "))
	if password := values[credential.Password]; t.kind == credential.User && password != "" {
		w.warnWeak(e.Spec, t.name, password)
	}
	if t.public == nil {
		w.Seals.TellFor([]string{t.path})
	}
	w.Tell.Note("next: reggen seal %s", problem.QuoteArg(w.Repo.Show(e.Root)))
	return nil
}

// whole says whether no value of a credential is older than what was just set.
// A user's hash and what it was made from follow from the password.
func whole(doc credential.Document, values map[string]string) bool {
	for field := range doc.StringData {
		if _, set := values[field]; !set && doc.Type != credential.User {
			return false
		}
	}
	return true
}

// takes says whether a credential of that kind has the field.
func takes(t target, settable []string, field string) bool {
	switch t.kind {
	case credential.Config:
		return credential.IsConfigField(field)
	case credential.Generic:
		return syntax.DataKey.Matches(field)
	}
	return slices.Contains(settable, field)
}

// fieldsOf names the fields of a credential for people.
func fieldsOf(kind credential.Type, settable []string, and string) string {
	switch kind {
	case credential.Generic:
		return "letters, digits, '-', '_' and '.'"
	case credential.Config:
		return "REGISTRY_..., a variable of the registry, or notifications.<endpoint>.<header>"
	}
	return strings.Join(settable, and)
}

// values reads what is to be set: field -> value.
func (w *Work) values(t target, settable []string, o Setting) (map[string]string, error) {
	out := map[string]string{}
	switch {
	case o.Generate:
		v, err := credential.Generate(w.Keys.Random, generatedLength)
		out[o.Field] = v
		return out, err
	case o.Stdin && o.Field != "":
		v, err := w.Tell.Piped("the " + o.Field)
		out[o.Field] = v
		return out, err
	case o.Stdin:
		text, err := w.Tell.Piped("FIELD=VALUE lines")
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(text, "\n") {
			line = strings.TrimSuffix(line, "\r")
			if strings.TrimSpace(line) == "" {
				continue
			}
			field, value, found := strings.Cut(line, "=")
			switch {
			case !found:
				return nil, problem.Problem{File: "stdin", Line: i + 1, What: "has no =", Want: "FIELD=VALUE with a field of " + fieldsOf(t.kind, settable, ", ")}
			case !takes(t, settable, field):
				// What stands before the = may be a secret typed in the wrong place.
				return nil, problem.Problem{File: "stdin", Line: i + 1, What: "does not start with a field of this credential", Want: "one of " + fieldsOf(t.kind, settable, ", ")}
			}
			out[field] = value
		}
		if len(out) == 0 {
			return nil, problem.Problem{File: "stdin", What: "holds no FIELD=VALUE line"}
		}
		return out, nil
	case (t.kind == credential.Config || t.kind == credential.Generic) && o.Field == "":
		return nil, terminal.Misuse{Err: problem.Problem{Path: "--field", What: "is missing", Want: fieldsOf(t.kind, nil, "")}}
	case !w.Tell.StdinIsTerm:
		return nil, terminal.Misuse{Err: problem.Problem{What: "no terminal to ask for values", Want: "--stdin, or --field with --generate"}}
	}
	ask := settable
	if t.kind == credential.User {
		ask = []string{credential.Password}
	}
	if o.Field != "" {
		ask = []string{o.Field}
	}
	for _, field := range ask {
		v, err := w.Tell.Hidden(field, func(answer string) error { return wrongField(t.kind, field, answer) })
		if err != nil {
			return nil, err
		}
		out[field] = v
	}
	return out, nil
}

// apply puts values into a document and says what is wrong with them.
func apply(doc *credential.Document, t target, values map[string]string, required []string) error {
	var l problem.List
	for _, field := range repository.SortedKeys(values) {
		if values[field] == "" {
			l.Add(problem.Problem{Path: field, What: "is empty"})
		}
		what := ""
		switch {
		case values[field] == "":
		default:
			what = credential.CheckField(t.kind, field, values[field])
		}
		if what != "" {
			l.Add(problem.Problem{Path: field, What: what})
		}
		doc.StringData[field] = values[field]
	}
	for _, field := range required {
		if doc.StringData[field] == "" && values[field] == "" {
			l.Add(problem.Problem{Path: field, What: "is missing"})
		}
	}
	l = terminal.Unique(l)
	if err := l.Err(); err != nil {
		return err
	}
	if t.kind != credential.User {
		return nil
	}
	user := doc.User
	if user == "" {
		user = doc.Metadata.Name
	}
	password, given := values[credential.Password]
	hash, hashed := values[credential.Hash]
	switch {
	case given && hashed:
		return problem.Problem{What: "both a password and a hash", Want: "one: the hash is made from the password"}
	case hashed:
		cost, what := credential.CheckHash(hash)
		if what != "" {
			return problem.Problem{Path: credential.Hash, What: what}
		}
		doc.Cost = cost
		delete(doc.StringData, credential.Password)
		delete(doc.StringData, credential.HashedFrom)
		return nil
	case given:
		if what := credential.CheckPassword(password); what != "" {
			return problem.Problem{What: what}
		}
		if doc.Cost == 0 {
			doc.Cost = credential.PersonCost
		}
		return setPassword(doc, user, password)
	}
	return nil
}

// shown is what is public about a credential, and on request its values.
type shown struct {
	File       string            `json:"file"`
	Name       string            `json:"name"`
	Type       credential.Type   `json:"type"`
	User       string            `json:"user,omitempty"`
	Cost       int               `json:"cost,omitempty"`
	Fields     []string          `json:"fields,omitempty"`
	Values     map[string]string `json:"values,omitempty"`
	Recipients []string          `json:"recipients"`
}

// ShowCredential looks at one credential. With plain it opens it, and a field
// that is named has to be there.
func (w *Work) ShowCredential(ctx context.Context, dir, name, field string, plain bool) (shown, error) {
	e, err := w.Repo.Chosen(dir)
	if err != nil {
		return shown{}, err
	}
	t, err := w.target(e, name)
	if err != nil {
		return shown{}, err
	}
	if t.public == nil {
		return shown{}, problem.Problem{File: w.Repo.Show(t.path), What: "is not there yet", Next: "reggen credential set " + problem.QuoteArg(name)}
	}
	raw, err := w.Repo.Read(t.path)
	if err != nil {
		return shown{}, w.Repo.FileProblem("can't read", t.path, err)
	}
	meta, err := sops.Inspect(raw)
	if err != nil {
		return shown{}, w.Repo.InFile(t.path, err)
	}
	out := shown{File: w.Repo.Show(t.path), Name: t.public.Name, Type: t.kind, User: t.public.User, Cost: t.public.Cost, Recipients: meta.Recipients}
	if !plain {
		out.Fields = repository.SortedKeys(t.public.Fields)
		return out, nil
	}
	o, err := w.Keys.OpenCredential(ctx, t.path, raw)
	if err != nil {
		return shown{}, err
	}
	out.Values = o.Doc.StringData
	if _, ok := out.Values[field]; field != "" && !ok {
		return shown{}, problem.Problem{File: w.Repo.Show(t.path), Path: "--field", What: "the credential has no such field", Want: strings.Join(repository.SortedKeys(out.Values), " or ")}
	}
	return out, nil
}
