package access

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/age"
	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/internal/inspect"
	"github.com/reggen/reggen/internal/revision"
)

var cipher = regexp.MustCompile(`ENC\[[^\]\s]+\]`)

// ciphers are the encrypted values of a file by the key they stand under: those of
// data and stringData, not the block's own.
func ciphers(data []byte) map[string]string {
	out := map[string]string{}
	root, err := bounded.Document(data)
	if err != nil || root == nil || len(root.Content) == 0 {
		return out
	}
	top := root.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		name, below := top.Content[i].Value, top.Content[i+1]
		if name != "data" && name != "stringData" || below.Kind != yaml.MappingNode {
			continue
		}
		for j := 0; j+1 < len(below.Content); j += 2 {
			if text := below.Content[j+1].Value; cipher.FindString(text) == text && text != "" {
				out[below.Content[j].Value] = text
			}
		}
	}
	return out
}

// ages says since when values have stood. A data key is as old as the oldest value
// that it encrypted; that is, at least as old.
func (w *Work) ages(ctx context.Context, c *collection, r *Report) {
	wanted := map[string]bool{}
	for _, v := range c.values {
		wanted[v.cipher] = true
	}
	since, err := w.history(ctx, c, wanted)
	if r.History = "git"; err != nil {
		r.History = "files"
	}
	for _, v := range c.values {
		e := &c.all[v.at]
		for _, of := range v.ages {
			if age := of(e); !since[v.cipher].IsZero() {
				age.earlier(since[v.cipher], "git", r.Made)
			}
		}
	}
	for i := range c.all {
		e := &c.all[i]
		written := map[string]*time.Time{}
		for j, f := range e.Files {
			written[f.File] = f.Written
			e.Files[j].DataKey.claimed(f.Written, r.Made)
			e.Files[j].DataKey.earlier(f.made, "file", r.Made)
		}
		for j, u := range e.Users {
			e.Users[j].Age.claimed(written[u.File], r.Made)
			e.Users[j].Age.earlier(u.set, "file", r.Made)
		}
		for j, u := range e.Credentials {
			e.Credentials[j].Age.claimed(written[u.File], r.Made)
			e.Credentials[j].Age.earlier(u.set, "file", r.Made)
		}
	}
}

// noted are the days that a file notes for what it holds and for its data key, as
// reggen check judges them; zero where it notes none.
func noted(f generator.File, kind string) (set, key time.Time) {
	var all []age.Secret
	if kind == "credentials" {
		all = inspect.Ages([]generator.File{f}, nil)
	} else {
		all = inspect.Ages(nil, []generator.File{f})
	}
	for _, s := range all {
		switch s.Kind {
		case age.Password, age.Values:
			set = s.Made
		case age.DataKey:
			key = s.Made
		}
	}
	return set, key
}

func (a *Age) claimed(t *time.Time, now time.Time) {
	if t != nil {
		a.earlier(*t, "file", now)
	}
}

// earlier takes a day that is before the one known. One that is yet to come says
// nothing.
func (a *Age) earlier(t time.Time, from string, now time.Time) {
	if t.After(now) || t.Unix() <= 0 || a.Since != nil && !t.Before(*a.Since) {
		return
	}
	t = t.UTC()
	a.Since, a.From, a.Days = &t, from, int(now.Sub(t)/(24*time.Hour))
}

// history asks git for the commit that first had each value.
func (w *Work) history(ctx context.Context, c *collection, wanted map[string]bool) (map[string]time.Time, error) {
	git, err := revision.Find(ctx, w.Repo.Dir, w.Repo.Allow.Network, w.Repo.Allow.Large)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range c.all {
		for _, s := range c.specs[e.root] {
			for _, dir := range append(slices.Clone(s.Credentials), s.Sealed) {
				if rel, err := filepath.Rel(git.Top, filepath.Join(s.Root, dir)); err == nil && filepath.IsLocal(rel) && !slices.Contains(paths, rel) {
					paths = append(paths, rel)
				}
			}
		}
	}
	return git.Since(ctx, paths, func(line string) string {
		if !strings.Contains(line, "ENC[") {
			return ""
		}
		if found := cipher.FindString(line); wanted[found] {
			return found
		}
		return ""
	})
}
