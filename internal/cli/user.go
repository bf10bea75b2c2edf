package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

func (w *World) userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Add, list, rotate, remove and verify the people and robots that may log in",
		Long: `The users of a registry are the files of type user in its credentials folder,
one each. htpasswd knows no roles: every user may pull and push.`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dir string
	cmd.PersistentFlags().StringVar(&dir, "dir", "", "the environment's folder (default: this folder, or the only one below overlays/)")
	cmd.AddCommand(w.userAdd(&dir), w.userList(&dir), w.userRemove(&dir), w.userVerify(&dir),
		w.userRotate(&dir), w.userRetire(&dir))
	return cmd
}

// newUser is how the secret of a user comes in.
type newUser struct {
	password, hash, generate bool
	cost                     int
}

func (w *World) userAdd(dir *string) *cobra.Command {
	var o newUser
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Write a new user's encrypted credential",
		Long: `Write a new user's encrypted credential file. The password is typed, read from
stdin, or made; it is never an argument. With --hash-stdin only a bcrypt hash
comes in (htpasswd -nB NAME makes one), so that nobody else knows the password;
such a user can't be used for pull secrets.`,
		Example: `  reggen user add alice
  pass registry/ci | reggen user add ci --dir overlays/prod --password-stdin
  reggen user add puller --generate`,
		Args: exactly("the user's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return w.addUser(cmd.Context(), *dir, args[0], o)
		},
	}
	cmd.Flags().BoolVar(&o.password, "password-stdin", false, "read the password from stdin")
	cmd.Flags().BoolVar(&o.hash, "hash-stdin", false, "read a bcrypt hash from stdin; the password stays unknown")
	cmd.Flags().BoolVar(&o.generate, "generate", false, "make a random password")
	cmd.Flags().IntVar(&o.cost, "cost", 0, "bcrypt cost from 5 to 12 (default: 10, and 5 for made passwords; it is paid on every request)")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "hash-stdin", "generate")
	cmd.MarkFlagsMutuallyExclusive("hash-stdin", "cost")
	w.accepting(cmd)
	return cmd
}

// exactly asks for one argument and says which.
func exactly(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return misuse{cmd.CommandPath(), problem.Problem{What: "no name given", Want: what}}
		case len(args) > 1:
			return misuse{cmd.CommandPath(), problem.Problem{What: fmt.Sprintf("%d arguments given", len(args)), Want: what + " alone; secrets come from stdin or a prompt, never from the command line"}}
		}
		return nil
	}
}

func (w *World) addUser(ctx context.Context, dir, name string, o newUser) error {
	if what := credential.CheckUser(name); what != "" {
		return problem.Problem{What: what}
	}
	if o.cost != 0 && (o.cost < credential.MinCost || o.cost > credential.MaxCost) {
		return misuse{"", problem.Problem{Path: "--cost", What: fmt.Sprintf("%d is outside %d to %d", o.cost, credential.MinCost, credential.MaxCost)}}
	}
	e, err := w.chosen(dir)
	if err != nil {
		return err
	}
	set, err := w.credentials(e)
	if err != nil {
		return err
	}
	if e.registry.Spec.Auth.Anonymous {
		return problem.Problem{Path: "spec.auth.anonymous", What: "is true: nobody is asked for a password, so users have no effect", Next: "take it out of the spec first"}
	}
	for _, u := range set.Users {
		if strings.EqualFold(u.User, name) {
			return problem.Problem{File: u.File, What: fmt.Sprintf("user %q is there already", u.User),
				Next: placed("reggen credential set "+quoteArg(u.Name)+"   # gives a new password", quoteArg(w.show(e.root)))}
		}
	}
	slug := fileName(name)
	path := filepath.Join(e.credentialsDir(), slug+".enc.yaml")
	if exists(path) {
		return problem.Problem{File: w.show(path), What: "is there already; nothing was written", Next: "rename or remove that file"}
	}
	if err := w.admit(e, []string{path}); err != nil {
		return err // before anyone types a password
	}
	doc, said, err := w.newUser(name, o)
	if err != nil {
		return err
	}
	doc.Metadata = spec.Metadata{Name: slug}
	if slug != name {
		doc.User = name
	}
	unlock, err := w.lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	if exists(path) {
		return problem.Problem{File: w.show(path), What: "was made meanwhile by somebody else; nothing was written"}
	}
	text, err := w.sealCredential(ctx, path, doc, nil, false)
	if err != nil {
		return err
	}
	if err := w.write(path, text, 0o644); err != nil {
		return err
	}
	w.note("%s: user %q, %s", w.show(path), name, said)
	w.tellFor([]string{path})
	w.note("next: reggen seal %s", quoteArg(w.show(e.root)))
	return nil
}

