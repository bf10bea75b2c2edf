package repository

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/reggen/reggen/generator/bounded"
)

// Entries are what a folder holds; none where it can't be read.
func Entries(dir string) []fs.DirEntry {
	entries, _ := os.ReadDir(dir)
	return entries
}

// Walk calls visit for all that is below a folder, as filepath.WalkDir does.
func Walk(dir string, visit fs.WalkDirFunc) error { return filepath.WalkDir(dir, visit) }

// Given reads a file that the command line names, - for standard input, as long as
// one with secrets may be; name is how a message names it. It need not be in a
// repository.
func (r *Repository) Given(file string, stdin func() ([]byte, error)) (text []byte, name string, err error) {
	if file == "-" {
		text, err = stdin()
		return text, "standard input", err
	}
	path := r.Abs(file)
	if text, err = Peek(path, bounded.MaxSecret); err != nil && !bounded.IsProblem(err) {
		err = r.FileProblem("can't read", path, err)
	}
	return text, r.Show(path), err
}

// Peek reads a regular file of at most limit bytes, whatever it is for. Its errors
// are those of bounded.Read.
func Peek(path string, limit int64) ([]byte, error) { return bounded.Read(path, limit) }
