package problem

import (
	"fmt"
	"regexp"
	"strings"
)

// Secretish says that a text may hold a secret in the wrong place: a private
// key, a hash, or a long word with capitals, small letters and digits, as keys
// of clouds are. It is not quoted then.
func Secretish(s string) bool {
	upper := strings.ToUpper(s)
	if strings.Contains(upper, "SECRET-KEY") || strings.Contains(upper, "-----BEGIN") || strings.HasPrefix(s, "$2") {
		return true
	}
	for word := range strings.FieldsSeq(s) {
		mixed := strings.ContainsAny(word, "0123456789") && word != strings.ToLower(word) && word != strings.ToUpper(word)
		if longWord.MatchString(word) && (mixed || strings.HasPrefix(word, "AKIA") || strings.HasPrefix(word, "ASIA")) {
			return true
		}
	}
	return false
}

var longWord = regexp.MustCompile(`^[A-Za-z0-9+/=_-]{20,}$`)

// Key is a key that nobody expected, for an error: itself, or how long it is
// where it may be a secret that was pasted in the wrong place.
func Key(key string) string {
	if Secretish(key) {
		return fmt.Sprintf("[a key of %d bytes]", len(key))
	}
	return key
}
