package repository

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/kustomize"
)

// ChosenDir is the environment that a command on users and credentials works on: the
// one of the flag, the current folder, or the only one below overlays/.
func (r *Repository) ChosenDir(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	return r.only("--dir with the folder of an environment")
}

// OrOnly is the environment that is meant where a command names none.
func (r *Repository) OrOnly(dirs []string) ([]string, error) {
	if len(dirs) > 0 {
		return dirs, nil
	}
	dir, err := r.only("the folder of an environment")
	return []string{dir}, err
}

// only is the current folder, or the only environment below overlays/.
func (r *Repository) only(want string) (string, error) {
	if HasKustomization(r.Dir) {
		return ".", nil
	}
	found := r.overlays(r.Dir)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		p := problem.Problem{What: "no environment here and none below overlays/", Want: want, Next: "reggen init"}
		if up, there := r.above(r.Dir); there != "" {
			p.Next = "cd " + problem.QuoteArg(up) + "   # " + there
		}
		return "", p
	}
	return "", problem.Problem{What: "more than one environment: " + strings.Join(found, ", "), Want: want}
}

// Chosen is the environment that dir gives for a flag.
func (r *Repository) Chosen(flag string) (Environment, error) {
	dir, err := r.ChosenDir(flag)
	if err != nil {
		return Environment{}, err
	}
	return r.Environment(dir)
}

// overlays are the environments in the folder overlays of top. One whose
// kustomization is broken or lost is among them, so that what reads it says
// what is wrong, not that there is none.
func (r *Repository) overlays(top string) (found []string) {
	entries, _ := os.ReadDir(filepath.Join(top, "overlays")) // Glob would trip over a bracket in top
	for _, entry := range entries {
		if dir := filepath.Join(top, "overlays", entry.Name()); r.isEnvironment(dir) {
			found = append(found, r.Rel(dir))
		}
	}
	return found
}

// isEnvironment says that a folder is one, or was meant to be.
func (r *Repository) isEnvironment(dir string) bool {
	if Exists(filepath.Join(dir, "credentials")) {
		return true
	}
	if !HasKustomization(dir) {
		return false
	}
	found, err := r.Allow.Find(dir)
	return err != nil || slices.ContainsFunc(found, func(f kustomize.Found) bool {
		d, err := spec.DecodeAny(f.Spec, "")
		return err != nil || d.Seals() // else it takes what another one sealed
	})
}

// above looks for the folder that was meant by somebody who stands in one of
// its subfolders: up is the way to it, there what it is; empty when there is
// none before the end of the repository.
func (r *Repository) above(dir string) (up, there string) {
	for range strings.Count(dir, string(filepath.Separator)) {
		if Exists(filepath.Join(dir, ".git")) {
			return "", ""
		}
		dir, up = filepath.Dir(dir), filepath.Join(up, "..")
		if Exists(filepath.Join(dir, "credentials")) && HasKustomization(dir) {
			return up, "the environment"
		}
		if found := r.overlays(dir); len(found) > 0 {
			rel, err := filepath.Rel(dir, r.Abs(found[0]))
			if err != nil {
				return "", ""
			}
			return up, "where " + rel + " is"
		}
	}
	return "", ""
}

// NoRegistry says that a folder was named that is no environment, and which
// one was likely meant.
func (r *Repository) NoRegistry(dir string) problem.Problem {
	at := r.Abs(dir)
	p := problem.Problem{File: r.Show(at), What: "no Registry: no kustomization.yaml here or below it lists one under generators", Next: "reggen init " + problem.QuoteArg(dir)}
	parent := filepath.Dir(at)
	switch {
	case Exists(filepath.Join(at, "registry")) && Exists(filepath.Join(at, "credentials")):
		p.Next = "write this line into its kustomization.yaml: generators: [registry]"
	case Exists(filepath.Join(parent, "credentials")) && HasKustomization(parent):
		p.Want, p.Next = "the folder of the environment: "+r.Show(parent), ""
	case HasKustomization(at):
		if found := r.overlays(r.Dir); len(found) > 0 {
			p.Want, p.Next = "the folder of an environment, for instance "+found[0], ""
		}
	}
	return p
}
