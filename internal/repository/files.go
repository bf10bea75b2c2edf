package repository

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// Exists says whether there is something of that name, be it a link to nothing.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Replace writes a file by way of a temporary name, whatever stood there, a
// link included.
func Replace(path string, data []byte, mode os.FileMode) error {
	err := replace(path, data, mode, false)
	settle(filepath.Dir(path))
	return err
}

// Link makes path a symbolic link to target, replacing what stood there.
func Link(target, path string) error {
	err := link(target, path)
	settle(filepath.Dir(path))
	return err
}

// Change is one file that a seal writes or deletes, and why.
type Change struct {
	Path string
	Data []byte // nil deletes
	Why  string
}

// temporary is the name of a file that a killed run left behind: the hidden
// name under which renameio writes before it renames.
var temporary = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\.(.+\.yaml|\` + MarkerName + `|\` + JournalName + `)\d+$`)
})

// Sweep deletes what killed runs left in the environment's own folders. The
// lock is held, so nobody is writing there. What can't be deleted harms nobody.
func (r *Repository) Sweep(e Environment) {
	dirs := []string{e.SealedDir()}
	for _, d := range e.Spec.Secrets.Credentials {
		if filepath.IsLocal(d) {
			dirs = append(dirs, filepath.Join(e.Root, d))
		}
	}
	Sweep(dirs...)
}

// Sweep deletes what killed runs left in folders.
func Sweep(dirs ...string) {
	for _, dir := range dirs {
		if bounded.Inside(dir) == nil {
			SweepOf(dir, func(string) bool { return true })
		}
	}
}

// SweepOf deletes what killed runs left in a folder of the files that are mine.
func SweepOf(dir string, mine func(name string) bool) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if name := entry.Name(); entry.Type().IsRegular() && temporary().MatchString(name) && mine(strings.TrimRight(name[1:], "0123456789")) {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

// RemoveEmpty deletes a folder and those above it up to top, which stays, as far
// as nothing is in them.
func RemoveEmpty(dir, top string) {
	for ; dir != top; dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			return // something else is in it
		}
	}
}

// Read reads a credential, a sealed file or another small file of the
// repository, within bounds: it may come from a stranger.
func (r *Repository) Read(path string) ([]byte, error) {
	data, err := bounded.Read(path, bounded.MaxSecret)
	if err != nil {
		return nil, err
	}
	return data, bounded.Secret(path, data)
}

// ReadRendered reads what another program rendered.
func (r *Repository) ReadRendered(path string) ([]byte, error) {
	return bounded.Read(path, bounded.MaxFile)
}

// Write replaces a file by way of a temporary name in the same folder and a
// rename, so that a reader, or a kill, meets the old or the new one.
func (r *Repository) Write(path string, data []byte, mode os.FileMode) error {
	if err := bounded.Inside(path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return r.FileProblem("can't make the folder of", path, err)
	}
	if err := replace(path, data, mode, true); err != nil {
		return r.FileProblem("can't write", path, err)
	}
	settle(filepath.Dir(path))
	return nil
}

// Delete removes a file; one that is gone is none to complain about.
func (r *Repository) Delete(path string) error {
	if err := bounded.Inside(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r.FileProblem("can't delete", path, err)
	}
	settle(filepath.Dir(path))
	return nil
}

// settle makes a rename or a removal last through a loss of power, where the
// file system can. The file itself is safe before it is renamed.
func settle(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// FileProblem words a file system error: its own cause, never file content.
func (r *Repository) FileProblem(what, path string, err error) error {
	var told problem.Problem
	if errors.As(err, &told) {
		return told
	}
	cause := "unknown cause"
	var pe *os.PathError
	var le *os.LinkError
	var se *os.SyscallError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		cause = "no such file or directory" // on every system
	case errors.As(err, &pe):
		cause = pe.Err.Error()
	case errors.As(err, &le):
		cause = le.Err.Error()
	case errors.As(err, &se):
		cause = se.Err.Error()
	}
	return problem.Problem{File: r.Show(path), What: what + " this file: " + cause}
}
