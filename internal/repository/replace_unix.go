//go:build unix

package repository

import (
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
)

// replace writes a file under a hidden name beside it and renames it. With keep
// the permissions are those of the file that it takes the place of.
func replace(path string, data []byte, mode os.FileMode, keep bool) error {
	permissions := renameio.WithStaticPermissions(mode)
	if keep {
		permissions = renameio.WithExistingPermissions()
	}
	return renameio.WriteFile(path, data, mode, renameio.WithTempDir(filepath.Dir(path)), permissions)
}

func link(target, path string) error { return renameio.Symlink(target, path) }

// tryLock locks a file that others go on reading, unless somebody has.
func tryLock(path string) (unlock func(), ok bool, err error) {
	l := flock.New(path, flock.SetFlag(os.O_RDONLY))
	ok, err = l.TryLock()
	return func() { _ = l.Unlock() }, ok, err
}
