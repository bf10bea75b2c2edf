package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// longest is how many bytes of a value or a name an error quotes.
const longest = 64

// quote shows a value of the spec in an error. Long ones are only counted,
// and so is anything with an '@', behind which a URL hides a password.
func quote(s string) string {
	if len(s) > longest || strings.Contains(s, "@") || !utf8.ValidString(s) {
		return fmt.Sprintf("the value (%d bytes)", len(s))
	}
	return strconv.Quote(s)
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join adds a key to a path: with a dot when that reads well, else in
// brackets, as annotations need it.
func join(path, key string) string {
	switch {
	case !plainKey.MatchString(key) || len(key) > longest:
		if len(key) > longest {
			cut := longest - 4
			for cut > 0 && !utf8.RuneStart(key[cut]) {
				cut--
			}
			key = key[:cut] + "..."
		}
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// nearest returns the candidate that a mistyped name most likely meant, or
// "": the one with the fewest edits, if they are few for its length.
func nearest(name string, candidates []string) string {
	if len(name) > longest {
		return ""
	}
	best, edits := "", 0
	for _, c := range candidates {
		if strings.EqualFold(c, name) {
			return c
		}
		limit := (len(c) + 1) / 3
		if len(c) < 4 && name != "" && name[0] != c[0] {
			continue // gpu is no misspelt cpu
		}
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d <= limit && (best == "" || d < edits) {
			best, edits = c, d
		}
	}
	return best
}

// distance counts the edits between two names: insertions, deletions,
// replacements, and swaps of neighbours.
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

// oneOf lists names for a reader: a, b or c.
func oneOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
