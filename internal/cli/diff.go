package cli

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/diff"
)

// Exit statuses of diff, those of the diff command.
const (
	exitDifferent = 1
	exitTrouble   = 2
)

type diffOptions struct {
	from, against, output string
	exitZero              bool
}

func (w *World) diffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff [DIR...]",
		Short: "Show what a change does to the rendered objects",
		Long: `Show what the working tree changes in the manifests of environments, by object
and field: against a git revision (HEAD unless said), which is built from its
own files without touching yours, or against another folder with the same
environments in it, for instance what reggen render wrote. Secrets are compared
by key and recipient, never by value; no key is needed. The same change in many
environments is shown once. Without DIR every environment below this folder is
compared. Exits 0 when nothing differs, 1 when something does,
2 on trouble.`,
		Example: `  reggen diff overlays/*
  reggen diff --from origin/main -o markdown   # for a pull request
  reggen diff overlays/prod --against rendered`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			different, err := w.diff(cmd.Context(), orAll(dirs), o)
			switch {
			case err != nil:
				return trouble(err)
			case different && !o.exitZero:
				return exitError{exitDifferent, nil}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&o.from, "from", "", "the git revision to compare with (default HEAD)")
	cmd.Flags().StringVar(&o.against, "against", "", "a folder to compare with instead: another checkout, or the output of reggen render")
	cmd.Flags().StringVarP(&o.output, "output", "o", "text", "text, json, yaml or markdown")
	cmd.Flags().BoolVar(&o.exitZero, "exit-zero", false, "exit 0 when something differs, too")
	cmd.MarkFlagsMutuallyExclusive("from", "against")
	fixed(cmd, "output", "text", "json", "yaml", "markdown")
	return cmd
}

func trouble(err error) error {
	if err == nil {
		return nil
	}
	return exitError{exitTrouble, err}
}

// changes is one set of differences and the environments that have it.
type changes struct {
	Environments []string      `json:"environments"`
	Objects      []diff.Object `json:"objects"`
	Users        *userChanges  `json:"users,omitempty"`
}

