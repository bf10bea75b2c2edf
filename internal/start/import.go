package start

import (
	"context"
	"maps"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/movein"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/repository"
)

// Import makes an environment of the values of a Helm release, in a file or, for -,
// on standard input: the spec, and encrypted credentials for every secret in them,
// none of which is written in the clear. left is what was not carried over as it
// is. The values stay as they are.
func (w *Work) Import(ctx context.Context, dir, values string, o Options) (left problem.List, err error) {
	in, err := w.readValues(values)
	if err != nil {
		return nil, err
	}
	i := &initial{w: w, o: o, dir: w.Repo.Abs(dir), base: w.Repo.Abs(o.Base)}
	err = i.make(ctx, i.readBase, func() error {
		moved, err := movein.FromValues(in, i.o.Name, i.o.Namespace)
		i.moved = &moved
		return err
	}, i.plan, i.refuse)
	if err != nil {
		return nil, err
	}
	return i.moved.Left, nil
}

// readValues reads what helm get values prints, with or without -o yaml. Errors
// quote nothing: the values hold secrets.
func (w *Work) readValues(file string) (map[string]any, error) {
	var text []byte
	var err error
	if file == "-" {
		text, err = w.Tell.ReadInput()
	} else if text, err = repository.Peek(w.Repo.Abs(file), bounded.MaxSecret); err != nil && !bounded.IsProblem(err) {
		err = w.Repo.FileProblem("can't read", w.Repo.Abs(file), err)
	}
	if err != nil {
		return nil, err
	}
	name := w.Repo.Show(w.Repo.Abs(file))
	if file == "-" {
		name = "standard input"
	}
	if err := bounded.Secret(name, text); err != nil {
		return nil, err
	}
	var in map[string]any
	if yaml.Unmarshal(text, &in) != nil || len(in) == 0 {
		return nil, problem.Problem{File: name, What: "holds no values", Want: "a YAML mapping, as helm get values RELEASE -o yaml prints it"}
	}
	delete(in, "USER-SUPPLIED VALUES") // the head that helm get values writes
	return in, nil
}

// httpSecret is the one that the release has; "" for a new one.
func (i *initial) httpSecret() string {
	if i.moved == nil {
		return ""
	}
	return i.moved.HTTPSecret
}

// movedCredentials writes what the release had: its users with their hashes, so
// that nobody needs a new password, and the keys it used.
func (i *initial) movedCredentials(ctx context.Context, e repository.Environment) error {
	if i.moved == nil {
		return nil
	}
	for _, u := range i.moved.Users {
		cost, _ := credential.CheckHash(u.Hash)
		doc := credential.Document{Type: credential.User, Cost: cost, StringData: map[string]string{credential.Hash: u.Hash}}
		if err := i.credential(ctx, e, userFile(e, u.Name), named(doc, u.Name), "a user of the release, with the same password"); err != nil {
			return err
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(i.moved.Credentials)) {
		doc := credential.Document{Metadata: spec.Metadata{Name: string(kind)}, Type: kind, StringData: i.moved.Credentials[kind]}
		if err := i.credential(ctx, e, filepath.Join(e.CredentialsDir(), string(kind)+".enc.yaml"), doc, "the release's"); err != nil {
			return err
		}
	}
	return nil
}
