package sops

import (
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// Comes are the recipients whom a rule names for a file and for whom it was
// not encrypted so far, sorted: whoever holds such a key reads more than
// before. known is the file as it was, or where there is none yet, those like
// it: who can't open each of them is new. Where several groups had to come
// together and the rule divides them otherwise, that is everybody whom the
// rule names.
func (r *Rule) Comes(known ...Metadata) []string {
	names := r.Recipients()
	if len(known) == 0 {
		return names
	}
	var out []string
	for _, m := range known {
		if len(m.Groups) > 1 && !SameRecipients(m, r) {
			return names
		}
		out = append(out, less(names, r.Named(m.Recipients))...)
	}
	return distinct(out)
}

// Nobody is a rule whose one reader is a key that nobody keeps: for looking at
// what would be written, without any program or service that a real rule may
// name.
func Nobody() (*Rule, error) {
	_, recipient, err := NewAgeKey(clock())
	if err != nil {
		return nil, err
	}
	return RuleFor(ConfigName, []byte("creation_rules: [{age: "+recipient+"}]\n"), "nobody.yaml")
}

// Divided says how many of which groups have to come together for a file; ""
// where each reader is enough.
func (m Metadata) Divided() string { return divided(m.Threshold, m.Groups) }

// Divided is the same of a rule.
func (r *Rule) Divided() string { return divided(r.Threshold, r.Groups()) }

func divided(threshold int, groups [][]string) string {
	if len(groups) < 2 {
		return ""
	}
	var out []string
	for _, g := range groups {
		out = append(out, "("+strings.Join(shown(g), ", ")+")")
	}
	sort.Strings(out)
	return fmt.Sprintf("%d of %s", threshold, strings.Join(out, " "))
}

// Goes are the recipients of a file whom the rule does not name any more.
func (r *Rule) Goes(known Metadata) []string {
	return less(r.Named(known.Recipients), r.Recipients())
}

func less(all, taken []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(id string) bool { return slices.Contains(taken, id) })
}

// Shadows is the .sops.yaml further up that would count if the one at config
// were not there; "" when there is none.
func Shadows(config string) string {
	for dir := filepath.Dir(filepath.Dir(config)); ; dir = filepath.Dir(dir) {
		if path := filepath.Join(dir, ConfigName); exists(path) && path != config {
			return path
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// ShownRecipients are recipients as a message may name them: what a hand wrote
// in the place of one can be a private key.
func ShownRecipients(ids []string) []string { return shown(ids) }
