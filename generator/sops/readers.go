package sops

import (
	"path/filepath"
	"slices"
)

// Comes are the recipients whom a rule names for a file and for whom it was
// not encrypted so far, sorted: whoever holds such a key reads more than
// before. known are the recipients of the file, or where there is none yet, of
// those like it. Where several groups had to come together and the rule divides
// them otherwise, that is everybody whom the rule names.
func (r *Rule) Comes(known Metadata) []string {
	names := r.Recipients()
	if len(known.Groups) > 1 && !SameRecipients(known, r) {
		return names
	}
	return less(names, r.Named(known.Recipients))
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
