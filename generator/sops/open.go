package sops

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/stores"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
)

// File is an opened SOPS file: decrypted, its MAC checked. It prints itself
// redacted, whatever the verb. It keeps the data key, and the initialisation
// vector of every value, so that Seal can leave unchanged values as they are.
type File struct {
	branch sops.TreeBranch
	meta   sops.Metadata
	key    []byte
	cipher *recorder
}

// String says what the file is, never what is in it.
func (f File) String() string { return "SOPS file (opened, redacted)" }

// GoString is String, so that %#v shows nothing either.
func (f File) GoString() string { return f.String() }

// Format makes every fmt verb print the redacted form.
func (f File) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(f.String())) }

// Open decrypts an encrypted YAML file and checks its MAC, over all values or,
// where the file says mac_only_encrypted, over the encrypted ones. A file
// without a MAC fails the check. Only what keys allows is tried, and what is on
// this machine first. It fails with ErrFormat, ErrNoKey or ErrMAC.
func Open(ctx context.Context, data []byte, keys Keys) (f *File, err error) {
	defer guard(&err, ErrFormat, "the file can't be read as a SOPS file")
	rules.Quiet()
	var key []byte
	if known, is := inspected.Known(data); is { // whether a key is at hand can be told without reading it anew
		if key, err = keys.dataKey(ctx, known.read); err != nil {
			return nil, err
		}
	}
	branch, meta, err := load(data)
	if err == nil && key == nil {
		key, err = keys.dataKey(ctx, meta)
	}
	if err != nil {
		return nil, err
	}
	cipher := &recorder{Cipher: aes.NewCipher()}
	if err := decrypt(branch, meta, key, cipher); err != nil {
		return nil, err
	}
	return &File{branch, meta, key, cipher}, nil
}

// dataKey is the key that the values of a file are encrypted with. It changes
// nothing of meta, and fails with ErrNoKey.
func (k Keys) dataKey(ctx context.Context, meta sops.Metadata) ([]byte, error) {
	svc := newService(ctx, k.Network)
	groups, left := k.usable(meta.KeyGroups)
	tried := meta
	tried.KeyGroups = groups
	key, err := tried.GetDataKeyWithKeyServices(svc.clients(), sops.DefaultDecryptionOrder)
	if err != nil {
		return nil, svc.noKey(describe(meta), k, left)
	}
	return key, nil
}

// Plain is the decrypted YAML document, without the sops block.
func (f *File) Plain() []byte {
	out, err := emit(f.branch)
	if err != nil {
		return nil // can't be: the tree came out of YAML
	}
	return out
}

// Strings is the decrypted mapping under a field of the document, data or
// stringData; empty when the field is missing. A value that is not a string
// is a problem: SOPS keeps the type of an unquoted number, which Kubernetes
// refuses.
func (f *File) Strings(field string) (map[string]string, error) {
	out := map[string]string{}
	var bad []string
	for _, top := range f.branch {
		if top.Key != field || top.Value == nil {
			continue
		}
		branch, ok := top.Value.(sops.TreeBranch)
		if !ok {
			return nil, fail(ErrFormat, problem.Problem{Path: field, What: "not a mapping", Want: "a mapping of names to strings"})
		}
		for _, item := range branch {
			name, isKey := item.Key.(string)
			text, isText := item.Value.(string)
			if isKey && isText {
				out[name] = text
			} else if isKey {
				bad = append(bad, name)
			}
		}
	}
	if len(bad) > 0 {
		sort.Strings(bad)
		var l problem.List
		for _, name := range bad {
			l.Add(problem.Problem{Path: field + "." + name, What: "the encrypted value is not a string", Want: "a string; quote numbers and truth values before encrypting"})
		}
		return nil, l
	}
	return out, nil
}

// load reads an encrypted file without any key.
func load(data []byte) (sops.TreeBranch, sops.Metadata, error) {
	branch, err := parse(data)
	if err != nil {
		return nil, sops.Metadata{}, err
	}
	if !stores.HasSopsTopLevelKey(branch) {
		return nil, sops.Metadata{}, fail(ErrFormat, problem.Problem{What: "not encrypted: it has no sops block", Want: "a file encrypted with SOPS"})
	}
	branches, meta, err := stores.ExtractMetadata(sops.TreeBranches{branch}, stores.MetadataOpts{Flatten: stores.MetadataFlattenNone})
	if err != nil {
		return nil, sops.Metadata{}, fail(ErrFormat, problem.Problem{Path: "sops", What: "the sops block is broken",
			Want: "a mapping with lastmodified, mac, version and at least one recipient, as SOPS writes it", Next: "restore the file from git"})
	}
	return branches[0], meta, nil
}

// decrypt decrypts the tree in place and checks the MAC.
func decrypt(branch sops.TreeBranch, meta sops.Metadata, key []byte, cipher *recorder) error {
	tree := sops.Tree{Branches: sops.TreeBranches{branch}, Metadata: meta}
	computed, err := tree.Decrypt(key, cipher)
	if err != nil {
		return cipher.problem()
	}
	stored, err := cipher.Decrypt(meta.MessageAuthenticationCode, key, meta.LastModified.Format(time.RFC3339))
	if err != nil || stored != computed {
		return fail(ErrMAC, problem.Problem{What: "the MAC does not match: a key or value was added, removed, moved or changed after encryption",
			Next: "restore the file from git, or take the change back and make it with sops edit or reggen"})
	}
	return nil
}

// recorder is SOPS's cipher. It remembers where a decryption failed, in words
// that can't quote what was there.
type recorder struct {
	aes.Cipher
	path, what string
	odd        bool // holds a vector that Encrypt could not use again
}

// Decrypt does what aes.Cipher does.
func (r *recorder) Decrypt(text string, key []byte, where string) (any, error) {
	v, err := r.Cipher.Decrypt(text, key, where)
	r.path, r.what = "", ""
	if err != nil {
		r.path, r.what = strings.ReplaceAll(strings.TrimSuffix(where, ":"), ":", "."), "the encrypted value was changed, or moved here from another key or file"
		if !strings.HasPrefix(text, "ENC[") {
			r.what = "the value is not encrypted"
		}
		return nil, err
	}
	// 32 bytes in base64, as SOPS itself writes.
	if i := strings.LastIndex(text, ",iv:"); text != "" && (i < 0 || strings.IndexByte(text[i+4:], ',') != 44) {
		r.odd = true
	}
	return v, nil
}

func (r *recorder) problem() error {
	const next = "restore the file from git, or make the change with sops edit or reggen"
	switch {
	case r.what == "":
		return fail(ErrFormat, problem.Problem{What: "a value that should be encrypted is not a string", Next: next})
	case strings.HasSuffix(r.what, "not encrypted"):
		return fail(ErrFormat, problem.Problem{Path: r.path, What: r.what, Next: next})
	}
	return fail(ErrMAC, problem.Problem{Path: r.path, What: r.what, Next: next})
}
