package repository

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
)

// The bounds of what is watched: a stranger's file can name any folder of its
// repository, and the system has only so many watches for all programs.
const (
	mostFolders = 4_000
	mostPaths   = 100_000
)

// Reach is what commands on some environments can read, as absolute paths. A
// change of anything else can't change what they print.
type Reach struct {
	Files   []string // of that name: what is there, or may come
	Folders []string // all that is in these, each folder below being one of them
	Search  []string // in these a kustomization, or a folder that gets one, may come
	Count   int      // the files that are there
}

// Reach is what commands on dirs can read, OrOnly and patterns included. With
// blind the specs are not merged to find out: what is named in their files counts
// then as if it stood beside them. What can't be read reaches nothing: a build
// says why.
func (r *Repository) Reach(dirs []string, blind bool) (Reach, error) {
	c := &collection{files: map[string]bool{}, folders: map[string]bool{}, search: map[string]bool{}, large: r.Allow.Large}
	for _, dir := range dirs {
		at := r.Abs(dir)
		switch info, err := os.Stat(at); {
		case HasKustomization(at):
			r.reached(c, at, blind)
		case strings.ContainsAny(dir, "*?[") && !Exists(at):
			roots, _ := r.matching(dir)
			for _, root := range roots {
				r.reached(c, root, blind)
			}
			fixed, _, _ := strings.Cut(at, "*")
			fixed, _, _ = strings.Cut(fixed, "?")
			fixed, _, _ = strings.Cut(fixed, "[")
			c.searched(r, filepath.Dir(fixed+"x"), blind)
		case err == nil && info.IsDir():
			c.searched(r, at, blind)
		}
		c.named(at)
	}
	c.named(filepath.Join(r.Ruled(), JournalName))
	if c.over {
		return Reach{}, problem.Problem{What: fmt.Sprintf("what these environments reach is more than %d folders, or %d files", mostFolders, mostPaths), Want: "fewer environments at once", Next: "the same command with the folder of one environment\nor, if this is meant, with " + kustomize.LargeFlag}
	}
	return Reach{SortedKeys(c.files), SortedKeys(c.folders), SortedKeys(c.search), c.count}, nil
}

// reached collects what one kustomization reaches.
func (r *Repository) reached(c *collection, dir string, blind bool) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return
	}
	top := r.top(real)
	t := &touch{top: top, old: top, seen: map[string]bool{}, asked: map[question]bool{}, bases: []string{real}, reach: c}
	if !blind {
		found, _ := r.Allow.Find(dir)
		t.specs(found)
	}
	t.environment(dir, real)
}

// top is the folder that no build of dir leads out of: its git repository, and
// without one the folder whose .sops.yaml counts, or this one.
func (r *Repository) top(dir string) string {
	if top := bounded.RepositoryOf(dir); top != "" {
		return top
	}
	if top := r.At(dir).Ruled(); top != dir {
		return top
	}
	if within(r.Dir, dir) {
		return r.Dir
	}
	return dir
}

// collection is what a touch comes by where it compares nothing. On nil, which
// is one of a touch that compares, its methods do nothing.
type collection struct {
	files, folders, search map[string]bool
	count                  int
	large                  bool // there is no too much
	over                   bool // there is too much of it
}

// takes says whether to go on to a path below top: not where a link leads out,
// and not to what is git's own.
func (c *collection) takes(top, path string) bool {
	if c == nil {
		return true
	}
	rel, err := filepath.Rel(top, path)
	return err == nil && !c.over && !slices.Contains(strings.Split(rel, string(filepath.Separator)), ".git") && !bounded.LeadsOut(path, top)
}

// met takes what is at a path.
func (c *collection) met(top, path string, info fs.FileInfo) {
	switch {
	case c == nil:
	case info != nil && info.IsDir():
		c.folders[path] = true
		if path != top { // in whose place another may come
			c.files[path] = true
		}
	default:
		c.named(path)
	}
	c.bounded()
}

// named takes the name of a file, whether it is there or not.
func (c *collection) named(path string) {
	if c == nil || c.files[path] {
		return
	}
	c.files[path] = true
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		c.count++
	} else if err != nil {
		// Nothing can be watched in a folder that isn't there: the first that is missing.
		for dir := filepath.Dir(path); !Exists(dir) && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			c.files[dir] = true
		}
	}
	c.bounded()
}

func (c *collection) bounded() {
	if c != nil && !c.large && (len(c.folders)+len(c.search) > mostFolders || len(c.files) > mostPaths) {
		c.over = true
	}
}

// searched takes the kustomizations below a folder, and the folders where one
// may come, as Candidates looks for them.
func (c *collection) searched(r *Repository, top string, blind bool) {
	_ = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fs.SkipDir
		case c.over:
			return fs.SkipAll
		case !d.IsDir():
			return nil
		case path != top && strings.HasPrefix(d.Name(), "."), Exists(filepath.Join(path, MarkerName)):
			return fs.SkipDir
		case HasKustomization(path):
			r.reached(c, path, blind)
		}
		c.search[path] = true
		c.bounded()
		return nil
	})
}
