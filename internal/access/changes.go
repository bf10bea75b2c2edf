package access

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/revision"
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
	if _, err := revision.Find(ctx, w.Repo.Dir, false, false); err != nil {
		return problem.Problem{Path: "--from", What: "needs git's history, and this is not in a git repository", Want: "a clone that has " + strconv.Quote(from)}
	}
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
	before := collection{repo: old.Repo, now: r.Made, top: old.Repo.Dir, names: map[string]map[string]string{}}
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
	whole                  *Change // an environment that came or went with all that is in it
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

// changeLines are the changes one by one. An environment that is new or gone is
// one, with who can or could open it.
func (r *Report) changeLines() (out []changeLine) {
	label, now := r.labels(), map[[2]string]Reading{}
	for _, e := range r.Environments {
		for _, x := range e.Readers {
			now[[2]string{e.Environment, x.Key}] = x
		}
	}
	same := func(text string) string { return text }
	for i, c := range r.Changes {
		if c.State != "changed" {
			words, _ := c.whole(label)
			out = append(out, changeLine{c.Environment, "environment", words, c.State == "added", c.State == "removed", &r.Changes[i]})
			continue
		}
		names := func(what string, n *compare.Names, by func(string) string, aside func(string) string) {
			if n == nil {
				return
			}
			for _, x := range n.Added {
				out = append(out, changeLine{c.Environment, what + aside(x), by(x), true, false, nil})
			}
			for _, x := range n.Removed {
				out = append(out, changeLine{c.Environment, what + aside(x), by(x), false, true, nil})
			}
		}
		plain := func(string) string { return "" }
		for _, d := range c.Readers {
			what := map[string]string{"credentials": "opens credentials", "sealed": "opens sealed files"}[d.Files]
			n := len(out)
			names(what, &d.Names, label, func(key string) string {
				x := now[[2]string{c.Environment, key}]
				return map[string]Status{"credentials": x.Credentials, "sealed": x.Sealed}[d.Files].aside()
			})
			names(what+", together", d.Groups, same, plain)
			if n == len(out) {
				out = append(out, changeLine{c.Environment, what, "by other rules: " + strings.Join(d.Rules, "; "), false, false, nil})
			}
		}
		names("user", c.Users, same, plain)
		names("pull secret", c.PullSecrets, same, plain)
		for _, o := range c.Older {
			p := o.Problem()
			out = append(out, changeLine{c.Environment, "older file", p.File + " " + p.What, false, false, nil})
		}
	}
	return out
}

// labels say how people know a recipient, whether it is there still or gone.
func (r *Report) labels() func(key string) string {
	labels := map[string]string{}
	for _, reader := range r.Readers {
		labels[reader.Key] = reader.label()
	}
	return func(key string) string {
		if labels[key] != "" {
			return labels[key]
		}
		return Reader{key, r.gone[key]}.label()
	}
}

// whole is who can open an environment that is new, or could open one that is
// gone, in words and one by one.
func (c Change) whole(label func(string) string) (words string, who []string) {
	of := func(n *compare.Names) []string {
		switch {
		case n == nil:
			return nil
		case c.State == "added":
			return n.Added
		}
		return n.Removed
	}
	opens, together := map[string]bool{}, ""
	for _, d := range c.Readers { // credentials first
		for _, key := range of(&d.Names) {
			text := label(key)
			if opens[key] {
				continue
			}
			if opens[key] = true; d.Files != "credentials" {
				text += " (sealed files alone)"
			}
			who = append(who, text)
		}
		for _, g := range of(d.Groups) {
			together += "; " + d.Files + " together: " + g
		}
	}
	words = "readable by nobody"
	if len(who) > 0 {
		words = fmt.Sprintf("readable by %d: %s", len(who), strings.Join(who, ", "))
	}
	if words += together; c.State != "added" {
		words = "was " + words
	}
	if users := of(c.Users); len(users) > 0 {
		words += "; users: " + strings.Join(users, ", ")
	}
	if pulls := of(c.PullSecrets); len(pulls) > 0 {
		words += "; pull secrets: " + strings.Join(pulls, ", ")
	}
	return words, who
}
