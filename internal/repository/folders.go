package repository

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/seen"
)

// folder is what one of credentials or of sealed files holds.
type folder struct {
	shown string
	files []generator.File
}

// Size is how much of it is remembered, in bytes.
func (f folder) Size() (n int) {
	for _, file := range f.files {
		n += len(file.Path) + len(file.Data)
	}
	return n
}

// folders are an environment's own, as one piece of work has read them.
type folders struct {
	mu sync.Mutex
	of map[string]folder
}

// shared are folders that environments name outside of themselves.
var shared seen.Memo[folder]

// Remembering is the repository for work that reads an environment several times
// and takes its files to stay as they are meanwhile: each of its folders of
// credentials and sealed files is read once, and one that environments share once
// for all of them, while that is remembered (package seen).
func (r *Repository) Remembering() *Repository {
	if r.folders != nil {
		return r
	}
	other := *r
	other.folders = &folders{of: map[string]folder{}}
	return &other
}

// Folder reads *.yaml and *.yml of folders relative to root, sorted by name.
func (r *Repository) Folder(root string) generator.Folder {
	return func(rel string) (string, []generator.File, error) {
		dir := filepath.Join(root, rel)
		if top := bounded.RepositoryOf(root); top != "" && bounded.RepositoryOf(dir) != top {
			return r.Show(dir), nil, problem.Problem{File: dir, What: "is outside the repository", Want: "a folder of the repository " + top}
		}
		f, err := r.remembered(dir, filepath.IsLocal(rel))
		return f.shown, slices.Clone(f.files), err
	}
}

// remembered is readFolder, or what it said before.
func (r *Repository) remembered(dir string, own bool) (f folder, err error) {
	read := func() (folder, error) { return r.readFolder(dir) }
	key := r.Dir + "\n" + dir // paths are shown as seen from there
	switch {
	case r.folders == nil:
		return read()
	case !own:
		return shared.Get(key, read)
	}
	r.folders.mu.Lock()
	defer r.folders.mu.Unlock()
	f, known := r.folders.of[key]
	if !known {
		if f, err = read(); err == nil {
			r.folders.of[key] = f
		}
	}
	return f, err
}

func (r *Repository) readFolder(dir string) (folder, error) {
	f := folder{shown: r.Show(dir)}
	if err := bounded.InsideToRead(dir); err != nil {
		return f, err
	}
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && problem.Steers(r.Rel(dir)):
		return f, problem.Problem{File: dir, What: "has characters in its name that can't be seen", Next: "rename it"}
	case errors.Is(err, fs.ErrNotExist):
		return f, err
	case err != nil:
		return f, r.FileProblem("can't read", dir, err)
	}
	size := 0
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasPrefix(name, ".") || (filepath.Ext(name) != ".yaml" && filepath.Ext(name) != ".yml") ||
			name == "kustomization.yaml" || name == "kustomization.yml" {
			continue
		}
		data, err := r.readIn(dir, e)
		if err != nil {
			return folder{shown: f.shown}, err
		}
		if size += len(data); size > bounded.MaxFolder || len(f.files) == bounded.MaxFiles {
			return folder{shown: f.shown}, problem.Problem{File: dir, What: "holds too much", Want: fmt.Sprintf("at most %d files and %d MiB of credentials or sealed files", bounded.MaxFiles, bounded.MaxFolder>>20)}
		}
		f.files = append(f.files, generator.File{Path: r.Show(filepath.Join(dir, name)), Data: data})
	}
	sort.Slice(f.files, func(i, j int) bool { return f.files[i].Path < f.files[j].Path })
	return f, nil
}

// readIn reads one file of a folder.
func (r *Repository) readIn(dir string, e fs.DirEntry) ([]byte, error) {
	path := filepath.Join(dir, e.Name())
	if problem.Steers(e.Name()) {
		return nil, problem.Problem{File: path, What: "has characters in its name that can't be seen", Next: "rename it"}
	}
	if !e.Type().IsRegular() { // else it is where its folder is, which is looked at above
		if err := bounded.InsideToRead(path); err != nil {
			return nil, err
		}
	}
	data, err := r.Read(path)
	if err != nil {
		return nil, r.FileProblem("can't read", path, err)
	}
	return data, nil
}
