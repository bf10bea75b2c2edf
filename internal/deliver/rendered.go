package deliver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// RenderedBelow are the folders that reggen rendered: in its output no
// environment is to be found.
func RenderedBelow(dir string) (out []string) {
	_ = repository.Walk(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && repository.Exists(filepath.Join(path, repository.MarkerName)) {
			out = append(out, path)
		}
		return nil
	})
	return out
}

// rendered is one file to be written.
type rendered struct {
	name string
	data []byte
}

// renderedHeader begins the list of resources that a render writes.
const renderedHeader = "# Written by reggen render from "

// removable says whether a file is one that reggen rendered, by what is in it:
// an object whose file has this name, or a list of resources. A marker alone
// proves nothing: one that a stranger puts beside a base names its files.
func removable(dir, name string) bool {
	data, err := repository.Peek(filepath.Join(dir, name), bounded.MaxFile)
	if err != nil || bounded.YAML(name, data) != nil {
		return false
	}
	if name == "kustomization.yaml" {
		return strings.HasPrefix(string(data), renderedHeader)
	}
	objects, err := object.Parse(name, data)
	return err == nil && len(objects) == 1 && ObjectFile(objects[0]) == name
}

// remove deletes a file of a rendered folder, if it is one that reggen wrote.
func (w *Work) removeFile(dir, name string) error {
	path := filepath.Join(dir, name)
	if !repository.Exists(path) {
		return nil
	}
	if !removable(dir, name) {
		w.Tell.Note("%s: left alone: it is not what reggen rendered", w.Repo.Show(path))
		return nil
	}
	return w.Repo.Delete(path)
}

// split gives each object of a build its file, and the kustomization that
// lists them, last.
func split(b built, from string) ([]rendered, error) {
	var out []rendered
	seen := map[string]bool{}
	list := renderedHeader + from + ". Don't edit it: it is written anew.\n" +
		"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
	docs := bytes.Split(b.Text, []byte("\n---\n"))
	for i, doc := range docs {
		name := ""
		if len(b.Files) == len(docs) {
			name = b.Files[i]
		} else {
			objects, err := object.Parse("the build", doc)
			if err != nil || len(objects) != 1 {
				return nil, problem.Problem{What: "the build holds something that is not one object"}
			}
			name = ObjectFile(objects[0])
		}
		if seen[name] {
			return nil, problem.Problem{What: fmt.Sprintf("two objects would go to the file %s", name)}
		}
		seen[name] = true
		out = append(out, rendered{name, append(bytes.TrimRight(doc, "\n"), '\n')})
		list += "- " + name + "\n"
	}
	return append(out, rendered{"kustomization.yaml", []byte(list)}), nil
}

