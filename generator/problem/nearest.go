package problem

import "strings"

// longestName is where looking for a near name ends: what is longer was no
// slip of the finger.
const longestName = 64

// Nearest returns the candidate that a mistyped name most likely meant, or "":
// the one with the fewest edits, if they are few for its length. Case and the
// difference between - and _ don't count.
func Nearest(name string, candidates []string) string {
	if len(name) > longestName {
		return ""
	}
	flat := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }
	best, edits := "", 0
	for _, c := range candidates {
		if flat(c) == flat(name) {
			return c
		}
		limit := (len(c) + 1) / 3
		if len(c) < 4 && name != "" && name[0] != c[0] {
			continue // gpu is no misspelt cpu
		}
		if d := distance(flat(name), flat(c)); d <= limit && (best == "" || d < edits) {
			best, edits = c, d
		}
	}
	return best
}

// distance counts the edits between two names: insertions, deletions,
// replacements, and swaps of neighbours (Damerau's, restricted).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
