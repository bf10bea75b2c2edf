package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/reggen/reggen/generator/problem"
)

// longest is how many bytes of a value or a name an error quotes.
const longest = 64

// quote shows a value of the spec in an error. Long ones are only counted,
// and so is anything with an '@', behind which a URL hides a password.
func quote(s string) string {
	if len(s) > longest || strings.Contains(s, "@") || !utf8.ValidString(s) || problem.Secretish(s) {
		return fmt.Sprintf("the value (%d bytes)", len(s))
	}
	return strconv.Quote(s)
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join adds a key to a path: with a dot when that reads well, else in
// brackets, as annotations need it.
func join(path, key string) string {
	switch {
	case problem.Secretish(key):
		return path + problem.Key(key)
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

// oneOf lists names for a reader: a, b or c.
func oneOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
