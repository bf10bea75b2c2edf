package repository

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// replace writes a file under a hidden name beside it and renames it, which takes
// the place of a file here too, though nothing says that it outlasts a loss of
// power. Permissions are the folder's.
func replace(path string, data []byte, mode os.FileMode, _ bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// link makes a link, which Windows lets few people do.
func link(target, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(target, path)
}
