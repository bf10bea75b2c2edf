package repository

import (
	"path/filepath"
	"sort"

	"github.com/reggen/reggen/generator/rules"
)

// SortedKeys are the keys of a map, sorted.
func SortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Ruled is the folder whose .sops.yaml counts here.
func (r *Repository) Ruled() string {
	for dir := r.Dir; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if Exists(filepath.Join(dir, rules.ConfigName)) {
			return dir
		}
	}
	return r.Dir
}

// JournalName is the file beside .sops.yaml in which an offboarding remembers what it
// has begun.
const JournalName = ".reggen-offboarding.json"

// MarkerName is the file that lists what reggen wrote into a folder, so that
// it never deletes or overwrites anything else.
const MarkerName = ".reggen-rendered"
