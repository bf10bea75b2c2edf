package cli

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
)

func (w *World) credentialCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "credential",
		Short: "Set and show credential files without an editor",
		Args:  onlyCommands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dir string
	set, show := w.credentialSet(&dir), w.credentialShow(&dir)
	for _, c := range []*cobra.Command{set, show} {
		c.Flags().StringVar(&dir, "dir", "", "the environment's folder (default: this folder, or the only one below overlays/)")
	}
	cmd.AddCommand(set, show, w.credentialCheck())
	return cmd
}

// setting is how values come into a credential.
type setting struct {
	field    string
	stdin    bool
	generate bool
}

func (w *World) credentialSet(dir *string) *cobra.Command {
	var o setting
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Write values into a credential, encrypted at once",
		Long: `Write values into a credential file, new or old. NAME is the credential's
metadata.name; s3, azure, gcs and swift make the storage's, proxy a
cache's login and config the secret settings when there is none.
Values are typed, or read from stdin: one FIELD=VALUE a line, or with --field one whole
value. A user's new password is hashed at once.`,
		Example: `  reggen credential set s3
  printf 'accessKey=%s\nsecretKey=%s\n' "$KEY" "$SECRET" | reggen credential set s3 --stdin
  reggen credential set gcs --field key --stdin < service-account.json
  reggen credential set alice --field password --generate`,
		Args: exactly("the credential's name, for instance s3"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return w.setCredential(cmd.Context(), *dir, args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.field, "field", "", "set only this field")
	cmd.Flags().BoolVar(&o.stdin, "stdin", false, "read from stdin: FIELD=VALUE lines, or with --field the value")
	cmd.Flags().BoolVar(&o.generate, "generate", false, "make a random value (with --field)")
	cmd.MarkFlagsMutuallyExclusive("stdin", "generate")
	w.accepting(cmd)
	return cmd
}

// target is the credential that a set works on.
type target struct {
	path   string
	public *credential.Public // nil for a new one
	kind   credential.Type
	name   string
}

func (w *World) target(e environment, name string) (target, error) {
	set, err := w.credentials(e)
	if err != nil {
		return target{}, err
	}
	all := set.All()
	var names []string
	for _, p := range all {
		if p.Name == name || p.User == name && p.Type == credential.User {
			return target{w.abs(p.File), &p, p.Type, p.Name}, nil
		}
		names = append(names, p.Name)
	}
	if kind := credential.Type(name); kind == credential.Config || credential.Fixed(kind) != nil {
		if c := set.Others[kind]; c != nil {
			return target{w.abs(c.File), c, kind, c.Name}, nil
		}
		path := filepath.Join(e.credentialsDir(), name+".enc.yaml")
		if exists(path) {
			return target{}, problem.Problem{File: path, What: fmt.Sprintf("is there already, and is no %s credential; nothing was written", name), Next: "rename that file"}
		}
		return target{path, nil, kind, name}, nil
	}
	slices.Sort(names)
	p := problem.Problem{File: w.show(e.credentialsDir()), What: fmt.Sprintf("no credential %q; there are: %s", name, strings.Join(names, ", "))}
	if len(names) == 0 {
		p.What = fmt.Sprintf("no credential %q; there are none yet", name)
	}
	p.Next = "reggen user add " + quoteArg(name) + "   # makes a user; the storage's is made by its type's name, for instance s3"
	return target{}, p
}

func (w *World) setCredential(ctx context.Context, dir, name string, o setting) error {
	e, err := w.chosen(dir)
	if err != nil {
		return err
	}
	t, err := w.target(e, name)
	if err != nil {
		return err
	}
	settable, required := credential.Settable(t.kind)
	if o.field != "" && !takes(t, settable, o.field) {
		return misuse{"", problem.Problem{Path: "--field", What: fmt.Sprintf("is no field of a %s credential", t.kind), Want: fieldsOf(t.kind, settable, " or ")}}
	}
	if o.generate && o.field == "" {
		return misuse{"", problem.Problem{Path: "--generate", What: "makes one value", Want: "--field beside it"}}
	}
	if t.public == nil && o.field != "" && len(required) > 1 {
		return misuse{"", problem.Problem{Path: "--field", What: fmt.Sprintf("a new %s credential needs %s together", t.kind, strings.Join(required, " and ")),
			Want: "no --field: FIELD=VALUE lines on stdin, or a terminal"}}
	}
	if err := w.admit(e, []string{t.path}); err != nil {
		return err
	}
	doc := credential.Document{Metadata: spec.Metadata{Name: t.name}, Type: t.kind, StringData: map[string]string{}}
	var reuse *sops.File
	before, _ := w.read(t.path)
	if t.public != nil {
		o, err := w.readCredential(ctx, t.path)
		if err != nil {
			return err
		}
		doc, reuse = o.doc, o.file
	}
	values, err := w.values(t, settable, o)
	if err != nil {
		return err
	}
	if _, hashed := values[credential.Hash]; hashed && t.public != nil {
		if pulls := pullSecretsOf(e.registry, t.public.User); len(pulls) > 0 {
			return problem.Problem{Path: "spec.pullSecrets." + pulls[0] + ".user", What: fmt.Sprintf("is %q: a pull secret needs the password, not only its hash", t.public.User),
				Next: "name another user there first"}
		}
	}
	if err := apply(&doc, t, values, required); err != nil {
		return err
	}
	unlock, err := w.lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	if now, _ := w.read(t.path); !bytes.Equal(before, now) {
		return problem.Problem{File: w.show(t.path), What: "was changed meanwhile by somebody else; nothing was written", Next: "run the same command again"}
	}
	text, err := w.sealCredential(ctx, t.path, doc, reuse, false)
	if err != nil {
		return err
	}
	if err := w.write(t.path, text, 0o644); err != nil {
		return err
	}
	w.note("%s: %s set", w.show(t.path), strings.Join(sortedKeys(values), " and "))
	if t.public == nil {
		w.tellFor([]string{t.path})
	}
	w.note("next: reggen seal %s", quoteArg(w.show(e.root)))
	return nil
}

// takes says whether a credential of that kind has the field.
func takes(t target, settable []string, field string) bool {
	return slices.Contains(settable, field) || t.kind == credential.Config && credential.IsConfigField(field)
}

// fieldsOf names the fields of a credential for people.
func fieldsOf(kind credential.Type, settable []string, and string) string {
	if kind == credential.Config {
		return "REGISTRY_..., a variable of the registry, or notifications.<endpoint>.<header>"
	}
	return strings.Join(settable, and)
}

// values reads what is to be set: field -> value.
func (w *World) values(t target, settable []string, o setting) (map[string]string, error) {
	out := map[string]string{}
	switch {
	case o.generate:
		v, err := credential.Generate(w.Random, generatedLength)
		out[o.field] = v
		return out, err
	case o.stdin && o.field != "":
		v, err := w.piped("the " + o.field)
		out[o.field] = v
		return out, err
	case o.stdin:
		text, err := w.piped("FIELD=VALUE lines")
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
	case t.kind == credential.Config && o.field == "":
		return nil, misuse{"", problem.Problem{Path: "--field", What: "is missing", Want: fieldsOf(t.kind, nil, "")}}
	case !w.StdinIsTerm:
		return nil, misuse{"", problem.Problem{What: "no terminal to ask for values", Want: "--stdin, or --field with --generate"}}
	}
	ask := settable
	if t.kind == credential.User {
		ask = []string{credential.Password}
	}
	if o.field != "" {
		ask = []string{o.field}
	}
	for _, field := range ask {
		v, err := w.hidden(field)
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
	for _, field := range sortedKeys(values) {
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
	l = unique(l)
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

func (w *World) credentialShow(dir *string) *cobra.Command {
	var secrets, field string
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show what is public about a credential, or all of it on request",
		Long: `Show what is public about a credential: its type, fields and recipients. Needs
no key. With --secrets plain the values too, on stdout: mind who looks over your
shoulder and where the output goes. --field prints one value alone, to be piped.`,
		Example: `  reggen credential show alice
  reggen credential show ci --secrets plain --field password | docker login -u ci --password-stdin registry.example.com`,
		Args: exactly("the credential's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if secrets != "redacted" && secrets != "plain" {
				return misuse{"", problem.Problem{Path: "--secrets", What: fmt.Sprintf("%q is no way to show secrets", secrets), Want: "redacted or plain"}}
			}
			if field != "" && secrets != "plain" {
				return misuse{"", problem.Problem{Path: "--field", What: "prints a value", Want: "--secrets plain beside it, said aloud"}}
			}
			out, err := w.showCredential(cmd.Context(), *dir, args[0], field, secrets == "plain")
			if err != nil {
				return err
			}
			if field != "" {
				_, err := fmt.Fprintln(w.Stdout, out.Values[field])
				return err
			}
			text, err := yamlText(out)
			if err != nil {
				return problem.Problem{File: out.File, What: "can't be shown as YAML"}
			}
			_, err = w.Stdout.Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&secrets, "secrets", "redacted", "redacted, or plain: print the values (needs a key)")
	cmd.Flags().StringVar(&field, "field", "", "print only this value, with --secrets plain")
	fixed(cmd, "secrets", "redacted", "plain")
	return cmd
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

// showCredential looks at one credential. With plain it opens it, and a field
// that is named has to be there.
func (w *World) showCredential(ctx context.Context, dir, name, field string, plain bool) (shown, error) {
	e, err := w.chosen(dir)
	if err != nil {
		return shown{}, err
	}
	t, err := w.target(e, name)
	if err != nil {
		return shown{}, err
	}
	if t.public == nil {
		return shown{}, problem.Problem{File: w.show(t.path), What: "is not there yet", Next: "reggen credential set " + name}
	}
	raw, err := w.read(t.path)
	if err != nil {
		return shown{}, w.fileProblem("can't read", t.path, err)
	}
	meta, err := sops.Inspect(raw)
	if err != nil {
		return shown{}, w.in(t.path, err)
	}
	out := shown{File: w.show(t.path), Name: t.public.Name, Type: t.kind, User: t.public.User, Cost: t.public.Cost, Recipients: meta.Recipients}
	if !plain {
		out.Fields = sortedKeys(t.public.Fields)
		return out, nil
	}
	o, err := w.openCredential(ctx, t.path, raw)
	if err != nil {
		return shown{}, err
	}
	out.Values = o.doc.StringData
	if _, ok := out.Values[field]; field != "" && !ok {
		return shown{}, problem.Problem{File: w.show(t.path), Path: "--field", What: "the credential has no such field", Want: strings.Join(sortedKeys(out.Values), " or ")}
	}
	return out, nil
}
