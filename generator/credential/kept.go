package credential

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/reggen/reggen/generator/secret"
)

// What a chart's templates draw and no seed gives is kept in fields of the
// machine credential. The name of such a field can be read without a key: it is
// the address and, of what expires, the day. SOPS binds a value to the name of
// its field, so nobody gives it another one.
const keptUntil = " until "

var keptField = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^draw/[A-Za-z0-9._/@-]{1,250}( until \d{4}-\d{2}-\d{2})?$`)
})

// KeptField is what the name of a field says of a value that is kept.
type KeptField struct {
	Field string
	Ref   secret.Ref
	Until time.Time // the day on which it expires; zero for never
}

// IsKept takes the name of a machine credential's field apart.
func IsKept(field string) (k KeptField, is bool) {
	if !keptField().MatchString(field) {
		return k, false
	}
	address, day, expires := strings.Cut(field, keptUntil)
	k = KeptField{Field: field, Ref: secret.Ref(address)}
	if expires {
		var err error
		if k.Until, err = time.Parse(time.DateOnly, day); err != nil {
			return k, false
		}
	}
	return k, true
}

// Kept are the kept values of a machine credential, by what they are.
func (p Public) Kept() map[secret.Ref]KeptField {
	out := map[secret.Ref]KeptField{}
	for field := range p.Fields {
		if k, is := IsKept(field); is {
			out[k.Ref] = k
		}
	}
	return out
}

// ReadKept reads the kept values among the decrypted fields of a machine
// credential. The error names a field, never a value.
func ReadKept(data map[string]string) (map[secret.Ref]secret.Kept, error) {
	out := map[secret.Ref]secret.Kept{}
	for field, text := range data {
		k, is := IsKept(field)
		if !is {
			continue
		}
		var v secret.Kept
		if err := json.Unmarshal([]byte(text), &v); err != nil || len(v.Parts) == 0 {
			return nil, fmt.Errorf("stringData.%s holds none of what reggen seal keeps there", field)
		}
		out[k.Ref] = v
	}
	return out, nil
}

// KeptEntry is the field, name and text, that keeps a value.
func KeptEntry(ref secret.Ref, v secret.Kept) (field, text string, err error) {
	field = string(ref)
	if !v.Until.IsZero() {
		field += keptUntil + v.Until.UTC().Format(time.DateOnly)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return "", "", fmt.Errorf("writing what is kept of %s: %w", ref, err)
	}
	return field, string(out), nil
}
