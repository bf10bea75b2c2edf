package repository

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/kustomize"
)

// Touched says whether anything that an environment's output can depend on
// differs from another copy of the repository. It would rather say so once too
// often: whatever in a file that is reached names something that is there is
// taken for a path, and what can't be told is a difference. top and oldTop are
// the repository's folders.
func (r *Repository) Touched(dir, top, oldTop string) bool {
	if r.Allow.Programs || r.Allow.Network {
		return true // what those give, no file says
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return true
	}
	t := &touch{top: top, old: oldTop, seen: map[string]bool{}, asked: map[question]bool{}, bases: []string{real}}
	found, err := r.Allow.Find(dir)
	if err != nil || !t.specs(found) {
		return true
	}
	t.environment(dir, real)
	return t.differs
}

// touch is a look at all that is reached, as far as nothing differs.
type touch struct {
	top, old string
	seen     map[string]bool
	bases    []string // the folders whose kustomizations hand over specs: their paths begin there
	spec     bool     // what is read is a merged spec, whose chart may be a folder above
	differs  bool

	asked map[question]bool // what was looked for already: a file may name one thing a million times
	reach *collection       // collects what is reached, and compares nothing: old is top then
}

// question is a path that something names.
type question struct {
	path string
	may  bool // come, later
}

// differ notes a difference, where any is looked for.
func (t *touch) differ(is bool) { t.differs = is && t.reach == nil }

// environment looks at the folder of an environment.
func (t *touch) environment(dir, real string) {
	t.look(real)
	if dir != real {
		t.look(dir)
	}
}

// specs looks at what merged specs name; false where one can't be read.
func (t *touch) specs(found []kustomize.Found) bool {
	for _, f := range found {
		d, err := spec.DecodeAny(f.Spec, "")
		if err != nil {
			return false
		}
		t.bases = append(t.bases, f.Root)
		for _, rel := range append([]string{d.Secrets.Sealed}, d.Secrets.Credentials...) {
			t.look(filepath.Join(f.Root, rel))
		}
		t.spec = true
		t.scalars(f.Root, f.Spec)
		t.spec = false
	}
	return true
}

// look looks at a file, or at all that is in a folder.
func (t *touch) look(path string) {
	if t.differs || t.seen[path] {
		return
	}
	t.seen[path] = true
	defer func(was bool) { t.spec = was }(t.spec)
	t.spec = false
	rel, err := filepath.Rel(t.top, path)
	if err != nil || !filepath.IsLocal(rel) || !t.reach.takes(t.top, path) {
		return // no build reads what is outside
	}
	for dir := filepath.Dir(path); path != t.top; dir = filepath.Dir(dir) {
		for _, name := range []string{rules.ConfigName, ".sops.yml"} {
			t.file(filepath.Join(dir, name))
		}
		if dir == t.top || dir == filepath.Dir(dir) {
			break
		}
	}
	other := filepath.Join(t.old, rel)
	info, err := os.Lstat(path)
	was, errWas := os.Lstat(other)
	t.reach.met(t.top, path, info)
	switch {
	case err != nil && errWas != nil:
		return
	case err != nil || errWas != nil || info.Mode().Type() != was.Mode().Type():
		t.differ(true)
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := filepath.EvalSymlinks(path)
		link, err2 := os.Readlink(path)
		before, err3 := os.Readlink(other)
		if t.differ(err != nil || err2 != nil || err3 != nil || link != before); !t.differs && err == nil {
			t.look(to)
		}
	case info.IsDir():
		t.folder(path, other)
	default:
		t.file(path)
	}
}

func (t *touch) folder(path, other string) {
	now, err := os.ReadDir(path)
	was, errWas := os.ReadDir(other)
	if err != nil || errWas != nil {
		t.differ(true)
		return
	}
	names := map[string]bool{}
	for _, e := range append(now, was...) {
		names[e.Name()] = true
	}
	for _, name := range SortedKeys(names) {
		if name != ".git" {
			t.look(filepath.Join(path, name))
		}
	}
}

// file compares a file, and looks at what is named in it.
func (t *touch) file(path string) {
	if t.differs || t.seen[path+"\x00"] {
		return
	}
	t.seen[path+"\x00"] = true
	t.reach.named(path)
	rel, err := filepath.Rel(t.top, path)
	if err != nil {
		return
	}
	now, err := Peek(path, bounded.MaxFile)
	was, errWas := now, err
	if t.reach == nil {
		was, errWas = Peek(filepath.Join(t.old, rel), bounded.MaxFile)
	}
	if err != nil || errWas != nil {
		t.differ(!os.IsNotExist(err) || !os.IsNotExist(errWas))
		return
	}
	if t.differ(!bytes.Equal(now, was)); t.differs {
		return
	}
	if bounded.YAML(path, now) != nil { // no build takes it
		t.differ(true)
		return
	}
	if name := filepath.Base(path); filepath.Ext(name) == ".yaml" || filepath.Ext(name) == ".yml" || filepath.Ext(name) == ".json" || name == "Kustomization" {
		if name != rules.ConfigName {
			t.scalars(filepath.Dir(path), now)
		}
	}
}

// scalars looks at whatever a text names, seen from its folder and from those
// of the kustomizations.
func (t *touch) scalars(dir string, text []byte) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		if d.Decode(&doc) != nil {
			return // the end; and what is no YAML names nothing
		}
		t.node(dir, &doc)
	}
}

func (t *touch) node(dir string, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		t.named(dir, n.Value)
	}
	for _, c := range n.Content {
		t.node(dir, c)
	}
}

// named looks at what a text may name: a path, name=path, or an object of its
// own with such in it.
func (t *touch) named(dir, text string) {
	if strings.Contains(text, "\n") || strings.HasPrefix(strings.TrimSpace(text), "{") {
		if len(text) < 1<<16 {
			t.scalars(dir, []byte(text))
		}
		return
	}
	_, after, _ := strings.Cut(text, "=")
	for _, name := range []string{text, after} {
		if name == "" || len(name) > 4096 || strings.ContainsRune(name, 0) || filepath.IsAbs(name) {
			continue
		}
		for _, base := range append([]string{dir}, t.bases...) {
			path := filepath.Join(base, filepath.FromSlash(name))
			if !t.spec && within(path, dir) {
				continue // a folder above, which kustomize takes for nothing: it would hold itself
			}
			q := question{path, strings.HasPrefix(name, "..")}
			if t.asked[q] {
				continue
			}
			t.asked[q] = true
			rel, err := filepath.Rel(t.top, path)
			switch {
			case err != nil || !filepath.IsLocal(rel):
			case Exists(path) || t.old != t.top && Exists(filepath.Join(t.old, rel)):
				t.look(path)
			case q.may && t.reach.takes(t.top, path): // another folder's, which may come
				t.reach.named(path)
			}
		}
	}
}

// within says whether dir is path or below it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
