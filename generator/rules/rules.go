// Package rules reads and edits .sops.yaml: which creation rule is for a file,
// whom it names, who of them is new to a file, and how somebody is added or taken
// out with everything else left as it is. Files themselves are generator/sops's.
//
// It reads what SOPS reads in the same way, which tests compare, but is strict
// with the rule that counts, where SOPS passes over what it does not know. Errors
// quote no recipient: what stands in the place of one can be a private key.
package rules

import (
	"io"
	"sync"

	"github.com/getsops/sops/v3/logging"
)

// Bounds of a configuration's nodes: far beyond any, small enough that a file of
// nested aliases can't eat the memory.
const (
	maxNodes = 100_000
	maxDepth = 100
)

// Regex is the encrypted_regex of everything that Seal writes, whatever the
// rule says: exactly what stands under data and stringData is secret.
const Regex = `^(data|stringData)$`

var silence sync.Once

// Quiet ends SOPS's logging. Its loggers write to stderr, recipients and
// comments included.
func Quiet() {
	silence.Do(func() {
		for _, l := range logging.Loggers {
			l.SetOutput(io.Discard)
		}
	})
}
