package repository

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
)

// SealedForParts is what is vouched for when a machine credential names readers
// of sealed files: this environment's, lest another one's is put in its place.
func (e Environment) SealedForParts(readers string) []string {
	top := e.Root
	for dir := e.Root; ; dir = filepath.Dir(dir) {
		if Exists(filepath.Join(dir, rules.ConfigName)) {
			top = dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	rel, err := filepath.Rel(top, e.Root)
	if err != nil {
		rel = e.Root
	}
	return []string{"sealed for", filepath.ToSlash(rel), e.Spec.Metadata.Namespace + "/" + e.Spec.Metadata.Name, readers}
}

// secretFile is an encrypted file of an environment.
type secretFile struct {
	Path   string // absolute
	Data   []byte
	Meta   sops.Metadata
	Sealed bool
}

// ReadableBy says whether the file is encrypted for one of the recipients.
func (f secretFile) ReadableBy(names []string) bool {
	return slices.ContainsFunc(f.Meta.Recipients, func(r string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return r == n || strings.HasSuffix(n, "/") && strings.HasPrefix(r, n) })
	})
}

// SecretFiles are the credentials and sealed files of an environment: whatever
// reads as an encrypted file, however it is laid out.
func (r *Repository) SecretFiles(e Environment) []secretFile {
	var out []secretFile
	for _, dir := range e.secretDirs() {
		_, files, err := r.Folder(e.Root)(dir)
		if err != nil {
			continue // what must be whole asks unlisted
		}
		for _, f := range files {
			if meta, err := sops.Inspect(f.Data); err == nil {
				out = append(out, secretFile{filepath.Join(e.Root, dir, filepath.Base(f.Path)), f.Data, meta, dir == e.Spec.Secrets.Sealed})
			}
		}
	}
	return out
}

// Unlisted says which folders of an environment can't be listed, so that
// secretFiles lacks theirs.
func (r *Repository) Unlisted(e Environment) error {
	var l problem.List
	for _, dir := range e.secretDirs() {
		if _, _, err := r.Folder(e.Root)(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.Join(err)
		}
	}
	return l.Err()
}

// secretDirs are the folders of an environment's secret files, as its spec
// names them.
func (e Environment) secretDirs() []string {
	return append(slices.Clone(e.Spec.Secrets.Credentials), e.Spec.Secrets.Sealed)
}

// MachineName is the file of a machine credential that reggen makes.
const MachineName = "machine.enc.yaml"
