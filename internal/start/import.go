package start

import (
	"bytes"
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
func (w *Work) Import(ctx context.Context, dir string, from Source, o Options) (left problem.List, err error) {
	in, name, err := w.readValues(from.Values)
	if err != nil {
		return nil, err
	}
	var release movein.Release
	if release.Secrets, err = w.readSecrets(from.Secrets); err != nil {
		return nil, err
	}
	if from.HTPasswd != "" {
		text, _, err := w.Repo.Given(from.HTPasswd, w.Tell.ReadInput)
		if err != nil {
			return nil, err
		}
		release.HTPasswd = string(text)
	}
	i := &initial{w: w, o: o, dir: w.Repo.Abs(dir), base: w.Repo.Abs(o.Base)}
	err = i.make(ctx, i.readBase, func() error {
		release.Name, release.Namespace = i.o.Name, i.o.Namespace
		moved, err := movein.FromValues(in, release)
		i.moved = &moved
		if err != nil {
			var l problem.List
			l.Join(err)
			for i := range l {
				l[i].File = name
			}
			return l
		}
		return nil
	}, i.plan, i.refuse)
	if err != nil {
		return nil, err
	}
	return i.moved.Left, nil
}

// Source is where a release's values come from: files, or - for standard input.
type Source struct {
	Values   string
	HTPasswd string   // a whole htpasswd file, "" without one
	Secrets  []string // what kubectl get secret -o yaml prints
}

// readValues reads what helm get values prints, with or without -o yaml. Errors
// quote nothing: the values hold secrets.
func (w *Work) readValues(file string) (in map[string]any, name string, err error) {
	text, name, err := w.Repo.Given(file, w.Tell.ReadInput)
	if err != nil {
		return nil, "", err
	}
	if err := bounded.Secret(name, text); err != nil {
		return nil, "", err
	}
	// helm get values prints null for a release that was given none.
	if yaml.Unmarshal(text, &in) != nil || len(bytes.TrimSpace(text)) == 0 {
		return nil, "", problem.Problem{File: name, What: "holds no values", Want: "a YAML mapping, as helm get values RELEASE -o yaml prints it"}
	}
	delete(in, "USER-SUPPLIED VALUES") // the head that helm get values writes
	return in, name, nil
}

// readSecrets reads Secrets, each by itself or in a List.
func (w *Work) readSecrets(files []string) (out []map[string]any, err error) {
	for _, file := range files {
		text, name, err := w.Repo.Given(file, w.Tell.ReadInput)
		if err != nil {
			return nil, err
		}
		if err := bounded.Secret(name, text); err != nil {
			return nil, err
		}
		var o struct {
			Kind  string
			Items []map[string]any
		}
		var one map[string]any
		if yaml.Unmarshal(text, &o) != nil || yaml.Unmarshal(text, &one) != nil || o.Kind != "Secret" && len(o.Items) == 0 {
			return nil, problem.Problem{File: name, What: "holds no Secret", Want: "what kubectl get secret NAME -o yaml prints"}
		}
		if o.Kind == "Secret" {
			o.Items = []map[string]any{one}
		}
		out = append(out, o.Items...)
	}
	return out, nil
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
		if u.Password != "" {
			doc.StringData[credential.Password] = u.Password
			doc.StringData[credential.HashedFrom] = credential.HashOf(u.Name, cost, u.Password, u.Hash)
		}
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
