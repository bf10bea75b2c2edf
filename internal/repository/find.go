package repository

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/layers"
)

// OrAll is every environment below the working directory where none is named.
func OrAll(dirs []string) []string {
	if len(dirs) == 0 {
		return []string{"."}
	}
	return dirs
}

// Discover expands patterns, and folders that are no kustomizations into the
// environments below them. The result is absolute, sorted, each once, and
// complete but for what the error names.
func (r *Repository) Discover(dirs []string) ([]string, error) {
	c := r.Candidates(dirs)
	judged := map[string]Judgement{}
	for _, dir := range c.Doubtful() {
		judged[dir] = r.Judge(dir)
	}
	return c.Settle(judged)
}

// Expand is discover for one argument. Where there is nothing of that name the
// error is an absence.
func (r *Repository) Expand(dir string) ([]string, error) {
	at := r.Abs(dir)
	switch {
	case HasKustomization(at):
		return []string{at}, nil
	case Exists(at), !strings.ContainsAny(dir, "*?["):
		return r.Below(at)
	}
	return r.matching(dir)
}

// matching are the kustomizations that a pattern names.
func (r *Repository) matching(dir string) ([]string, error) {
	// fs.Glob takes what stands in front of the pattern as it is: a folder may
	// have a bracket in its name.
	base, pattern := r.Dir, filepath.ToSlash(filepath.Clean(dir))
	if filepath.IsAbs(pattern) {
		base = filepath.VolumeName(pattern) + "/"
		pattern = strings.TrimLeft(strings.TrimPrefix(pattern, filepath.VolumeName(pattern)), "/")
	}
	for strings.HasPrefix(pattern, "../") {
		base, pattern = filepath.Dir(base), strings.TrimPrefix(pattern, "../")
	}
	matches, err := fs.Glob(os.DirFS(base), pattern)
	if err != nil {
		return nil, problem.Problem{File: dir, What: "is no pattern", Want: "*, ? and [a-z] within names"}
	}
	var out []string
	for _, m := range matches {
		if m := filepath.Join(base, filepath.FromSlash(m)); HasKustomization(m) {
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		return nil, Absence{problem.Problem{File: dir, What: "matches no folder with a kustomization.yaml"}}
	}
	return out, nil
}

// IsKustomization says whether a file's name is that of a kustomization.
func IsKustomization(name string) bool { return slices.Contains(layers.Kustomizations, name) }

// HasKustomization says whether a folder holds a kustomization file.
func HasKustomization(dir string) bool {
	for _, name := range layers.Kustomizations {
		if Exists(filepath.Join(dir, name)) {
			return true
		}
	}
	return false
}

// Below finds the environments below a folder: kustomizations that themselves
// hand a Registry to reggen. What reggen rendered holds none.
func (r *Repository) Below(dir string) ([]string, error) {
	b, err := r.below(dir)
	if err != nil {
		return nil, err
	}
	judged := map[string]Judgement{}
	for _, path := range b.doubtful() {
		judged[path] = r.Judge(path)
	}
	return b.settle(judged)
}
