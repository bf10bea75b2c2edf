//go:build unix

package bounded

import (
	"io"
	"io/fs"
	"os"
	"syscall"
)

// file is an open file, by the kernel's own calls: os.File offers each to the
// poller, which takes no regular file, and takes two to three times as long for
// one of some KiB (go test ./generator/bounded -run '^$' -bench Read). A fleet's
// command opens tens of thousands.
type file struct {
	fd   int
	path string
}

// open opens for reading; a named pipe would otherwise wait for a writer.
func open(path string) (*file, error) {
	fd, err := again(func() (int, error) {
		return syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return &file{fd, path}, nil
}

// stat is what a file is, of its mode no more than that, and its size.
func (f *file) stat() (kind fs.FileMode, size int64, err error) {
	var s syscall.Stat_t
	if _, err := again(func() (int, error) { return 0, syscall.Fstat(f.fd, &s) }); err != nil {
		return 0, 0, &os.PathError{Op: "stat", Path: f.path, Err: err}
	}
	switch s.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
	case syscall.S_IFDIR:
		kind = fs.ModeDir
	default:
		kind = fs.ModeIrregular
	}
	return kind, s.Size, nil
}

// Read is io.Reader's.
func (f *file) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, err := again(func() (int, error) { return syscall.Read(f.fd, b) })
	switch {
	case err != nil:
		return 0, &os.PathError{Op: "read", Path: f.path, Err: err}
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (f *file) close() { _ = syscall.Close(f.fd) }

// again calls until no signal has interrupted the call, as os does.
func again(call func() (int, error)) (n int, err error) {
	for {
		if n, err = call(); err != syscall.EINTR {
			return n, err
		}
	}
}
