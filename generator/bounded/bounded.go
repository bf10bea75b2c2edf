// Package bounded reads files that may come from a stranger: only regular
// files, only up to a size, and only YAML that stays small when a library
// expands it. It is asked before any library reads a file of the repository.
//
// The bounds are far beyond what a registry's files need (etcd takes objects
// of 1.5 MiB) and small enough that what breaks them costs nothing.
package bounded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/reggen/reggen/generator/problem"
)

// The bounds of one file.
const (
	// MaxFile is how large a file may be that kustomize reads: room for the
	// largest bundles of CRDs that operators publish.
	MaxFile = 8 << 20
	// MaxSecret is how large a credential, a sealed file or a .sops.yaml may be.
	MaxSecret = 1 << 20
	// MaxText is how large YAML within a value of an object may be: a registry's
	// configuration in a ConfigMap, the value of a variable.
	MaxText = 256 << 10
	// MaxSecretNodes is how many nodes the YAML of a credential, a sealed file,
	// or a text within a value may have, aliases expanded.
	MaxSecretNodes = 50_000
	// MaxFiles and MaxFolder bound a folder of credentials or sealed files.
	MaxFiles  = 2_000
	MaxFolder = 8 << 20
	// MaxNodes is how many nodes the YAML of a file may have, aliases expanded.
	MaxNodes = 500_000
	// MaxDepth is how deep its collections may be nested.
	MaxDepth = 100
	// MaxDocuments is how many documents a file may hold.
	MaxDocuments = 5_000
)

// Read reads a regular file of at most limit bytes. Links are followed; what
// they lead to must be a regular file too. Its errors are those of os.ReadFile
// (os.IsNotExist recognises a missing one), or a problem.Problem that names
// the file.
func Read(path string, limit int64) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	kind, size, err := f.stat()
	switch {
	case err != nil:
		return nil, err
	case kind.IsDir():
		return nil, &os.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	case !kind.IsRegular():
		return nil, problem.Problem{File: path, What: "is no regular file", Want: "a file, not a device, a pipe or a socket"}
	case size > limit:
		return nil, tooLarge(path, limit)
	}
	if size > 0 { // one call for all of it
		data := make([]byte, size)
		n, err := io.ReadFull(f, data)
		if err == io.ErrUnexpectedEOF || err == io.EOF { // it is smaller by now
			err = nil
		}
		return data[:n], err
	}
	// Of a file in /proc nobody knows the size.
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if int64(len(data)) > limit {
		return nil, tooLarge(path, limit)
	}
	return data, err
}

func tooLarge(path string, limit int64) error {
	return problem.Problem{File: path, What: "is too large", Want: fmt.Sprintf("at most %d MiB", (limit+1<<20-1)>>20)}
}

// IsProblem says whether an error of this package is one to be shown as it is.
func IsProblem(err error) bool {
	var p problem.Problem
	return errors.As(err, &p)
}
