package start

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/movein"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/internal/people"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Options are the answers that a new environment needs.
type Options struct {
	Base, Name, Namespace        string
	Host, Storage                string
	Provider, Region, Bucket     string
	Endpoint, Size               string
	ClassName, Issuer            string
	PullSecret, PullUser         string
	PullNamespaces               []string
	People                       []string
	Cluster, KeyFile, ClusterKey string
	PrintRules                   bool
}

// initial is a new environment on its way.
type initial struct {
	w       *Work
	o       Options
	dir     string              // absolute
	base    string              // absolute
	isNew   bool                // the base is made
	had     map[string]any      // the existing base's Registry
	files   []repository.Change // what is written, in this order
	credits []string            // what is said at the end
	readers []string            // whom the rules name that it wrote itself
	moved   *movein.Result      // what a Helm release's values come to; nil for init
	generic map[string]bool     // the fields of a chart's credential
}

// RulesFor are the rules of .sops.yaml for an environment, to be pasted. The
// keys that they name are made where they are not there.
func (w *Work) RulesFor(dir string, o Options) (string, error) {
	i := &initial{w: w, o: o, dir: w.Repo.Abs(dir), base: w.Repo.Abs(o.Base)}
	// The environment may be there already; its host names the key file.
	if e, err := w.Repo.Environment(i.dir); err == nil && o.Host == "" {
		if i.o.Host = e.Spec.Metadata.Name; e.Spec.Registry != nil {
			i.o.Host = e.Spec.Registry.Spec.Host
		}
	}
	n, err := i.rules()
	return rules.Snippet(n.rules), err
}

// Init makes an environment, and the base where there is none. Nothing that is
// there is written over.
func (w *Work) Init(ctx context.Context, dir string, o Options) error {
	i := &initial{w: w, o: o, dir: w.Repo.Abs(dir), base: w.Repo.Abs(o.Base)}
	return i.make(ctx, i.readBase, i.ask, i.plan, i.refuse)
}

// make takes the steps that only look, then writes.
func (i *initial) make(ctx context.Context, steps ...func() error) error {
	w := i.w
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	rules, err := i.rules()
	if err != nil {
		return err
	}
	if err := i.secure(rules); err != nil {
		return err
	}
	for _, c := range i.files {
		if err := terminal.Interrupted(ctx); err != nil {
			return err
		}
		if repository.Exists(c.Path) {
			continue // the same bytes: i.refuse saw to it
		}
		if err := w.Repo.Write(c.Path, c.Data, 0o644); err != nil {
			return err
		}
		w.Tell.Note("wrote %s: %s", w.Repo.Show(c.Path), c.Why)
	}
	w.Seals.Accept = append(w.Seals.Accept, i.readers...)
	if err := i.credentials(ctx); err != nil {
		return err
	}
	i.next()
	return nil
}

// readBase looks at an existing base: its Registry gives the names, and what
// it says need not be asked.
func (i *initial) readBase() error {
	if !repository.Exists(i.base) {
		i.isNew = true
		return nil
	}
	specs, err := i.w.Repo.Allow.Registries(i.base)
	if err != nil {
		return err
	}
	if len(specs) != 1 {
		return problem.Problem{File: i.w.Repo.Show(i.base), What: fmt.Sprintf("holds %d Registries; expected one", len(specs)), Next: "name another folder with --base"}
	}
	if err := yaml.Unmarshal(specs[0], &i.had); err != nil {
		return problem.Problem{File: i.w.Repo.Show(i.base), What: "holds a Registry that can't be read"}
	}
	meta, _ := i.had["metadata"].(map[string]any)
	i.o.Name, _ = meta["name"].(string)
	i.o.Namespace, _ = meta["namespace"].(string)
	return nil
}

// says reports whether the base's spec sets a field.
func (i *initial) says(field string) bool {
	s, _ := i.had["spec"].(map[string]any)
	_, ok := s[field]
	return ok
}

