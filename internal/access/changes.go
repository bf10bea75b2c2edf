package access

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/repository"
)

// Change is what came and went in one environment's folder since a revision.
type Change struct {
	Environment string               `json:"environment"`
	State       string               `json:"state"` // added, removed or changed
	Readers     []compare.ReaderDiff `json:"readers,omitempty"`
	Users       *compare.Names       `json:"users,omitempty"`
	PullSecrets *compare.Names       `json:"pullSecrets,omitempty"` // regcred of puller in shop
	Older       []compare.OlderFile  `json:"older,omitempty"`       // an old secret that was put back
}

// changes compares with a revision.
func (w *Work) changes(ctx context.Context, dirs, roots []string, from string, now *collection, r *Report) error {
	old, base, cleanup, err := w.Compares.OtherSide(ctx, compare.Options{From: from})
	if err != nil {
		return err
	}
	defer cleanup()
	places := map[string]bool{}
	then := map[string]bool{}
	for _, root := range roots {
		if rel, err := filepath.Rel(base, root); err == nil && filepath.IsLocal(rel) {
			places[rel] = true
			then[filepath.Join(old.Repo.Dir, rel)] = true
		}
	}
	for _, dir := range dirs { // for what is there no more
		rel, err := filepath.Rel(base, w.Repo.Abs(dir))
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		found, _ := old.Repo.Expand(rel) // what was wrong then is of no interest
		for _, root := range found {
			if rel, err := filepath.Rel(old.Repo.Dir, root); err == nil {
				places[rel], then[root] = true, true
			}
		}
	}
	before := collection{repo: old.Repo, top: old.Repo.Dir, names: map[string]map[string]string{}}
	maps.DeleteFunc(then, func(root string, _ bool) bool { return !repository.HasKustomization(root) })
	before.environments(slices.Sorted(maps.Keys(then)))
	for _, rel := range slices.Sorted(maps.Keys(places)) {
		root, was := filepath.Join(base, rel), filepath.Join(old.Repo.Dir, rel)
		x, y := before.specs[was], now.specs[root]
		c := Change{Environment: w.Repo.Show(root), State: "changed"}
		switch {
		case len(x)+len(y) == 0:
			continue
		case len(x) == 0:
			c.State = "added"
		case len(y) == 0:
			c.State = "removed"
		}
		p := w.Compares.Public(old, base, x, y)
		c.Readers, c.Older = p.Readers, p.Older
		c.Users = compare.Between(before.of(was, userNames), now.of(root, userNames))
		c.PullSecrets = compare.Between(before.of(was, pullNames), now.of(root, pullNames))
		if c.State == "removed" {
			c.Readers = before.gone(was)
		}
		if c.State != "changed" || len(c.Readers)+len(c.Older) > 0 || c.Users != nil || c.PullSecrets != nil {
			r.Changes = append(r.Changes, c)
		}
	}
	for config, names := range before.names { // of those who are gone
		now.names["then\x00"+config] = names
	}
	r.gone = map[string]string{}
	for _, c := range r.Changes {
		for _, d := range c.Readers {
			for _, key := range d.Removed {
				r.gone[key] = now.name(key)
			}
		}
	}
	return nil
}

// gone are the readers of an environment that is there no more.
func (c *collection) gone(root string) (out []compare.ReaderDiff) {
	for _, kind := range []string{"credentials", "sealed"} {
		who := c.of(root, func(e Environment) (ids []string) {
			for _, r := range e.Readers {
				if s := map[string]Status{"credentials": r.Credentials, "sealed": r.Sealed}[kind]; s != None {
					ids = append(ids, r.Key)
				}
			}
			return ids
		})
		if len(who) > 0 {
			out = append(out, compare.ReaderDiff{Files: kind, Names: compare.Names{Removed: rules.Shown(repository.SortedKeys(who))}})
		}
	}
	return out
}

// of collects texts of the environments in a folder.
func (c *collection) of(root string, texts func(Environment) []string) map[string]bool {
	out := map[string]bool{}
	for _, e := range c.all {
		if e.root == root {
			for _, t := range texts(e) {
				out[t] = true
			}
		}
	}
	return out
}

func userNames(e Environment) (out []string) {
	for _, u := range e.Users {
		out = append(out, u.User)
	}
	return out
}

func pullNames(e Environment) (out []string) {
	for _, p := range e.PullSecrets {
		for _, ns := range p.Namespaces {
			out = append(out, p.Name+" of "+p.User+" in "+ns)
		}
	}
	return out
}

// changeLine is one thing that came or went.
type changeLine struct {
	Environment, What, Who string
	Added, Removed         bool
}

func (l changeLine) sign() string {
	switch {
	case l.Added:
		return "+"
	case l.Removed:
		return "-"
	}
	return ""
}

// changeLines are the changes one by one.
func (r *Report) changeLines() (out []changeLine) {
	labels := map[string]string{}
	for _, reader := range r.Readers {
		labels[reader.Key] = reader.label()
	}
	label := func(key string) string {
		if labels[key] != "" {
			return labels[key]
		}
		return Reader{key, r.gone[key]}.label()
	}
	same := func(text string) string { return text }
	for _, c := range r.Changes {
		names := func(what string, n *compare.Names, by func(string) string) {
			if n == nil {
				return
			}
			for _, x := range n.Added {
				out = append(out, changeLine{c.Environment, what, by(x), true, false})
			}
			for _, x := range n.Removed {
				out = append(out, changeLine{c.Environment, what, by(x), false, true})
			}
		}
		if c.State != "changed" {
			out = append(out, changeLine{c.Environment, "environment", c.Environment, c.State == "added", c.State == "removed"})
		}
		for _, d := range c.Readers {
			what := map[string]string{"credentials": "opens credentials", "sealed": "opens sealed files"}[d.Files]
			n := len(out)
			names(what, &d.Names, label)
			names(what+", together", d.Groups, same)
			if n == len(out) {
				out = append(out, changeLine{c.Environment, what, "by other rules: " + strings.Join(d.Rules, "; "), false, false})
			}
		}
		names("user", c.Users, same)
		names("pull secret", c.PullSecrets, same)
		for _, o := range c.Older {
			p := o.Problem()
			out = append(out, changeLine{c.Environment, "older file", p.File + " " + p.What, false, false})
		}
	}
	return out
}
