package cli

import (
	"context"

	goyaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
)

// openedCredential is a credential in the clear, and what is needed to write
// it back with the ciphertexts of unchanged values kept.
type openedCredential struct {
	path string // absolute
	doc  credential.Document
	file *sops.File
}

// keys says with what a file may be opened: what is on this machine, and where
// the command line allows it, the services that the rule for its path names.
func (w *World) keys(path string) sops.Keys {
	rule, _ := sops.FindRule(w.abs(path)) // without one nobody is asked
	return sops.Keys{Network: w.Allow.Network, Rule: rule}
}

// openCredential decrypts a credential file.
func (w *World) openCredential(ctx context.Context, path string, data []byte) (openedCredential, error) {
	f, err := sops.Open(ctx, data, w.keys(path))
	if err != nil {
		return openedCredential{}, w.in(path, err)
	}
	o := openedCredential{path: path, file: f}
	if err := yaml.UnmarshalStrict(f.Plain(), &o.doc); err != nil {
		return openedCredential{}, problem.Problem{File: w.show(path), What: "decrypts to something that is not a RegistryCredential"}
	}
	return o, nil
}

// readCredential reads and decrypts a credential file.
func (w *World) readCredential(ctx context.Context, path string) (openedCredential, error) {
	data, err := w.read(path)
	if err != nil {
		return openedCredential{}, w.fileProblem("can't read", path, err)
	}
	if _, err := credential.Parse(w.show(path), data); err != nil {
		return openedCredential{}, err
	}
	return w.openCredential(ctx, path, data)
}

// sealCredential encrypts a credential for the rule that matches its path.
// reuse may be nil; with it a document without new values keeps its ciphertexts.
func (w *World) sealCredential(ctx context.Context, path string, doc credential.Document, reuse *sops.File, newKey bool) ([]byte, error) {
	rule, err := sops.FindRule(path)
	if err != nil {
		return nil, err
	}
	return w.sealCredentialFor(ctx, path, rule, doc, reuse, newKey)
}

// sealCredentialFor is sealCredential with a rule of the caller's.
func (w *World) sealCredentialFor(ctx context.Context, path string, rule *sops.Rule, doc credential.Document, reuse *sops.File, newKey bool) ([]byte, error) {
	doc.APIVersion, doc.Kind = spec.APIVersion, spec.KindCredential
	if doc.Metadata.Annotations == nil {
		doc.Metadata.Annotations = map[string]string{}
	}
	doc.Metadata.Annotations[spec.LocalConfig] = "true"
	plain, err := goyaml.Marshal(doc) // escapes what YAML can't hold raw
	if err != nil {
		return nil, problem.Problem{File: w.show(path), What: "can't be written as YAML"}
	}
	out, err := sops.Seal(ctx, plain, rule, sops.Options{Reuse: reuse, NewDataKey: newKey, Network: w.Allow.Network})
	if err != nil {
		return nil, w.in(path, err)
	}
	return out, nil
}

// in names the file in problems that don't name one. What the error was (for
// instance sops.ErrNoKey) can still be asked with errors.Is.
func (w *World) in(path string, err error) error {
	var l problem.List
	l.Join(err)
	for i := range l {
		if l[i].File == "" {
			l[i].File = w.show(path)
		}
	}
	return located{l, err}
}

type located struct {
	problems problem.List
	cause    error
}

func (e located) Error() string   { return e.problems.Error() }
func (e located) Unwrap() []error { return []error{e.problems, e.cause} }
