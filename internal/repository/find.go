package repository

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
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
func (w *Repository) Discover(dirs []string) ([]string, error) {
	var l problem.List
	found := map[string]bool{}
	for _, dir := range dirs {
		// A shell's overlays/* names the README beside the environments, too.
		if info, err := os.Stat(w.Abs(dir)); err == nil && info.Mode().IsRegular() && len(dirs) > 1 {
			continue
		}
		roots, err := w.Expand(dir)
		l.Join(err)
		for _, r := range roots {
			found[r] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), l.Err()
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
	// fs.Glob takes what stands in front of the pattern as it is: a folder may
	// have a bracket in its name.
	base, pattern := r.Dir, filepath.ToSlash(filepath.Clean(dir))
	if filepath.IsAbs(pattern) {
		base, pattern = "/", strings.TrimPrefix(pattern, "/")
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

// HasKustomization says whether a folder holds a kustomization file.
func HasKustomization(dir string) bool {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if Exists(filepath.Join(dir, name)) {
			return true
		}
	}
	return false
}

// Below finds the environments below a folder: kustomizations that themselves
// hand a Registry to reggen. What reggen rendered holds none.
func (r *Repository) Below(dir string) ([]string, error) {
	var out []string
	var l problem.List
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return err
		case err != nil:
			l.Add(problem.Problem{File: path, What: "can't read this folder"})
			return fs.SkipDir
		case !d.IsDir():
			return nil
		case path != dir && strings.HasPrefix(d.Name(), "."), Exists(filepath.Join(path, MarkerName)):
			return filepath.SkipDir
		case !HasKustomization(path):
			return nil
		}
		found, err := r.Allow.Find(path)
		l.Join(err)
		for _, f := range found {
			if f.Root == path {
				out = append(out, path)
				break
			}
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Absence{problem.Problem{File: dir, What: "no such folder"}}
	}
	l.Join(err)
	if len(l) == 0 && len(out) == 0 {
		return nil, Absence{problem.Problem{File: dir, What: "no environment here or below", Next: "reggen init " + problem.QuoteArg(filepath.Join(dir, "NAME"))}}
	}
	return out, l.Err()
}