// newUser reads or makes the secret and returns the document without its
// names, and what to say about it.
func (w *World) newUser(name string, o newUser) (doc credential.Document, said string, err error) {
	doc = credential.Document{Type: credential.User, Cost: o.cost, StringData: map[string]string{}}
	if o.hash {
		hash, err := w.piped("a bcrypt hash, with or without NAME: in front")
		if err != nil {
			return doc, "", err
		}
		if whose, after, found := strings.Cut(strings.TrimSpace(hash), ":"); found {
			if whose != name {
				return doc, "", problem.Problem{What: fmt.Sprintf("stdin: the hash is another user's, not that of %q", name), Next: "htpasswd -nB " + quoteArg(name)}
			}
			hash = after
		}
		hash = strings.TrimSpace(hash)
		cost, what := credential.CheckHash(hash)
		if what != "" {
			return doc, "", problem.Problem{What: "stdin: " + what, Next: "htpasswd -nB " + quoteArg(name)}
		}
		doc.Cost, doc.StringData[credential.Hash] = cost, hash
		return doc, "only the hash of whose password is known", nil
	}
	password, made, err := w.newPassword("password of "+name, o.password, o.generate)
	if err != nil {
		return doc, "", err
	}
	if what := credential.CheckPassword(password); what != "" {
		return doc, "", problem.Problem{What: what}
	}
	if doc.Cost == 0 {
		doc.Cost = credential.PersonCost
		if made {
			doc.Cost = credential.GeneratedCost
		}
	}
	if err := setPassword(&doc, name, password); err != nil {
		return doc, "", err
	}
	said = "encrypted with its hash"
	if made {
		said = "with a random password that nobody has seen (reggen credential show " + quoteArg(fileName(name)) + " --secrets plain prints it)"
	}
	return doc, said, nil
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
func (w *World) newPassword(what string, stdin, generate bool) (password string, made bool, err error) {
	switch {
	case stdin:
		password, err = w.piped("the " + what)
		return password, false, err
	case generate:
	case !w.StdinIsTerm:
		return "", false, misuse{"", problem.Problem{What: "no terminal to ask for the " + what, Want: "--password-stdin or --generate"}}
	default:
		if password, err = w.hidden(what + " (empty: make one)"); err != nil {
			return "", false, err
		}
		if password != "" {
			again, err := w.hidden("the same again")
			if err == nil && again != password {
				err = problem.Problem{What: "the two passwords differ; nothing was written"}
			}
			return password, false, err
		}
	}
	password, err = credential.Generate(w.Random, generatedLength)
	return password, true, err
}

func (w *World) userList(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the users and what is public about them", Long: "List the users of an environment and what is public about them. Needs no key.",
		Args: nothing,
		RunE: func(*cobra.Command, []string) error {
			users, err := w.listUsers(*dir)
			if err != nil {
				return err
			}
			t := tabwriter.NewWriter(w.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "USER\tCOST\tPASSWORD\tPULL SECRETS\tFILE")
			for _, u := range users {
				password, cost, pulls := "known", fmt.Sprint(u.Cost), strings.Join(u.pulls, ",")
				if !u.Has(credential.Password) {
					password = "hash only"
				}
				if u.Cost == 0 {
					cost = "-"
				}
				if pulls == "" {
					pulls = "-"
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", problem.Shown(u.User), cost, password, pulls, u.File)
			}
			return t.Flush()
		},
	}
}

// listedUser is what is public about a user, and the pull secrets that log in
// as that user.
type listedUser struct {
	credential.Public
	pulls []string
}

// listUsers are the users of an environment, by name.
func (w *World) listUsers(dir string) ([]listedUser, error) {
	e, err := w.chosen(dir)
	if err != nil {
		return nil, err
	}
	set, err := w.credentials(e)
	if err != nil {
		return nil, err
	}
	var out []listedUser
	for _, u := range set.Users {
		out = append(out, listedUser{u, pullSecretsOf(e.registry, u.User)})
	}
	return out, nil
}

func pullSecretsOf(r *spec.Registry, user string) []string {
	var out []string
	for _, name := range sortedKeys(r.Spec.PullSecrets) {
		if r.Spec.PullSecrets[name].User == user {
			out = append(out, name)
		}
	}
	return out
}

func (w *World) userRemove(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Delete a user's credential",
		Long: `Delete a user's credential file; the next seal takes the user out of the
htpasswd file. A user of a pull secret is not removed.`,
		Args: exactly("the user's name"),
		RunE: func(_ *cobra.Command, args []string) error {
			return w.removeUser(*dir, args[0])
		},
	}
}

// removeUser deletes the credential of a user whom no pull secret needs.
func (w *World) removeUser(dir, name string) error {
	e, u, err := w.user(dir, name)
	if err != nil {
		return err
	}
	if pulls := pullSecretsOf(e.registry, u.User); len(pulls) > 0 {
		return problem.Problem{File: w.show(e.root), Path: "spec.pullSecrets." + pulls[0] + ".user", What: fmt.Sprintf("is %q: the pull secret would lose its user", u.User),
			Next: "name another user there first"}
	}
	unlock, err := w.lock(e)
	if err != nil {
		return err
	}
	defer unlock()
	if err := w.delete(w.abs(u.File)); err != nil {
		return err
	}
	w.note("%s: deleted; git keeps its ciphertext, so a password used elsewhere too should be changed there", u.File)
	w.note("next: reggen seal %s", quoteArg(w.show(e.root)))
	return nil
}

// user finds one user of one environment.
func (w *World) user(dir, name string) (environment, credential.Public, error) {
	e, err := w.chosen(dir)
	if err != nil {
		return e, credential.Public{}, err
	}
	set, err := w.credentials(e)
	if err != nil {
		return e, credential.Public{}, err
	}
	u, ok := set.User(name)
	if !ok {
		near := ""
		var all []string
		for _, x := range set.Users {
			all = append(all, x.User)
			if strings.EqualFold(x.User, name) || x.Name == name {
				near = x.User
			}
		}
		if later := heirs(set, name); near == "" && len(later) > 0 {
			near = later[len(later)-1].User
		}
		return e, u, problem.Problem{File: w.show(e.credentialsDir()), What: fmt.Sprintf("no user %q; there are: %s", name, strings.Join(all, ", ")), Near: near}
	}
	return e, u, nil
}