var unsafe = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^a-z0-9._-]`) })

// ObjectFile names an object's file as kustomize build -o DIR does: namespace,
// group, version, kind and name.
func ObjectFile(o object.Object) string {
	apiVersion, _ := o["apiVersion"].(string)
	parts := []string{}
	if ns := o.Namespace(); ns != "" {
		parts = append(parts, ns)
	}
	parts = append(parts, strings.Split(apiVersion, "/")...)
	whole := strings.Join(append(parts, strings.ToLower(o.Kind()), o.Name()), "_")
	name := unsafe().ReplaceAllString(whole, "-")
	name = name[:min(len(name), longestName)]
	if name != whole {
		sum := sha256.Sum256([]byte(whole))
		name += "-" + hex.EncodeToString(sum[:4])
	}
	return name + ".yaml"
}

// longestName leaves room in the 255 bytes of a file's name for the digest,
// and for the digits of a temporary name.
const longestName = 200

// marker reads which files of a folder reggen wrote, and the text that says so.
func marker(dir string) (names map[string]bool, data []byte) {
	out := map[string]bool{}
	data, err := repository.Peek(filepath.Join(dir, repository.MarkerName), bounded.MaxSecret)
	if err != nil {
		return out, nil
	}
	for line := range strings.Lines(string(data)) {
		name := strings.TrimSpace(line)
		if !strings.HasPrefix(name, "#") && name == filepath.Base(name) && filepath.Ext(name) == ".yaml" {
			out[name] = true
		}
	}
	return out, data
}

func markerText(names map[string]bool) []byte {
	text := "# The files of this folder that reggen render wrote.\n"
	for _, n := range slices.Sorted(maps.Keys(names)) {
		text += n + "\n"
	}
	return []byte(text)
}

// found is what there is of a file that would be written.
type found struct {
	same bool // it is as it would be written
	err  error
}

// compare says what a folder holds of the files that would be written. Their texts
// are not kept: a stranger's may be large.
func compare(target string, files []rendered) map[string]found {
	out := map[string]found{}
	for _, f := range files {
		text, err := repository.Peek(filepath.Join(target, f.name), bounded.MaxFile)
		out[f.name] = found{err == nil && bytes.Equal(text, f.data), err}
	}
	return out
}

// foreign refuses to write over a file that reggen did not write.
func foreign(target string, files []rendered, have map[string]found, old map[string]bool) error {
	var l problem.List
	for _, f := range files {
		if h := have[f.name]; h.err == nil && !old[f.name] && !h.same {
			l.Add(problem.Problem{File: filepath.Join(target, f.name), What: "is there already, and reggen did not write it; nothing was written",
				Next: "move it away, or name another folder with -o"})
		}
	}
	return l.Err()
}

// difference is a file that is not as a render would have it.
type difference struct{ name, what string }

// differences are the files that are not as a render would have them; list is the
// text of the marker.
func differences(files []rendered, have map[string]found, old map[string]bool, list []byte) []difference {
	var out []difference
	now := map[string]bool{}
	for _, f := range files {
		now[f.name] = true
		switch h := have[f.name]; {
		case errors.Is(h.err, fs.ErrNotExist):
			out = append(out, difference{f.name, "is missing"})
		case !h.same:
			out = append(out, difference{f.name, "is stale"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if !now[name] {
			out = append(out, difference{name, "is of an object that is gone"})
		}
	}
	if !bytes.Equal(list, markerText(now)) {
		out = append(out, difference{repository.MarkerName, "does not list what is rendered"})
	}
	return out
}

// replaceAll writes in an order that leaves a run which is cut off to be
// finished by the next: the marker first names old and new files, the list of
// resources follows its files, and only then what is gone is deleted.
func (w *Work) replaceAll(ctx context.Context, target string, files []rendered, old map[string]bool) error {
	now := map[string]bool{}
	both := map[string]bool{}
	for n := range old {
		both[n] = true
	}
	for _, f := range files {
		now[f.name], both[f.name] = true, true
	}
	if err := w.Repo.Write(filepath.Join(target, repository.MarkerName), markerText(both), 0o644); err != nil {
		return err
	}
	for _, f := range files {
		if err := terminal.Interrupted(ctx); err != nil {
			return err
		}
		path := filepath.Join(target, f.name)
		if have, err := repository.Peek(path, bounded.MaxFile); err == nil && bytes.Equal(have, f.data) {
			continue
		}
		if err := w.Repo.Write(path, f.data, 0o644); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if now[name] {
			continue
		}
		if err := w.removeFile(target, name); err != nil {
			return err
		}
	}
	return w.Repo.Write(filepath.Join(target, repository.MarkerName), markerText(now), 0o644)
}

// sweepRendered deletes what killed renders left: the temporary names of
// files that reggen writes here, and of no others.
func sweepRendered(target string, files []rendered, old map[string]bool) {
	mine := map[string]bool{repository.MarkerName: true}
	maps.Copy(mine, old)
	for _, f := range files {
		mine[f.name] = true
	}
	repository.SweepOf(target, func(name string) bool { return mine[name] })
}

// sweepEnvironments deletes what was rendered of environments whose folders
// are gone, or with check says what that is. It knows the folder of an
// environment by its place below out, so it leaves alone an out that is not
// below the working directory: another repository's, or another layout's.
func (w *Work) sweepEnvironments(out string, check bool) (removed int, err error) {
	if rel, err := filepath.Rel(w.Repo.Dir, out); err != nil || !filepath.IsLocal(rel) || rel == "." {
		return 0, nil
	}
	var l problem.List
	walk := func(path string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(out, path)
		if err != nil || relErr != nil || !d.IsDir() || !repository.Exists(filepath.Join(path, repository.MarkerName)) || repository.HasKustomization(filepath.Join(w.Repo.Dir, rel)) {
			return nil
		}
		if check {
			l.Add(problem.Problem{File: path, What: "is of an environment that is gone", Next: "reggen render -o " + problem.QuoteArg(w.Repo.Show(out))})
			return nil
		}
		removed++
		l.Join(w.removeRendered(out, path))
		return nil
	}
	if err := repository.Walk(out, walk); err != nil {
		return removed, w.Repo.FileProblem("can't look below", out, err)
	}
	return removed, l.Err()
}

// removeRendered deletes the files of one environment, the marker last, and
// the folders that this leaves empty.
func (w *Work) removeRendered(out, dir string) error {
	old, _ := marker(dir)
	sweepRendered(dir, nil, old)
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if err := w.removeFile(dir, name); err != nil {
			return err
		}
	}
	if err := w.Repo.Delete(filepath.Join(dir, repository.MarkerName)); err != nil {
		return err
	}
	repository.RemoveEmpty(dir, out)
	return nil
}
