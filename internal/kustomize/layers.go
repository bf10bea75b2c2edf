package kustomize

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/layers"
)

// Layers resolves the Registries that the kustomization of root names, root
// being as Find returns it, with the texts in replace in the place of the
// files of those absolute paths. files are the local files that were read for
// it, in the order in which kustomize read them: the layers of the specs and
// the kustomizations that list them.
func (a Allow) Layers(root string, replace map[string][]byte) (found []Found, files []string, err error) {
	type layers struct {
		found []Found
		files []string
	}
	l, err := within(a, root, func() (l layers, err error) {
		l.found, l.files, err = a.layers(root, replace)
		return l, err
	})
	return l.found, l.files, err
}

func (a Allow) layers(root string, replace map[string][]byte) (found []Found, files []string, err error) {
	useNone()
	k, err := a.read(root)
	if err != nil {
		return nil, nil, err
	}
	if k == nil {
		return nil, nil, a.missing(root)
	}
	if text, is := replace[k.file]; is {
		k = &kustomization{allow: a, dir: k.dir, file: k.file, text: text}
		if err := yaml.Unmarshal(text, &k.lists); err != nil {
			return nil, nil, err
		}
	}
	for _, entry := range slices.Concat(k.Generators, k.Transformers) {
		r := a.reader()
		for path, text := range replace {
			r.replace[path] = text
		}
		specs, err := k.resolveIn(r, entry)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range specs {
			found = append(found, Found{k.dir, s.text, s.annotated})
		}
		for _, path := range r.read {
			if path = filepath.Clean(path); path != k.file && !slices.Contains(files, path) {
				files = append(files, path)
			}
		}
	}
	return found, files, nil
}

// Again says that there is time left for another run on a folder, for what is
// good to have and nothing that has to be.
func Again(root string) bool {
	mutex.Lock()
	defer mutex.Unlock()
	return spent == nil && used[root] < maxCPU/3
}

// clashes are the layers below dir that kustomize can't merge, where it says so.
func (a Allow) clashes(dir, text string) problem.List {
	if !strings.Contains(strings.ToLower(text), "wrong node kind") {
		return nil
	}
	k, err := a.read(dir)
	if err != nil || k == nil {
		return nil
	}
	var files []layers.File
	seen := map[string]bool{}
	var look func(path string)
	look = func(path string) {
		if info, err := os.Stat(path); err != nil || seen[path] {
			return
		} else if info.IsDir() {
			for _, name := range names {
				look(filepath.Join(path, name))
			}
			return
		}
		seen[path] = true
		data, err := a.readFile(path)
		if err != nil {
			return
		}
		files = append(files, layers.File{Path: path, Text: data})
		if isKustomization(path) {
			for _, entry := range layers.Named(data) {
				look(filepath.Join(filepath.Dir(path), entry))
			}
		}
	}
	look(k.file)
	return layers.Clashes(files, k.file)
}
