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

// Candidates are the folders that may be meant by the arguments of a command.
// Whether one that was found below a folder is an environment is costly to
// find out: that can be left to several processes, and is put together here.
type Candidates struct {
	named []string // kustomizations that were named: meant, whatever they are
	below []below
	errs  []argument
}

// argument is what is wrong with an argument, behind so many of below.
type argument struct {
	behind int
	err    error
}

// below are the kustomizations below one folder.
type below struct {
	dir   string
	found []step
}

// step is a kustomization on the walk, or what is wrong with a folder there.
type step struct {
	path string
	err  error
}

// Judgement says whether a kustomization itself hands a spec to reggen.
type Judgement struct {
	Is  bool
	Err error
}

// Candidates looks for them, and builds nothing.
func (r *Repository) Candidates(dirs []string) (c Candidates) {
	for _, dir := range dirs {
		at := r.Abs(dir)
		info, err := os.Stat(at)
		switch {
		case err == nil && info.Mode().IsRegular() && len(dirs) > 1:
			// A shell's overlays/* names the README beside the environments, too.
		case HasKustomization(at):
			c.named = append(c.named, at)
		case err != nil && strings.ContainsAny(dir, "*?[") && !Exists(at):
			roots, err := r.matching(dir)
			c.named = append(c.named, roots...)
			c.errs = append(c.errs, argument{len(c.below), err})
		default:
			b, err := r.below(at)
			if err != nil {
				c.errs = append(c.errs, argument{len(c.below), err})
				continue
			}
			c.below = append(c.below, b)
		}
	}
	return c
}

// Named are those that were named, sorted, each once.
func (c Candidates) Named() []string { return slices.Compact(slices.Sorted(slices.Values(c.named))) }

// Doubtful are those that are to be judged, sorted, each once.
func (c Candidates) Doubtful() []string {
	var out []string
	for _, b := range c.below {
		out = append(out, b.doubtful()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (b below) doubtful() (out []string) {
	for _, s := range b.found {
		if s.err == nil {
			out = append(out, s.path)
		}
	}
	return out
}

// Settle are the environments: absolute, sorted, each once, and complete but
// for what the error names.
func (c Candidates) Settle(judged map[string]Judgement) ([]string, error) {
	var l problem.List
	found := map[string]bool{}
	for _, path := range c.named {
		found[path] = true
	}
	errs := c.errs
	for i, b := range c.below {
		for len(errs) > 0 && errs[0].behind <= i {
			l.Join(errs[0].err)
			errs = errs[1:]
		}
		roots, err := b.settle(judged)
		l.Join(err)
		for _, path := range roots {
			found[path] = true
		}
	}
	for _, e := range errs {
		l.Join(e.err)
	}
	return slices.Sorted(maps.Keys(found)), l.Err()
}

func (b below) settle(judged map[string]Judgement) ([]string, error) {
	var out []string
	var l problem.List
	for _, s := range b.found {
		j := judged[s.path]
		if s.err != nil {
			l.Join(s.err)
			continue
		}
		l.Join(j.Err)
		if j.Is {
			out = append(out, s.path)
		}
	}
	if len(l) == 0 && len(out) == 0 {
		return nil, Absence{problem.Problem{File: b.dir, What: "no environment here or below", Next: "reggen init " + problem.QuoteArg(filepath.Join(b.dir, "NAME"))}}
	}
	return out, l.Err()
}

// Judge finds out whether a kustomization itself hands a spec to reggen.
func (r *Repository) Judge(dir string) (j Judgement) {
	found, err := r.Allow.Find(dir)
	j.Err = err
	for _, f := range found {
		j.Is = j.Is || f.Root == dir
	}
	return j
}

// below walks to the kustomizations below a folder.
func (r *Repository) below(dir string) (below, error) {
	b := below{dir: dir}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return err
		case err != nil:
			b.found = append(b.found, step{path, problem.Problem{File: path, What: "can't read this folder"}})
			return fs.SkipDir
		case !d.IsDir():
			return nil
		case path != dir && strings.HasPrefix(d.Name(), "."), Exists(filepath.Join(path, MarkerName)):
			return filepath.SkipDir
		case HasKustomization(path):
			b.found = append(b.found, step{path, nil})
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return b, Absence{problem.Problem{File: dir, What: "no such folder"}}
	}
	if err != nil {
		b.found = append(b.found, step{dir, err})
	}
	return b, nil
}
