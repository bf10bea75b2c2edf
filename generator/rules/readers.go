package rules

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Readers are those for whom a file is encrypted, as its sops block names them.
type Readers struct {
	Recipients []string   // sorted, each once
	Groups     [][]string // the recipients of each key group, sorted
	Threshold  int        // how many groups it takes; 0 with one group
}

// ReadersOf are the readers in groups of recipients; said is the threshold that the
// block names, 0 where it says nothing.
func ReadersOf(groups [][]string, said int) Readers {
	r := Readers{Threshold: threshold(said, len(groups))}
	for _, g := range groups {
		r.Groups = append(r.Groups, distinct(g))
	}
	r.Recipients = flatten(r.Groups)
	return r
}

// threshold is the number of groups that count: all of them unless said
// otherwise, and nothing where there is one group.
func threshold(said, groups int) int {
	switch {
	case groups < 2:
		return 0
	case said == 0:
		return groups
	}
	return said
}

// Same says whether a file is for exactly whom the rule names: the same groups,
// in any order, and the same threshold. Without a rule it is not.
func (r *Rule) Same(file Readers) bool {
	if r == nil || len(file.Groups) != len(r.Members) || file.Threshold != r.Threshold {
		return false
	}
	left := make([]string, len(file.Groups))
	for i, g := range file.Groups {
		left[i] = strings.Join(r.Named(g), "\n")
	}
	right := make([]string, len(r.Members))
	for i, g := range r.Groups() {
		right[i] = strings.Join(g, "\n")
	}
	sort.Strings(left)
	sort.Strings(right)
	return strings.Join(left, "\n\n") == strings.Join(right, "\n\n")
}

// Named writes a file's recipients as the rule names them, sorted, each once:
// an Azure key that the rule names without a version stands in the file with
// one.
func (r *Rule) Named(ids []string) []string {
	open := map[string]bool{}
	for _, g := range r.Members {
		for _, rec := range g {
			if strings.HasSuffix(rec.ID, "/") {
				open[rec.ID] = true
			}
		}
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		if cut := id[:strings.LastIndex(id, "/")+1]; open[cut] {
			id = cut
		}
		out[i] = id
	}
	return distinct(out)
}

// distinct returns the ids sorted, each once.
func distinct(ids []string) []string {
	out := append([]string{}, ids...)
	sort.Strings(out)
	n := 0
	for i, id := range out {
		if i == 0 || id != out[n-1] {
			out[n] = id
			n++
		}
	}
	return out[:n]
}

func flatten(groups [][]string) []string {
	var all []string
	for _, g := range groups {
		all = append(all, g...)
	}
	return distinct(all)
}

// Comes are the recipients whom a rule names for a file and for whom it was
// not encrypted so far, sorted: whoever holds such a key reads more than
// before. known is the file as it was, or where there is none yet, those like
// it: who can't open each of them is new. Where several groups had to come
// together and the rule divides them otherwise, that is everybody whom the
// rule names.
func (r *Rule) Comes(known ...Readers) []string {
	names := r.Recipients()
	if len(known) == 0 {
		return names
	}
	var out []string
	for _, m := range known {
		if len(m.Groups) > 1 && !r.Same(m) {
			return names
		}
		out = append(out, less(names, r.Named(m.Recipients))...)
	}
	return distinct(out)
}

// Divided says how many of which groups have to come together for a file; ""
// where each reader is enough.
func (r Readers) Divided() string { return divided(r.Threshold, r.Groups) }

// Divided is the same of a rule.
func (r *Rule) Divided() string { return divided(r.Threshold, r.Groups()) }

func divided(threshold int, groups [][]string) string {
	if len(groups) < 2 {
		return ""
	}
	var out []string
	for _, g := range groups {
		out = append(out, "("+strings.Join(Shown(g), ", ")+")")
	}
	sort.Strings(out)
	return fmt.Sprintf("%d of %s", threshold, strings.Join(out, " "))
}

// Goes are the recipients of a file whom the rule does not name any more.
func (r *Rule) Goes(known Readers) []string {
	return less(r.Named(known.Recipients), r.Recipients())
}

func less(all, taken []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(id string) bool { return slices.Contains(taken, id) })
}
