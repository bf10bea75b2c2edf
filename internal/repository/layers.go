package repository

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/layers"
)

// Unplaced is what is wrong with a spec that kustomize has merged, told while
// kustomize still works: which layer said it can be asked when it is done.
type Unplaced struct {
	Root   string
	Config []byte
	Err    error
}

func (u Unplaced) Error() string { return u.Err.Error() }

// Unwrap is what is wrong.
func (u Unplaced) Unwrap() error { return u.Err }

// Settle says of what is wrong with a spec in which layer it stands, once
// kustomize is done. Any other error stays as it is.
func (r *Repository) Settle(err error) error {
	var u Unplaced
	if errors.As(err, &u) {
		return r.InSpec(u.Root, u.Config, u.Err)
	}
	return err
}

// InSpec is InEnvironment, with the file, line and column of the layer that
// said what is wrong, as far as that can be known.
func (r *Repository) InSpec(root string, config []byte, err error) error {
	return r.InEnvironment(root, r.placed(root, config, err))
}

// Place is a problem of an environment's spec, in the layer that it stands in.
func (r *Repository) Place(e Environment, p problem.Problem) problem.Problem {
	p.File = ""
	var l problem.List
	l.Join(r.InFile(e.Root, r.placed(e.Root, e.Config, p)))
	return l[0]
}

// placed gives problems of a merged spec their places.
func (r *Repository) placed(root string, config []byte, err error) error {
	if err == nil {
		return nil
	}
	var l problem.List
	l.Join(err)
	var merged *layers.Merged
	for i, p := range l {
		if p.File != "" || p.Path == "" {
			continue
		}
		if merged == nil {
			if merged = r.merged(root, config); merged == nil {
				return err
			}
		}
		if at, ok := merged.Find(p.Path, p.Named || strings.HasPrefix(p.What, "the key ")); ok {
			l[i].File, l[i].Line, l[i].Column = r.Show(at.File), at.Line, at.Column
			l[i].Source, l[i].Caret = at.Excerpt(p)
		}
	}
	if merged == nil {
		return err
	}
	return located{l, err}
}

// merged is a spec as kustomize merges it, and with the marks of its layers; nil
// where the layers can't be had, or come to something else.
func (r *Repository) merged(root string, config []byte) *layers.Merged {
	if !kustomize.Again(root) {
		return nil
	}
	// What is named from elsewhere, or made by a program, has no place here.
	allow := kustomize.Allow{Large: r.Allow.Large}
	found, paths, err := allow.Layers(root, nil)
	if err != nil {
		return nil
	}
	at := -1
	for i, f := range found {
		if sameSpec(f.Spec, config) {
			at = i
			break
		}
	}
	if at < 0 {
		return nil
	}
	files, top := r.layersOf(root, paths)
	marked := layers.Mark(files, top)
	if len(marked.Texts) == 0 {
		return nil
	}
	with, _, err := allow.Layers(root, marked.Texts)
	if err != nil || len(with) != len(found) {
		return nil
	}
	merged, ok := marked.Merged(found[at].Spec, with[at].Spec)
	if !ok {
		return nil
	}
	return merged
}

// layersOf reads what a merge has read, and the kustomization that names it.
func (r *Repository) layersOf(root string, paths []string) (files []layers.File, top string) {
	for _, name := range layers.Kustomizations {
		if path := filepath.Join(root, name); top == "" && Exists(path) {
			top, paths = path, append(paths, path)
		}
	}
	for _, path := range paths {
		if data, err := bounded.Read(path, bounded.MaxFile); err == nil {
			files = append(files, layers.File{Path: path, Text: data})
		}
	}
	return files, top
}

// sameSpec says whether two merges are of one spec: kustomize takes notes in
// annotations.
func sameSpec(a, b []byte) bool {
	var x, y map[string]any
	if yaml.Unmarshal(a, &x) != nil || yaml.Unmarshal(b, &y) != nil {
		return false
	}
	for _, doc := range []map[string]any{x, y} {
		if m, ok := doc["metadata"].(map[string]any); ok {
			delete(m, "annotations")
		}
	}
	return reflect.DeepEqual(x, y)
}