// userChanges are read from the credentials' public side.
type userChanges struct {
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

func (w *World) diff(ctx context.Context, dirs []string, o diffOptions) (different bool, err error) {
	if !slices.Contains([]string{"text", "json", "yaml", "markdown"}, o.output) {
		return false, problem.Problem{Path: "-o", What: fmt.Sprintf("%q is no output", o.output), Want: "text, json, yaml or markdown"}
	}
	roots, err := w.discover(dirs)
	if err != nil {
		return false, err
	}
	old, base, cleanup, err := w.otherSide(ctx, o)
	if err != nil {
		return false, err
	}
	defer cleanup()
	var l problem.List
	var all []changes
	bar := w.progress("comparing", len(roots))
	defer bar.done()
	for _, dir := range roots {
		if err := interrupted(ctx); err != nil {
			return false, err
		}
		c, err := w.compare(ctx, dir, old, base)
		l.Join(err)
		if err == nil && (len(c.Objects) > 0 || c.Users != nil) {
			all = append(all, c)
		}
		bar.step()
	}
	bar.done()
	if err := l.Err(); err != nil {
		return false, err
	}
	all = once(all)
	text, err := w.written(all, o.output)
	if err != nil {
		return false, err
	}
	if _, err := w.Stdout.Write(text); err != nil {
		return false, err
	}
	return len(all) > 0, nil
}

// compare builds one environment on both sides.
func (w *World) compare(ctx context.Context, dir string, old *World, base string) (changes, error) {
	c := changes{Environments: []string{w.show(dir)}}
	rel, err := filepath.Rel(base, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return c, problem.Problem{File: dir, What: "is outside the folder that is compared"}
	}
	now, err := w.objects(ctx, dir)
	if err != nil {
		return c, err
	}
	var before []object.Object
	if then := filepath.Join(old.Dir, rel); hasKustomization(then) {
		if before, err = old.objects(ctx, then); err != nil {
			var list problem.List
			list.Join(err)
			for i := range list {
				list[i].What = "on the other side: " + list[i].What
			}
			return c, list
		}
		c.Users = changedUsers(old.users(then), w.users(dir))
	}
	c.Objects, err = diff.Compare(before, now)
	return c, err
}

// objects builds an environment, stale sealed files included: what a diff is
// for comes before the seal.
func (w *World) objects(ctx context.Context, dir string) ([]object.Object, error) {
	text, err := w.build(ctx, []string{w.show(dir)}, buildOptions{stale: "warn"})
	if err != nil {
		return nil, err
	}
	return object.Parse("the build", text)
}

// users are the users of an environment, as far as they can be read; nil when
// there is no Registry, as in rendered output.
func (w *World) users(dir string) map[string]bool {
	envs, _ := w.environments([]string{dir})
	if len(envs) == 0 {
		return nil
	}
	out := map[string]bool{}
	for _, e := range envs {
		set, _ := w.credentials(e)
		for _, u := range set.Users {
			out[u.User] = true
		}
	}
	return out
}

func changedUsers(old, now map[string]bool) *userChanges {
	var u userChanges
	if old == nil || now == nil {
		return nil
	}
	for _, n := range sortedKeys(now) {
		if !old[n] {
			u.Added = append(u.Added, n)
		}
	}
	for _, n := range sortedKeys(old) {
		if !now[n] {
			u.Removed = append(u.Removed, n)
		}
	}
	if len(u.Added)+len(u.Removed) == 0 {
		return nil
	}
	return &u
}

// otherSide is the World of what is compared with, and the folder of this side
// that corresponds to its own.
func (w *World) otherSide(ctx context.Context, o diffOptions) (old *World, base string, cleanup func(), err error) {
	side := *w
	side.Stderr = io.Discard // its warnings are about files that nobody can change any more
	if o.against != "" {
		side.Dir = w.abs(o.against)
		if !exists(side.Dir) {
			return nil, "", nil, problem.Problem{File: side.Dir, What: "no such folder"}
		}
		return &side, w.Dir, func() {}, nil
	}
	rev := o.from
	if rev == "" {
		rev = "HEAD"
	}
	top, err := w.git(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, "", nil, problem.Problem{What: "not in a git repository", Want: "a repository, or --against with a folder"}
	}
	base = strings.TrimSpace(string(top))
	archive, err := w.git(ctx, "-C", base, "archive", "--format=tar", rev, "--")
	if err != nil {
		return nil, "", nil, problem.Problem{Path: "--from", What: fmt.Sprintf("git knows no revision %q", rev), Next: "git log --oneline"}
	}
	dir, err := os.MkdirTemp("", "reggen-diff-")
	if err != nil {
		return nil, "", nil, problem.Problem{What: "can't make a temporary folder"}
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	cleanup = func() { _ = os.RemoveAll(dir) }
	if err := unpack(archive, dir); err != nil {
		cleanup()
		return nil, "", nil, problem.Problem{Path: "--from", What: "the revision can't be unpacked into " + dir}
	}
	side.Dir = dir
	return &side, base, cleanup, nil
}

// unpack writes the files of a git archive below dir, and nothing outside it.
func unpack(archive []byte, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.FromSlash(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
			f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
			if err != nil {
				return err
			}
			_, err = io.Copy(f, r)
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
		case tar.TypeSymlink:
			if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
			if err := root.Symlink(h.Linkname, name); err != nil {
				return err
			}
		}
	}
}

// once puts environments with the same changes together.
func once(all []changes) []changes {
	var out []changes
	at := map[string]int{}
	for _, c := range all {
		key, err := json.Marshal(struct {
			O []diff.Object
			U *userChanges
		}{c.Objects, c.Users})
		if i, ok := at[string(key)]; ok && err == nil {
			out[i].Environments = append(out[i].Environments, c.Environments...)
			continue
		}
		at[string(key)] = len(out)
		out = append(out, c)
	}
	return out
}

func (w *World) written(all []changes, output string) ([]byte, error) {
	switch output {
	case "json":
		if all == nil {
			all = []changes{}
		}
		text, err := json.MarshalIndent(all, "", "  ")
		return append(text, '\n'), err
	case "yaml":
		if all == nil {
			all = []changes{}
		}
		return yaml.Marshal(all)
	case "markdown":
		return []byte(markdown(all)), nil
	}
	return []byte(w.plainText(all)), nil
}
