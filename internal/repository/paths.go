package repository

import (
	"path/filepath"
	"strings"

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
