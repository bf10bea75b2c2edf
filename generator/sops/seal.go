package sops

import (
	"context"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/stores"

	"github.com/reggen/reggen/generator/problem"
)

// clock is the time for lastmodified; tests turn it back.
var clock = time.Now

// Options says how Seal encrypts.
type Options struct {
	// MACOnlyEncrypted leaves out of the MAC what is not encrypted, so that
	// kustomize may change names, namespaces and labels.
	MACOnlyEncrypted bool
	// Reuse is the opened older version of the file: its data key is used
	// again, values that did not change keep their ciphertext, and recipients
	// that stay keep their wrapped key.
	Reuse *File
	// NewDataKey encrypts everything anew, as must be when a recipient goes:
	// whoever could read the old file may know its data key.
	NewDataKey bool
	// Network lets the key services be asked that the rule names.
	Network bool
}

// failed is all that is said of an error of SOPS.
const failed = "encrypting failed"

// Seal encrypts the values under data and stringData of a YAML document for
// the recipients of a rule. Keys come out in the order in which kustomize
// writes them, for the MAC depends on it, and the sops block last. Comments
// are dropped.
//
// It refuses values there that are not strings, and keys named data or
// stringData anywhere else, which SOPS would encrypt too.
func Seal(ctx context.Context, plain []byte, rule *Rule, opt Options) (out []byte, err error) {
	defer func() {
		if recover() != nil {
			out, err = nil, problem.Problem{What: failed}
		}
	}()
	quiet()
	if rule == nil || len(rule.groups) == 0 {
		return nil, problem.Problem{What: "nobody to encrypt for: no rule"}
	}
	branch, err := parse(plain)
	if err != nil {
		return nil, err
	}
	if branch, err = ordered(branch); err != nil {
		return nil, err
	}
	if err := sealable(branch); err != nil {
		return nil, err
	}
	return encrypt(ctx, branch, rule, opt)
}

// encrypt encrypts a document as it stands.
func encrypt(ctx context.Context, branch sops.TreeBranch, rule *Rule, opt Options) (out []byte, err error) {
	meta := sops.Metadata{
		LastModified:     clock().UTC().Truncate(time.Second),
		EncryptedRegex:   Regex,
		MACOnlyEncrypted: opt.MACOnlyEncrypted,
		Version:          version,
		ShamirThreshold:  rule.Threshold,
	}
	old := opt.Reuse
	if opt.NewDataKey {
		old = nil
	}
	key, err := wrap(ctx, &meta, rule, old, opt.Network)
	if err != nil {
		return nil, err
	}
	cipher := aes.NewCipher()
	if old != nil && !old.cipher.odd {
		cipher = old.cipher.Cipher // it knows the initialisation vectors
	}
	tree := sops.Tree{Branches: sops.TreeBranches{branch}, Metadata: meta}
	mac, err := tree.Encrypt(key, cipher)
	if err != nil {
		return nil, problem.Problem{What: failed}
	}
	tree.Metadata.MessageAuthenticationCode, err = aes.NewCipher().Encrypt(mac, key, meta.LastModified.Format(time.RFC3339))
	if err != nil {
		return nil, problem.Problem{What: failed}
	}
	branches, err := stores.SerializeMetadata(tree, stores.MetadataOpts{Flatten: stores.MetadataFlattenNone})
	if err != nil || len(branches) != 1 {
		return nil, problem.Problem{What: failed}
	}
	if out, err = emit(branches[0]); err != nil {
		return nil, problem.Problem{What: failed}
	}
	return out, nil
}
