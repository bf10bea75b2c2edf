package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// overlays are the environments in the folder overlays of top. One whose
// kustomization is broken or lost is among them, so that what reads it says
// what is wrong, not that there is none.
func (w *World) overlays(top string) (found []string) {
	entries, _ := os.ReadDir(filepath.Join(top, "overlays")) // Glob would trip over a bracket in top
	for _, entry := range entries {
		if dir := filepath.Join(top, "overlays", entry.Name()); w.isEnvironment(dir) {
			found = append(found, w.rel(dir))
		}
	}
	return found
}

// isEnvironment says that a folder is one, or was meant to be.
func (w *World) isEnvironment(dir string) bool {
	if exists(filepath.Join(dir, "credentials")) {
		return true
	}
	if !hasKustomization(dir) {
		return false
	}
	found, err := w.Allow.Find(dir)
	return err != nil || len(found) > 0
}

// above looks for the folder that was meant by somebody who stands in one of
// its subfolders: up is the way to it, there what it is; empty when there is
// none before the end of the repository.
func (w *World) above(dir string) (up, there string) {
	for range strings.Count(dir, string(filepath.Separator)) {
		if exists(filepath.Join(dir, ".git")) {
			return "", ""
		}
		dir, up = filepath.Dir(dir), filepath.Join(up, "..")
		if exists(filepath.Join(dir, "credentials")) && hasKustomization(dir) {
			return up, "the environment"
		}
		if found := w.overlays(dir); len(found) > 0 {
			rel, err := filepath.Rel(dir, w.abs(found[0]))
			if err != nil {
				return "", ""
			}
			return up, "where " + rel + " is"
		}
	}
	return "", ""
}

// noRegistry says that a folder was named that is no environment, and which
// one was likely meant.
func (w *World) noRegistry(dir string) problem.Problem {
	at := w.abs(dir)
	p := problem.Problem{File: w.show(at), What: "no Registry: no kustomization.yaml here or below it lists one under generators", Next: "reggen init " + quoteArg(dir)}
	parent := filepath.Dir(at)
	switch {
	case exists(filepath.Join(at, "registry")) && exists(filepath.Join(at, "credentials")):
		p.Next = "write this line into its kustomization.yaml: generators: [registry]"
	case exists(filepath.Join(parent, "credentials")) && hasKustomization(parent):
		p.Want, p.Next = "the folder of the environment: "+w.show(parent), ""
	case hasKustomization(at):
		if found := w.overlays(w.Dir); len(found) > 0 {
			p.Want, p.Next = "the folder of an environment, for instance "+found[0], ""
		}
	}
	return p
}
