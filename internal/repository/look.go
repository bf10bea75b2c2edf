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

// Peek reads a regular file of at most limit bytes, whatever it is for. Its errors
// are those of bounded.Read.
func Peek(path string, limit int64) ([]byte, error) { return bounded.Read(path, limit) }
