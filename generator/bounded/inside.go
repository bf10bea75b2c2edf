package bounded

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/seen"
)

// Inside refuses a path below a git repository that links lead out of it: a
// stranger's link in the place of a folder would have files read, written and
// deleted elsewhere. The last part need not be there yet.
func Inside(path string) error { return disk.inside(path) }

// InsideToRead is Inside for what is only read: where folders lead, and in which
// repository they are, is asked once where that is remembered (package seen).
func InsideToRead(path string) error { return remembered.inside(path) }

// LeadsOut says whether links on the way to a path lead out of the folder top,
// or to nothing. What isn't there yet leads where its folder does.
func LeadsOut(path, top string) bool { return disk.leadsOut(path, top) }

// RepositoryOf is the git repository that a folder lies in, "" for none, as it is
// remembered.
func RepositoryOf(dir string) string { return remembered.repositoryOf(dir) }

// EvalSymlinks is filepath.EvalSymlinks, which looks at each part of a path: once
// at those of folders, where that is remembered.
func EvalSymlinks(path string) (string, error) { return remembered.evalSymlinks(path) }

// asked is who says where folders are.
type asked struct {
	repositoryOf func(dir string) string
	evalSymlinks func(path string) (string, error)
	realFolder   func(dir string) (string, error)
}

var (
	disk       = asked{repositoryNow, filepath.EvalSymlinks, filepath.EvalSymlinks}
	remembered = asked{repositorySeen, evalSeen, realFolder}
)

func (a asked) inside(path string) error {
	top := a.repositoryOf(filepath.Dir(path))
	if top == "" || !a.leadsOut(path, top) {
		return nil
	}
	return problem.Problem{File: path, What: "leads out of the repository, or to nothing, by a link", Want: "files of the repository " + top}
}

func (a asked) leadsOut(path, top string) bool {
	real, dir := "", path
	for {
		var err error
		if real, err = a.evalSymlinks(dir); err == nil {
			break
		}
		if _, err := os.Lstat(dir); err == nil {
			return true // a link to nothing, or in a circle
		}
		if dir = filepath.Dir(dir); dir == filepath.Dir(dir) {
			return false
		}
	}
	realTop, err := a.realFolder(top)
	if err != nil {
		return true
	}
	rel, err := filepath.Rel(realTop, real)
	return err != nil || rel != "." && !filepath.IsLocal(rel)
}

func repositoryNow(dir string) string {
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// repositories are those of folders, and folders where these are without links.
var (
	repositories seen.Memo[string]
	folders      seen.Memo[string]
)

func repositorySeen(dir string) string {
	top, _ := repositories.Get(dir, func() (string, error) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir, nil
		}
		if up := filepath.Dir(dir); up != dir {
			return repositorySeen(up), nil
		}
		return "", nil
	})
	return top
}

func evalSeen(path string) (string, error) {
	dir := filepath.Dir(path)
	if runtime.GOOS == "windows" || dir == path || path != filepath.Clean(path) || !filepath.IsAbs(path) {
		return filepath.EvalSymlinks(path) // on Windows a path has several spellings
	}
	if real, known := folders.Known(path); known {
		return real, nil
	}
	real, err := realFolder(dir)
	if err != nil {
		return filepath.EvalSymlinks(path)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink != 0 {
		return filepath.EvalSymlinks(path)
	}
	return filepath.Join(real, filepath.Base(path)), nil
}

// errNoFolder is the error of realFolder for what is none.
var errNoFolder = errors.New("no folder")

// realFolder is where a folder is without links.
func realFolder(dir string) (string, error) {
	look := func() (string, error) {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return "", err
		}
		if info, err := os.Lstat(real); err != nil || !info.IsDir() {
			return "", errNoFolder
		}
		return real, nil
	}
	if runtime.GOOS == "windows" {
		return look()
	}
	return folders.Get(dir, look)
}
