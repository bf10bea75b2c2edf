package syntax

import (
	"strings"
	"unicode/utf8"
)

// CheckUser says why name can't be a user name, or "" when it can. The
// registry's htpasswd format decides: the first colon ends the name, white
// space around a line is dropped, a line that starts with '#' is a comment.
// What a name may be beyond that is decision record 0005.
func CheckUser(name string) string {
	switch {
	case name == "":
		return "the user name is empty"
	case len(name) > 128:
		return "the user name is longer than 128 bytes"
	case !utf8.ValidString(name):
		return "the user name is not UTF-8"
	case strings.Contains(name, ":"):
		return "the user name has a colon, which ends a name in htpasswd and in HTTP basic authentication"
	case strings.TrimSpace(name) != name:
		return "the user name starts or ends with white space, which the registry drops"
	case strings.HasPrefix(name, "#"):
		return "the user name starts with '#', which makes its htpasswd line a comment"
	}
	if HasControl(name) {
		return "the user name has a newline or another control character"
	}
	return ""
}
