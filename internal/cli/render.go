package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
)

func (w *World) renderCommand() *cobra.Command {
	var out string
	var check bool
	cmd := &cobra.Command{
		Use:   "render [DIR...] -o OUT",
		Short: "Write the manifests of environments into a folder, one file an object, for git",
		Long: `Write the manifests of environments below OUT, one file an object and a
kustomization.yaml that lists them, for Flux and for reviews. An environment
overlays/prod goes to OUT/overlays/prod. Secrets stay encrypted, whatever the
environment variables say. Objects that vanished are removed; files that reggen
did not write are left alone. A DIR that is no kustomization stands for every
environment below it, and no DIR for those below this folder.`,
		Example: `  reggen render overlays/* -o rendered
  reggen render overlays -o rendered --check   # in CI: fails when rendered/ is stale`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if out == "" {
				return exitError{exitUsage, usageError{cmd.CommandPath(), problem.Problem{Path: "-o", What: "is missing", Want: "the folder to write to"}}}
			}
			return w.render(cmd.Context(), orAll(dirs), w.abs(out), check)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the folder to write to")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; name every file that is stale, and fail when there is one")
	return cmd
}

// markerName is the file that lists what reggen wrote into a folder, so that
// it never deletes or overwrites anything else.
const markerName = ".reggen-rendered"

func (w *World) render(ctx context.Context, dirs []string, out string, check bool) error {
	roots, err := w.discover(dirs)
	var l problem.List
	l.Join(err) // the others are rendered all the same
	written, same := 0, 0
	bar := w.progress("rendering", len(roots))
	defer bar.done()
	for _, dir := range roots {
		if err := interrupted(ctx); err != nil {
			return err
		}
		changed, err := w.renderOne(ctx, dir, out, check)
		l.Join(err)
		if changed {
			written++
		} else if err == nil {
			same++
		}
		bar.step()
	}
	bar.done()
	if err := l.Err(); err != nil {
		return err
	}
	if check {
		w.note("%d environment%s rendered below %s as they should be", same, plural(same), w.show(out))
	} else {
		w.note("%d environment%s written below %s, %d unchanged", written, plural(written), w.show(out), same)
	}
	return nil
}

// orAll is every environment below the working directory where none is named.
func orAll(dirs []string) []string {
	if len(dirs) == 0 {
		return []string{"."}
	}
	return dirs
}

// discover expands patterns, and folders that are no kustomizations into the
// environments below them. The result is absolute, sorted, each once, and
// complete but for what the error names.
func (w *World) discover(dirs []string) ([]string, error) {
	var l problem.List
	found := map[string]bool{}
	for _, dir := range dirs {
		matches := []string{w.abs(dir)}
		if strings.ContainsAny(dir, "*?[") && !exists(w.abs(dir)) {
			matches, _ = filepath.Glob(w.abs(dir))
			matches = slices.DeleteFunc(matches, func(m string) bool { return !hasKustomization(m) })
			if len(matches) == 0 {
				l.Add(problem.Problem{File: dir, What: "matches no folder with a kustomization.yaml"})
			}
		}
		for _, m := range matches {
			if hasKustomization(m) {
				found[m] = true
				continue
			}
			below, err := below(m)
			l.Join(err)
			for _, b := range below {
				found[b] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), l.Err()
}

func hasKustomization(dir string) bool {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if exists(filepath.Join(dir, name)) {
			return true
		}
	}
	return false
}

// below finds the environments below a folder: kustomizations that themselves
// hand a Registry to reggen.
func below(dir string) ([]string, error) {
	var out []string
	var l problem.List
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case path != dir && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case !hasKustomization(path):
			return nil
		}
		found, err := kustomize.Find(path)
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
		return nil, problem.Problem{File: dir, What: "no such folder"}
	}
	l.Join(err)
	if len(l) == 0 && len(out) == 0 {
		l.Add(problem.Problem{File: dir, What: "no environment here or below", Next: "reggen init " + dir + "/NAME"})
	}
	return out, l.Err()
}

// renderOne writes one environment, or with check says what is stale. changed
// is whether anything was written.
func (w *World) renderOne(ctx context.Context, dir, out string, check bool) (changed bool, err error) {
	rel, err := filepath.Rel(w.Dir, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return false, problem.Problem{File: dir, What: "is outside the folder that reggen runs in", Next: "run reggen render in the repository's folder"}
	}
	text, err := w.build(ctx, []string{w.show(dir)}, buildOptions{})
	if err != nil {
		return false, err
	}
	files, err := split(text, filepath.ToSlash(rel))
	if err != nil {
		return false, w.in(dir, err)
	}
	target := filepath.Join(out, rel)
	old := marker(target)
	if err := w.foreign(target, files, old); err != nil {
		return false, err
	}
	stale := w.stale(target, files, old)
	if !check {
		sweep(target)
	}
	if check || len(stale) == 0 {
		var l problem.List
		for _, s := range stale {
			l.Add(problem.Problem{File: filepath.Join(target, s.name), What: s.what, Next: "reggen render " + quoteArg(w.show(dir)) + " -o " + quoteArg(w.show(out))})
		}
		return false, l.Err()
	}
	return true, w.replaceAll(ctx, target, files, old)
}

