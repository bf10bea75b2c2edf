//go:build !unix

package bounded

import (
	"io/fs"
	"os"
)

// file is an open file.
type file struct{ *os.File }

func open(path string) (*file, error) {
	f, err := os.Open(path)
	return &file{f}, err
}

// stat is what a file is, and its size.
func (f *file) stat() (kind fs.FileMode, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	return info.Mode().Type(), info.Size(), nil
}

func (f *file) close() { _ = f.Close() }
