package bounded

import (
	"os"
	"path/filepath"

	"github.com/reggen/reggen/generator/problem"
)

// Inside refuses a path below a git repository that links lead out of it: a
// stranger's link in the place of a folder would have files read, written and
// deleted elsewhere. The last part need not be there yet.
func Inside(path string) error {
	top := RepositoryOf(filepath.Dir(path))
	if top == "" || !LeadsOut(path, top) {
		return nil
	}
	return problem.Problem{File: path, What: "leads out of the repository, or to nothing, by a link", Want: "files of the repository " + top}
}

// LeadsOut says whether links on the way to a path lead out of the folder top,
// or to nothing. What isn't there yet leads where its folder does.
func LeadsOut(path, top string) bool {
	real, dir := "", path
	for {
		var err error
		if real, err = filepath.EvalSymlinks(dir); err == nil {
			break
		}
		if _, err := os.Lstat(dir); err == nil {
			return true // a link to nothing, or in a circle
		}
		if dir = filepath.Dir(dir); dir == filepath.Dir(dir) {
			return false
		}
	}
	realTop, err := filepath.EvalSymlinks(top)
	if err != nil {
		return true
	}
	rel, err := filepath.Rel(realTop, real)
	return err != nil || rel != "." && !filepath.IsLocal(rel)
}

// RepositoryOf is the git repository that a folder lies in, "" for none.
func RepositoryOf(dir string) string {
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}