// refuse names every file that is there already with another content.
func (i *initial) refuse() error {
	var l problem.List
	for _, c := range i.files {
		old, err := i.w.Repo.Read(c.Path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil || string(old) != string(c.Data) {
			l.Add(problem.Problem{File: i.w.Repo.Show(c.Path), What: "is there already; nothing was written"})
		}
	}
	if len(l) > 0 {
		l[len(l)-1].Next = "name another folder: reggen init overlays/NAME"
		if i.moved != nil {
			l[len(l)-1].Next = "name another folder: reggen import overlays/NAME --values FILE"
		}
	}
	return l.Err()
}

// credentials makes those that nobody has to think about: the machine's, and
// the puller's with a random password.
func (i *initial) credentials(ctx context.Context) error {
	e, err := i.w.Repo.Environment(i.dir)
	if err != nil {
		return err
	}
	path := filepath.Join(e.MachineDir(), repository.MachineName)
	if !repository.Exists(path) {
		var cluster []string
		if rule, err := rules.Find(filepath.Join(e.SealedDir(), e.Spec.Metadata.Name+".yaml")); err == nil && len(i.readers) > 0 {
			// A rule that stood there before may name others for these files.
			cluster = slices.DeleteFunc(rule.Recipients(), func(id string) bool { return !slices.Contains(i.w.Seals.Accept, id) })
		}
		if err := i.w.Seals.Admit(e, []string{path}); err != nil {
			return err
		}
		rule, err := rules.Find(path)
		if err != nil {
			return err
		}
		text, err := i.w.Seals.NewMachine(ctx, e, path, rule, i.httpSecret(), cluster, len(i.o.People) == 0) // else it was told of public keys, and looks at no private one
		if err != nil {
			return err
		}
		if err := i.w.Repo.Write(path, text, 0o644); err != nil {
			return err
		}
		i.w.Tell.Note("wrote %s: random values nobody types", i.w.Repo.Show(path))
	}
	if err := i.movedCredentials(ctx, e); err != nil {
		return err
	}
	if err := i.genericCredential(ctx, e); err != nil {
		return err
	}
	for _, name := range repository.SortedKeys(e.Spec.Pulls()) {
		user := e.Spec.Pulls()[name].User
		if repository.Exists(userFile(e, user)) {
			continue
		}
		doc, _, err := i.w.People.NewUser(user, people.NewUser{Generate: true})
		if err != nil {
			return err
		}
		if err := i.credential(ctx, e, userFile(e, user), named(doc, user), fmt.Sprintf("user %q of the pull secret %s, with a random password", user, name)); err != nil {
			return err
		}
	}
	return nil
}

// userFile is where the credential of a user goes.
func userFile(e repository.Environment, user string) string {
	return filepath.Join(e.CredentialsDir(), people.FileName(user)+".enc.yaml")
}

// named gives a user's credential its names.
func named(doc credential.Document, user string) credential.Document {
	doc.Metadata.Name = people.FileName(user)
	if doc.Metadata.Name != user {
		doc.User = user
	}
	return doc
}

// credential writes a credential that is not there yet.
func (i *initial) credential(ctx context.Context, e repository.Environment, path string, doc credential.Document, what string) error {
	if repository.Exists(path) {
		return nil
	}
	if err := i.w.Seals.Admit(e, []string{path}); err != nil {
		return err
	}
	text, err := i.w.Keys.SealCredential(ctx, path, doc, nil, false)
	if err != nil {
		return err
	}
	if err := i.w.Repo.Write(path, text, 0o644); err != nil {
		return err
	}
	i.w.Tell.Note("wrote %s: %s", i.w.Repo.Show(path), what)
	return nil
}

// next says what is left to do.
func (i *initial) next() {
	e, err := i.w.Repo.Environment(i.dir)
	if err != nil {
		return
	}
	dir := problem.QuoteArg(i.w.Repo.Show(i.dir))
	at := " --dir " + dir
	if d, err := i.w.Repo.ChosenDir(""); err == nil && i.w.Repo.Abs(d) == i.dir {
		at = ""
	}
	for _, line := range i.credits {
		i.w.Tell.Note("%s", line)
	}
	lines := []string{"next:"}
	if e.Spec.Registry == nil {
		i.w.Tell.Note("%s", strings.Join(append(lines, "reggen seal "+dir, "reggen build "+dir), "\n  "))
		return
	}
	set, _ := i.w.Repo.Credentials(e)
	if s3 := e.Spec.Registry.Spec.Storage.S3; s3 != nil && s3.ExistingSecret == nil && !s3.AmbientCredentials && set.Others[credential.S3] == nil {
		lines = append(lines, "reggen credential set s3"+at+"   # the bucket's keys")
	}
	if len(set.Users) <= len(e.Spec.Pulls()) { // nobody but those who pull
		lines = append(lines, "reggen user add YOU"+at)
	}
	lines = append(lines, "reggen seal "+dir, "reggen build "+dir)
	if i.moved != nil {
		lines = append(lines, "kubectl -n "+problem.QuoteArg(e.Spec.Metadata.Namespace)+" get deployment,service,configmap,secret,ingress,pvc,cronjob,hpa -o yaml | reggen takeover "+dir+" --live -   # what changes in the live release",
			"reggen takeover "+dir+"   # the script by which it takes the release's place")
	}
	i.w.Tell.Note("%s", strings.Join(lines, "\n  "))
}
