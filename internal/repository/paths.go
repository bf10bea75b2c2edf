package repository

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// Abs makes a path absolute against the working directory.
func (r *Repository) Abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(r.Dir, path)
}

// Show is how a path is written for a person: relative when it lies below the
// working directory, whole otherwise and whenever kustomize started us.
func (r *Repository) Show(path string) string { return problem.Shown(r.Rel(path)) }

// Rel is a path as show names it, with slashes on every system, as git does.
func (r *Repository) Rel(path string) string {
	if r.FunctionMode {
		return filepath.ToSlash(path)
	}
	rel, err := filepath.Rel(r.Dir, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

// Folder reads *.yaml and *.yml of folders relative to root, sorted by name.
func (r *Repository) Folder(root string) generator.Folder {
	return func(rel string) (string, []generator.File, error) {
		dir := filepath.Join(root, rel)
		shown := r.Show(dir)
		if top := bounded.RepositoryOf(root); top != "" && bounded.RepositoryOf(dir) != top {
			return shown, nil, problem.Problem{File: dir, What: "is outside the repository", Want: "a folder of the repository " + top}
		}
		if err := bounded.Inside(dir); err != nil {
			return shown, nil, err
		}
		entries, err := os.ReadDir(dir)
		switch {
		case err == nil && problem.Steers(r.Rel(dir)):
			return shown, nil, problem.Problem{File: dir, What: "has characters in its name that can't be seen", Next: "rename it"}
		case errors.Is(err, fs.ErrNotExist):
			return shown, nil, err
		case err != nil:
			return shown, nil, r.FileProblem("can't read", dir, err)
		}
		var files []generator.File
		size := 0
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() || strings.HasPrefix(name, ".") || (filepath.Ext(name) != ".yaml" && filepath.Ext(name) != ".yml") ||
				name == "kustomization.yaml" || name == "kustomization.yml" {
				continue
			}
			if problem.Steers(name) {
				return shown, nil, problem.Problem{File: filepath.Join(dir, name), What: "has characters in its name that can't be seen", Next: "rename it"}
			}
			if !e.Type().IsRegular() { // else it is where its folder is, which is looked at above
				if err := bounded.Inside(filepath.Join(dir, name)); err != nil {
					return shown, nil, err
				}
			}
			data, err := r.Read(filepath.Join(dir, name))
			if err != nil {
				return shown, nil, r.FileProblem("can't read", filepath.Join(dir, name), err)
			}
			if size += len(data); size > bounded.MaxFolder || len(files) == bounded.MaxFiles {
				return shown, nil, problem.Problem{File: dir, What: "holds too much", Want: fmt.Sprintf("at most %d files and %d MiB of credentials or sealed files", bounded.MaxFiles, bounded.MaxFolder>>20)}
			}
			files = append(files, generator.File{Path: r.Show(filepath.Join(dir, name)), Data: data})
		}
		sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
		return shown, files, nil
	}
}
