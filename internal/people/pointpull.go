package people

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/edit"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// pointPulls plans the changes of this environment's own spec files after
// which every pull secret of one user is another's. Each edit is proven before
// it counts: the layers are merged again with it, and nothing but that one
// field may differ.
func (w *Work) pointPulls(e repository.Environment, from, to string) ([]repository.Change, error) {
	pulls := pullSecretsOf(e.Spec, from)
	texts := map[string][]byte{}
	why := map[string][]string{}
	var order []string
	var l problem.List
	merged := e.Config
	for _, pull := range pulls {
		path, text, after := w.pointPull(e, merged, texts, pull, from, to)
		if path == "" {
			l.Add(problem.Problem{File: w.Repo.Show(e.Root), Path: "spec.pullSecrets." + pull + ".user",
				What: fmt.Sprintf("can't be changed to %q by itself: no file of this environment's own holds it, or takes it, as a plain patch", to),
				Next: fmt.Sprintf("set spec.pullSecrets.%s.user to %q in a patch of this environment's spec, then run the same command again", pull, to)})
			continue
		}
		if _, seen := texts[path]; !seen {
			order = append(order, path)
		}
		texts[path], merged = text, after
		why[path] = append(why[path], pull)
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	var out []repository.Change
	for _, path := range order {
		names := strings.Join(why[path], " and ")
		out = append(out, repository.Change{Path: path, Data: texts[path], Why: fmt.Sprintf("pull secret%s %s: user %q", terminal.Plural(len(why[path])), names, to)})
	}
	return out, nil
}

// pointPull finds the file and the edit for one pull secret; path is "" when
// there is none. Where the field stands in a file of the environment's own it
// is changed there; else it is added to the environment's own patch, since
// other environments may share what lies outside.
func (w *Work) pointPull(e repository.Environment, merged []byte, texts map[string][]byte, pull, from, to string) (path string, text, after []byte) {
	_, files, err := w.Repo.Allow.Layers(e.Root, texts)
	if err != nil {
		return "", nil, nil
	}
	want := withPullUser(merged, pull, to)
	try := func(edit func([]byte) ([]byte, bool)) bool {
		for i := len(files) - 1; i >= 0; i-- {
			rel, err := filepath.Rel(e.Root, files[i])
			if err != nil || !filepath.IsLocal(rel) {
				continue
			}
			old, edited := texts[files[i]]
			if !edited {
				if old, err = w.Repo.Read(files[i]); err != nil {
					continue
				}
			}
			out, ok := edit(old)
			if !ok {
				continue
			}
			replace := map[string][]byte{files[i]: out}
			for p, t := range texts {
				if p != files[i] {
					replace[p] = t
				}
			}
			if got, same := w.mergedAs(e, replace, want); same {
				path, text, after = files[i], out, got
				return true
			}
		}
		return false
	}
	if !try(func(t []byte) ([]byte, bool) { return edit.ReplacePullUser(t, pull, from, to) }) {
		try(func(t []byte) ([]byte, bool) { return edit.InsertPullUser(t, pull, to) })
	}
	return path, text, after
}

// withPullUser is a merged Registry with the user of a pull secret changed.
func withPullUser(merged []byte, pull, user string) map[string]any {
	var doc map[string]any
	if yaml.Unmarshal(merged, &doc) != nil {
		return nil
	}
	s, _ := doc["spec"].(map[string]any)
	pulls, _ := s["pullSecrets"].(map[string]any)
	if one, ok := pulls[pull].(map[string]any); ok {
		one["user"] = user
	}
	return doc
}

// mergedAs merges the layers with some texts replaced and says whether the
// environment's Registry is then the one wanted.
func (w *Work) mergedAs(e repository.Environment, replace map[string][]byte, want map[string]any) (merged []byte, same bool) {
	found, _, err := w.Repo.Allow.Layers(e.Root, replace)
	if err != nil {
		return nil, false
	}
	for _, f := range found {
		var got map[string]any
		if yaml.Unmarshal(f.Spec, &got) == nil && reflect.DeepEqual(got, want) {
			return f.Spec, true
		}
	}
	return nil, false
}
