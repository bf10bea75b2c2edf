package cli

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/sops"
)

// secretFile is an encrypted file of an environment.
type secretFile struct {
	path   string // absolute
	data   []byte
	sealed bool
}

// readableBy says whether the file is encrypted for one of the recipients.
func (f secretFile) readableBy(names []string) bool {
	meta, err := sops.Inspect(f.data)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(meta.Recipients, func(r string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return r == n || strings.HasSuffix(n, "/") && strings.HasPrefix(r, n) })
	})
}

// secretFiles are the credentials and sealed files of an environment.
func (w *World) secretFiles(e environment) []secretFile {
	var out []secretFile
	for _, dir := range append(slices.Clone(e.registry.Spec.Secrets.Credentials), e.registry.Spec.Secrets.Sealed) {
		_, files, err := w.folder(e.root)(dir)
		if err != nil {
			continue
		}
		for _, f := range files {
			if bytes.Contains(f.Data, []byte("\nsops:")) {
				out = append(out, secretFile{filepath.Join(e.root, dir, filepath.Base(f.Path)), f.Data, dir == e.registry.Spec.Secrets.Sealed})
			}
		}
	}
	return out
}
