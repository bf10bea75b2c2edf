package problem

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// LongestQuoted is how many bytes of a value or a name an error quotes.
const LongestQuoted = 64

// Quoted shows a value of the spec in an error. Long ones are only counted,
// and so is anything with an '@', behind which a URL hides a password.
func Quoted(s string) string {
	if len(s) > LongestQuoted || strings.Contains(s, "@") || !utf8.ValidString(s) || Secretish(s) {
		return fmt.Sprintf("the value (%d bytes)", len(s))
	}
	return strconv.Quote(s)
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Below adds a key to a path: with a dot when that reads well, else in
// brackets, as annotations need it.
func Below(path, key string) string {
	switch {
	case Secretish(key):
		return path + Key(key)
	case !plainKey.MatchString(key) || len(key) > LongestQuoted:
		if len(key) > LongestQuoted {
			cut := LongestQuoted - 4
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

// OneOf lists names for a reader: a, b or c.
func OneOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
