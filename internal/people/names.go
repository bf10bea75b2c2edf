package people

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"sync"
)

var plainName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,60}[a-z0-9])?$`) })

// FileName is the file and metadata.name of a user's credential: the user's
// name where every file system takes it, otherwise what is left of it and a
// few letters of its hash.
func FileName(user string) string {
	if plainName().MatchString(user) {
		return user
	}
	sum := sha256.Sum256([]byte(user))
	var b strings.Builder
	for _, r := range strings.ToLower(user) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	stem := strings.Trim(b.String(), "-")
	if stem == "" {
		stem = "user"
	}
	return stem + "-" + hex.EncodeToString(sum[:4])
}
