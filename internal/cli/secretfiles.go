package cli

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
)

// secretFile is an encrypted file of an environment.
type secretFile struct {
	path   string // absolute
	data   []byte
	meta   sops.Metadata
	sealed bool
}

// readableBy says whether the file is encrypted for one of the recipients.
func (f secretFile) readableBy(names []string) bool {
	return slices.ContainsFunc(f.meta.Recipients, func(r string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return r == n || strings.HasSuffix(n, "/") && strings.HasPrefix(r, n) })
	})
}

// secretFiles are the credentials and sealed files of an environment: whatever
// reads as an encrypted file, however it is laid out.
func (w *World) secretFiles(e environment) []secretFile {
	var out []secretFile
	for _, dir := range e.secretDirs() {
		_, files, err := w.folder(e.root)(dir)
		if err != nil {
			continue // what must be whole asks unlisted
		}
		for _, f := range files {
			if meta, err := sops.Inspect(f.Data); err == nil {
				out = append(out, secretFile{filepath.Join(e.root, dir, filepath.Base(f.Path)), f.Data, meta, dir == e.registry.Spec.Secrets.Sealed})
			}
		}
	}
	return out
}

// unlisted says which folders of an environment can't be listed, so that
// secretFiles lacks theirs.
func (w *World) unlisted(e environment) error {
	var l problem.List
	for _, dir := range e.secretDirs() {
		if _, _, err := w.folder(e.root)(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.Join(err)
		}
	}
	return l.Err()
}

// secretDirs are the folders of an environment's secret files, as its spec
// names them.
func (e environment) secretDirs() []string {
	return append(slices.Clone(e.registry.Spec.Secrets.Credentials), e.registry.Spec.Secrets.Sealed)
}
