package compare

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/repository"
)

// ReaderDiff is who comes and goes among those who can open an environment's
// credentials or its sealed files: whom the rules name, whether or not a file
// was written for them yet, and whom the files were.
type ReaderDiff struct {
	Files string `json:"files"` // credentials or sealed
	Names
	// Groups are the key groups that have to come together, and how many of
	// them: 2 of (A) (B). None where each reader is enough.
	Groups *Names   `json:"groups,omitempty"`
	Rules  []string `json:"rules,omitempty"` // that say so on this side
}

// sideReaders are the readers of one side.
type sideReaders struct {
	files, rules      map[string]bool
	divided, dividing map[string]bool     // how files are, and how rules say, where one reader is not enough
	from              map[string][]string // a recipient, or groups: the rules that name it
	broken            bool                // rules are there and can't be read
	nested            map[string]string   // a .sops.yaml that counts instead of another, from its environment: the rule
}

// changedReaders compares who can read on both sides. A folder without any rule,
// for instance what reggen render wrote, is compared by its files alone; a
// revision without one, or with rules that can't be read, named nobody.
func (w *Work) changedReaders(old *Work, before, now []deliver.PublicSpec) []ReaderDiff {
	var out []ReaderDiff
	for _, kind := range []string{"credentials", "sealed"} {
		x, y := old.readers(old.Repo.Dir, before, kind), w.readers("", now, kind)
		if len(before) > 0 && !old.Repo.Versioned && !x.broken && (len(x.rules) == 0) != (len(y.rules) == 0) {
			x.rules, y.rules, x.dividing, y.dividing = nil, nil, nil, nil
		}
		who := comingNames(x.files, x.rules, y.files, y.rules)
		d := ReaderDiff{Files: kind, Groups: changedGroups(x, y)}
		for _, config := range repository.SortedKeys(y.nested) {
			if x.nested[config] == "" && len(before) > 0 {
				d.Rules = append(d.Rules, y.nested[config])
			}
		}
		if who == nil && d.Groups == nil && len(d.Rules) == 0 {
			continue
		}
		for _, n := range []*Names{who, d.Groups} {
			if n == nil {
				continue
			}
			for _, id := range n.Added {
				for _, rule := range y.from[id] {
					if !slices.Contains(d.Rules, rule) {
						d.Rules = append(d.Rules, rule)
					}
				}
			}
		}
		if who != nil {
			d.Names = *who
		}
		d.Added, d.Removed = rules.Shown(d.Added), rules.Shown(d.Removed)
		out = append(out, d)
	}
	return out
}

// changedGroups are the groups that come and go. A rule that asks for no
// groups any more lets each reader alone, though no file was written for that
// yet.
func changedGroups(x, y sideReaders) *Names {
	n := comingNames(x.divided, x.dividing, y.divided, y.dividing)
	for _, d := range repository.SortedKeys(x.dividing) {
		if y.dividing[d] || n != nil && slices.Contains(n.Removed, d) {
			continue
		}
		if n == nil {
			n = &Names{}
		}
		n.Removed = append(n.Removed, d)
	}
	return n
}

// comingNames are the names that come and go. A rule that names somebody anew
// is told even if a file did before: anybody can write a name into the block of
// a file, and files alone make nobody a reader of what is written next.
func comingNames(oldFiles, oldRules, files, rules map[string]bool) *Names {
	all := func(sets ...map[string]bool) map[string]bool {
		out := map[string]bool{}
		for _, m := range sets {
			for id := range m {
				out[id] = true
			}
		}
		return out
	}
	n := changedNames(all(oldFiles, oldRules), all(files, rules))
	var anew []string
	for _, id := range repository.SortedKeys(rules) {
		if len(oldRules) > 0 && !oldRules[id] && (n == nil || !slices.Contains(n.Added, id)) {
			anew = append(anew, id)
		}
	}
	var out []string // of the rules, though files are still for them
	for _, id := range repository.SortedKeys(oldRules) {
		if len(rules) > 0 && !rules[id] && (n == nil || !slices.Contains(n.Removed, id)) {
			out = append(out, id)
		}
	}
	if len(anew)+len(out) == 0 {
		return n
	}
	if n == nil {
		n = &Names{}
	}
	n.Added = append(n.Added, anew...)
	n.Removed = append(n.Removed, out...)
	slices.Sort(n.Added)
	slices.Sort(n.Removed)
	return n
}

