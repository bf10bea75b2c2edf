package problem

import (
	"regexp"
	"strings"
)

// QuoteArg writes a name as a shell takes it.
func QuoteArg(s string) string {
	if Steers(s) { // as bash and zsh read it
		return "$'" + strings.ReplaceAll(Shown(strings.ReplaceAll(s, `\`, `\\`)), "'", `\'`) + "'"
	}
	if plainArg.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

var plainArg = regexp.MustCompile(`^[A-Za-z0-9_./@%+=:,-]+$`)
