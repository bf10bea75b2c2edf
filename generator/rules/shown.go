package rules

import (
	"net/url"
	"strings"
)

// longestRecipient is longer than any name of a key: a post-quantum recipient of
// age has about 2,000 letters.
const longestRecipient = 4096

// Shown are recipients as a message may name them: what a hand wrote in the
// place of one can be a private key, or anything else.
func Shown(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id
		if upper := strings.ToUpper(id); strings.Contains(upper, "SECRET-KEY") || strings.Contains(upper, "-----BEGIN") || len(id) > longestRecipient || strings.Contains(id, "://") && holdsLogin(id) || strings.ContainsAny(id, "\n\r\x1b") {
			out[i] = "(not shown)"
		}
	}
	return out
}

// holdsLogin says that an address holds more than where something is: a login,
// or a query, in which tokens are written. Recipients are named in logs.
func holdsLogin(address string) bool {
	u, err := url.Parse(address)
	return err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != ""
}