// rendered is one file to be written.
type rendered struct {
	name string
	data []byte
}

// split gives each object of a build its file, and the kustomization that
// lists them, last.
func split(text []byte, from string) ([]rendered, error) {
	var out []rendered
	seen := map[string]bool{}
	list := "# Written by reggen render from " + from + ". Don't edit it: it is written anew.\n" +
		"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		objects, err := object.Parse("the build", doc)
		if err != nil || len(objects) != 1 {
			return nil, problem.Problem{What: "the build holds something that is not one object"}
		}
		name := objectFile(objects[0])
		if seen[name] {
			return nil, problem.Problem{What: fmt.Sprintf("two objects would go to the file %s", name)}
		}
		seen[name] = true
		out = append(out, rendered{name, append(bytes.TrimRight(doc, "\n"), '\n')})
		list += "- " + name + "\n"
	}
	return append(out, rendered{"kustomization.yaml", []byte(list)}), nil
}

var unsafe = regexp.MustCompile(`[^a-z0-9._-]`)

// objectFile names an object's file as kustomize build -o DIR does: namespace,
// group, version, kind and name.
func objectFile(o object.Object) string {
	apiVersion, _ := o["apiVersion"].(string)
	parts := []string{}
	if ns := o.Namespace(); ns != "" {
		parts = append(parts, ns)
	}
	parts = append(parts, strings.Split(apiVersion, "/")...)
	whole := strings.Join(append(parts, strings.ToLower(o.Kind()), o.Name()), "_")
	name := unsafe.ReplaceAllString(whole, "-")
	if name != whole {
		sum := sha256.Sum256([]byte(whole))
		name += "-" + hex.EncodeToString(sum[:4])
	}
	return name + ".yaml"
}

// marker reads which files of a folder reggen wrote.
func marker(dir string) map[string]bool {
	out := map[string]bool{}
	data, err := os.ReadFile(filepath.Join(dir, markerName))
	if err != nil {
		return out
	}
	for line := range strings.Lines(string(data)) {
		name := strings.TrimSpace(line)
		if name != "" && !strings.HasPrefix(name, "#") && name == filepath.Base(name) {
			out[name] = true
		}
	}
	return out
}

func markerText(names map[string]bool) []byte {
	text := "# The files of this folder that reggen render wrote.\n"
	for _, n := range slices.Sorted(maps.Keys(names)) {
		text += n + "\n"
	}
	return []byte(text)
}

// foreign refuses to write over a file that reggen did not write.
func (w *World) foreign(target string, files []rendered, old map[string]bool) error {
	var l problem.List
	for _, f := range files {
		path := filepath.Join(target, f.name)
		have, err := os.ReadFile(path)
		if err == nil && !old[f.name] && !bytes.Equal(have, f.data) {
			l.Add(problem.Problem{File: path, What: "is there already, and reggen did not write it; nothing was written",
				Next: "move it away, or name another folder with -o"})
		}
	}
	return l.Err()
}

// difference is a file that is not as a render would have it.
type difference struct{ name, what string }

func (w *World) stale(target string, files []rendered, old map[string]bool) []difference {
	var out []difference
	now := map[string]bool{}
	for _, f := range files {
		now[f.name] = true
		have, err := os.ReadFile(filepath.Join(target, f.name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			out = append(out, difference{f.name, "is missing"})
		case err != nil || !bytes.Equal(have, f.data):
			out = append(out, difference{f.name, "is stale"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if !now[name] {
			out = append(out, difference{name, "is of an object that is gone"})
		}
	}
	if have, err := os.ReadFile(filepath.Join(target, markerName)); err != nil || !bytes.Equal(have, markerText(now)) {
		out = append(out, difference{markerName, "does not list what is rendered"})
	}
	return out
}

// replaceAll writes in an order that leaves a run which is cut off to be
// finished by the next: the marker first names old and new files, the list of
// resources follows its files, and only then what is gone is deleted.
func (w *World) replaceAll(ctx context.Context, target string, files []rendered, old map[string]bool) error {
	now := map[string]bool{}
	both := map[string]bool{}
	for n := range old {
		both[n] = true
	}
	for _, f := range files {
		now[f.name], both[f.name] = true, true
	}
	if err := w.write(filepath.Join(target, markerName), markerText(both), 0o644); err != nil {
		return err
	}
	for _, f := range files {
		if err := interrupted(ctx); err != nil {
			return err
		}
		path := filepath.Join(target, f.name)
		if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, f.data) {
			continue
		}
		if err := w.write(path, f.data, 0o644); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if now[name] {
			continue
		}
		path := filepath.Join(target, name)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return w.fileProblem("can't delete", path, err)
		}
	}
	return w.write(filepath.Join(target, markerName), markerText(now), 0o644)
}
