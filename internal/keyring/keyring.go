package keyring

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

	goyaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
)

// OpenSealed decrypts a sealed file: base64 text by key.
func (k *Keyring) OpenSealed(ctx context.Context, path string, raw []byte) (map[string]string, error) {
	f, err := sops.Open(ctx, raw, k.For(path))
	if err != nil {
		return nil, err
	}
	return f.Strings("data")
}

// OpenObject decrypts a Secret as it was handed over: base64 text by key.
func (k *Keyring) OpenObject(ctx context.Context, path string, s object.Object) (map[string]string, error) {
	text, err := object.Encode([]object.Object{s})
	if err != nil {
		return nil, err
	}
	data, err := k.OpenSealed(ctx, path, text)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if _, err := base64.StdEncoding.DecodeString(data[key]); err != nil {
			return nil, problem.Problem{Path: "data." + key, What: "decrypts to something that is not base64", Next: "reggen seal"}
		}
	}
	return data, nil
}

// OpenedCredential is a credential in the clear, and what is needed to write
// it back with the ciphertexts of unchanged values kept.
type OpenedCredential struct {
	path string // absolute
	Doc  credential.Document
	File *sops.File
}

// For says with what a file may be opened: what is on this machine, and where
// the command line allows it, the services that the rule for its path names.
func (k *Keyring) For(path string) sops.Keys {
	rule, _ := rules.Find(k.Repo.Abs(path)) // without one nobody is asked
	return sops.Keys{Network: k.Repo.Allow.Network, Rule: rule}
}

// OpenCredential decrypts a credential file.
func (k *Keyring) OpenCredential(ctx context.Context, path string, data []byte) (OpenedCredential, error) {
	f, err := sops.Open(ctx, data, k.For(path))
	if err != nil {
		return OpenedCredential{}, k.Repo.InFile(path, err)
	}
	o := OpenedCredential{path: path, File: f}
	if err := yaml.UnmarshalStrict(f.Plain(), &o.Doc); err != nil {
		return OpenedCredential{}, problem.Problem{File: k.Repo.Show(path), What: "decrypts to something that is not a RegistryCredential"}
	}
	return o, nil
}

// ReadCredential reads and decrypts a credential file.
func (k *Keyring) ReadCredential(ctx context.Context, path string) (OpenedCredential, error) {
	data, err := k.Repo.Read(path)
	if err != nil {
		return OpenedCredential{}, k.Repo.FileProblem("can't read", path, err)
	}
	if _, err := credential.Parse(k.Repo.Show(path), data); err != nil {
		return OpenedCredential{}, err
	}
	return k.OpenCredential(ctx, path, data)
}

// SealCredential encrypts a credential for the rule that matches its path.
// reuse may be nil; with it a document without new values keeps its ciphertexts.
func (k *Keyring) SealCredential(ctx context.Context, path string, doc credential.Document, reuse *sops.File, newKey bool) ([]byte, error) {
	rule, err := rules.Find(path)
	if err != nil {
		return nil, err
	}
	return k.SealCredentialFor(ctx, path, rule, doc, reuse, newKey)
}

// SealCredentialFor is sealCredential with a rule of the caller's.
func (k *Keyring) SealCredentialFor(ctx context.Context, path string, rule *rules.Rule, doc credential.Document, reuse *sops.File, newKey bool) ([]byte, error) {
	doc.APIVersion, doc.Kind = spec.APIVersion, spec.KindCredential
	if doc.Metadata.Annotations == nil {
		doc.Metadata.Annotations = map[string]string{}
	}
	doc.Metadata.Annotations[spec.LocalConfig] = "true"
	plain, err := goyaml.Marshal(doc) // escapes what YAML can't hold raw
	if err != nil {
		return nil, problem.Problem{File: k.Repo.Show(path), What: "can't be written as YAML"}
	}
	out, err := sops.Seal(ctx, plain, rule, sops.Options{Reuse: reuse, NewDataKey: newKey, Dated: spec.DataKeyMade, Network: k.Repo.Allow.Network})
	if err != nil {
		return nil, k.Repo.InFile(path, err)
	}
	return out, nil
}

// Nested says that a .sops.yaml counts instead of another further up; "" where
// there is none.
func (k *Keyring) Nested(config string) string {
	other := rules.Shadows(config)
	if other == "" {
		return ""
	}
	return k.Repo.Show(config) + " counts instead of " + k.Repo.Show(other)
}

// RuleName says where a rule stands, and what it stands in front of.
func (k *Keyring) RuleName(r *rules.Rule) string {
	from := fmt.Sprintf("%s, rule %d", k.Repo.Show(r.Config), r.Index+1)
	if other := rules.Shadows(r.Config); other != "" {
		from += ", which counts instead of " + k.Repo.Show(other) + ","
	}
	return from
}
