package sops

import (
	"context"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/stores"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
)

// clock is the time for lastmodified; tests turn it back.
var clock = time.Now

// Options says how Seal encrypts.
type Options struct {
	// MACOnlyEncrypted leaves out of the MAC what is not encrypted, so that
	// kustomize may change names, namespaces and labels.
	MACOnlyEncrypted bool
	// Reuse is the opened older version of the file. Its data key is used again
	// where that tells nobody anything: no value is new to the file, or Proof
	// shows whose work the key is. Then values that did not change keep their
	// ciphertext, and recipients that stay keep their wrapped key. Whoever made
	// a file knows its data key, whomever it names.
	Reuse *File
	// Proof is what SealProven gave beside Reuse.
	Proof string
	// NewDataKey encrypts everything anew, as must be when a recipient goes:
	// whoever could read the old file may know its data key.
	NewDataKey bool
	// Dated is the annotation that gets the day on which the data key was made;
	// none without.
	Dated string
	// Network lets the key services be asked that the rule names.
	Network bool

	prove bool // look at the keys at hand, which sealing itself needs not
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
func Seal(ctx context.Context, plain []byte, rule *rules.Rule, opt Options) (out []byte, err error) {
	out, _, err = sealing(ctx, plain, rule, opt)
	return out, err
}

// SealProven is Seal, and what shows to File.Made later that a key at hand
// stands behind the data key; "" without such a key.
func SealProven(ctx context.Context, plain []byte, rule *rules.Rule, opt Options) (out []byte, proof string, err error) {
	opt.prove = true
	return sealing(ctx, plain, rule, opt)
}

func sealing(ctx context.Context, plain []byte, rule *rules.Rule, opt Options) (out []byte, proof string, err error) {
	defer func() {
		if recover() != nil {
			out, err = nil, problem.Problem{What: failed}
		}
	}()
	rules.Quiet()
	if rule == nil || len(rule.Members) == 0 {
		return nil, "", problem.Problem{What: "nobody to encrypt for: no rule"}
	}
	branch, err := parse(plain)
	if err != nil {
		return nil, "", err
	}
	if branch, err = ordered(opt.dated(branch)); err != nil {
		return nil, "", err
	}
	if err := sealable(branch); err != nil {
		return nil, "", err
	}
	return encrypt(ctx, branch, rule, opt)
}

// keeps says whether the data key of the older file is used again.
func (o Options) keeps(branch sops.TreeBranch) bool {
	return o.Reuse != nil && !o.NewDataKey && (!anew(branch, o.Reuse.branch) || o.Reuse.Made(o.Proof))
}

// anew says whether a document has a secret value that is not in its older
// version at the same place.
func anew(branch, old sops.TreeBranch) bool {
	for _, item := range branch {
		if key, _ := item.Key.(string); secretKey.MatchString(key) && !contains(valueOf(old, item.Key), item.Value) {
			return true
		}
	}
	return false
}

// contains says whether every value below now is below was, under the same
// name.
func contains(was, now any) bool {
	branch, is := now.(sops.TreeBranch)
	if !is {
		text, is := now.(string)
		before, had := was.(string)
		return is && had && text == before
	}
	old, _ := was.(sops.TreeBranch)
	for _, item := range branch {
		if !contains(valueOf(old, item.Key), item.Value) {
			return false
		}
	}
	return true
}

// valueOf is the value of a key; nil where there is none.
func valueOf(branch sops.TreeBranch, key any) any {
	for _, item := range branch {
		if item.Key == key {
			return item.Value
		}
	}
	return nil
}

// encrypt encrypts a document as it stands.
func encrypt(ctx context.Context, branch sops.TreeBranch, rule *rules.Rule, opt Options) (out []byte, proof string, err error) {
	meta := sops.Metadata{
		LastModified:     clock().UTC().Truncate(time.Second),
		EncryptedRegex:   rules.Regex,
		MACOnlyEncrypted: opt.MACOnlyEncrypted,
		Version:          version,
		ShamirThreshold:  rule.Threshold,
	}
	var old *File
	if opt.keeps(branch) {
		old = opt.Reuse
	}
	key, err := wrap(ctx, &meta, rule, old, opt.Network)
	if err != nil {
		return nil, "", err
	}
	cipher := aes.NewCipher()
	if old != nil && !old.cipher.odd {
		cipher = old.cipher.Cipher // it knows the initialisation vectors
	}
	tree := sops.Tree{Branches: sops.TreeBranches{branch}, Metadata: meta}
	mac, err := tree.Encrypt(key, cipher)
	if err != nil {
		return nil, "", problem.Problem{What: failed}
	}
	tree.Metadata.MessageAuthenticationCode, err = aes.NewCipher().Encrypt(mac, key, meta.LastModified.Format(time.RFC3339))
	if err != nil {
		return nil, "", problem.Problem{What: failed}
	}
	branches, err := stores.SerializeMetadata(tree, stores.MetadataOpts{Flatten: stores.MetadataFlattenNone})
	if err != nil || len(branches) != 1 {
		return nil, "", problem.Problem{What: failed}
	}
	if out, err = emit(branches[0]); err != nil {
		return nil, "", problem.Problem{What: failed}
	}
	if opt.prove {
		proof = Vouch(dataKeyParts(key, tree.Metadata)...)
	}
	return out, proof, nil
}
