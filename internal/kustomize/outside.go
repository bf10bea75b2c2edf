package kustomize

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// Outside names every file below dir that makes kustomize run a program or ask
// the network, for those who allow it here or run kustomize themselves. What
// can't be read is left to a build to tell.
func Outside(dir string) problem.List {
	found, _ := within(Allow{}, dir, func() (problem.List, error) {
		var l problem.List
		Allow{}.everyFile(dir, map[string]bool{}, func(k *kustomization) {
			l = append(l, Allow{}.refused(k.file, k.text)...)
			var started problem.List
			started.Join(Allow{}.reader().vet(k.file, k.text))
			for _, p := range started { // what else is wrong, a build says
				if p.File == k.file && p.Path == pluginPath {
					l.Add(p)
				}
			}
		})
		for _, f := range (Allow{}).foreign(dir) {
			l.Add(f.refusal())
		}
		for i := range l {
			l[i].Next = "" // who asks has allowed it
		}
		return l, nil
	})
	return found
}

// everyFile visits the kustomizations that dir reaches, those of specs among
// them.
func (a Allow) everyFile(dir string, seen map[string]bool, visit func(*kustomization)) {
	if real, err := bounded.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if seen[dir] {
		return
	}
	seen[dir] = true
	k, err := a.read(dir)
	if err != nil || k == nil {
		return
	}
	visit(k)
	for _, entry := range slices.Concat(k.Resources, k.Bases, k.Components, k.Generators, k.Transformers, k.Validators) {
		path := filepath.Join(dir, entry)
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			a.everyFile(path, seen, visit)
		}
	}
}