// readers are whom files and rules of a kind name. Rules are looked for no
// further up than top.
func (w *Work) readers(top string, specs []deliver.PublicSpec, kind string) sideReaders {
	s := sideReaders{files: map[string]bool{}, rules: map[string]bool{}, divided: map[string]bool{}, dividing: map[string]bool{}, from: map[string][]string{}, nested: map[string]string{}}
	for _, spec := range specs {
		dirs := spec.Credentials
		if kind == "sealed" {
			dirs = []string{spec.Sealed}
		}
		for _, dir := range dirs {
			_, files, _ := w.Repo.Folder(spec.Root)(filepath.FromSlash(dir)) // what can't be read, a build names
			for _, f := range files {
				rule, err := rules.FindWithin(top, w.Repo.Abs(f.Path))
				meta, _ := sops.Inspect(f.Data)
				if d := meta.Divided(); d != "" {
					s.divided[d] = true
				}
				if err != nil {
					s.broken = s.broken || !rules.NoConfig(err)
					add(s.files, meta.Recipients)
					continue
				}
				if rel, err := filepath.Rel(spec.Root, rule.Config); err == nil && w.Keys.Nested(rule.Config) != "" {
					s.nested[rel] = w.Keys.RuleName(rule)
				}
				told := rule.Recipients()
				if d := rule.Divided(); d != "" {
					s.dividing[d] = true
					told = append(told, d)
				}
				add(s.files, rule.Named(meta.Recipients))
				add(s.rules, rule.Recipients())
				for _, id := range told {
					if name := w.Keys.RuleName(rule); !slices.Contains(s.from[id], name) {
						s.from[id] = append(s.from[id], name)
					}
				}
			}
		}
	}
	return s
}

func add(to map[string]bool, ids []string) {
	for _, id := range ids {
		to[id] = true
	}
}

// mostReaders is how many readers a line names: a thousand of them would push
// everything else out of sight.
const mostReaders = 40

// some joins the first few names and counts the others.
func some(names []string, by string) string {
	if n := len(names); n > shownNames {
		names = append(names[:shownNames:shownNames], fmt.Sprintf("and %d more", n-shownNames))
	}
	return strings.Join(names, by)
}

// readerLines are the readers that come and go, by environment.
func readerLines(all []Changes) (out []string) {
	for _, c := range all {
		for _, r := range c.Readers {
			var signed []string
			for _, id := range r.Added {
				signed = append(signed, "+"+id)
			}
			for _, id := range r.Removed {
				signed = append(signed, "-"+id)
			}
			if r.Groups != nil {
				for _, g := range r.Groups.Added {
					signed = append(signed, "+any "+g)
				}
				for _, g := range r.Groups.Removed {
					signed = append(signed, "-any "+g)
				}
			}
			if n := len(signed); n > mostReaders {
				signed = append(signed[:mostReaders:mostReaders], fmt.Sprintf("and %d more", n-mostReaders))
			}
			if len(signed) == 0 {
				signed = []string{"by other rules"}
			}
			line := some(c.Environments, ", ") + ": " + map[string]string{"credentials": "credentials", "sealed": "sealed files"}[r.Files] + ": " + strings.Join(signed, " ")
			if len(r.Rules) > 0 {
				line += " (" + strings.TrimSuffix(some(r.Rules, "; "), ",") + ")"
			}
			out = append(out, line)
		}
	}
	return out
}
