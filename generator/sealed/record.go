package sealed

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/secret"
)

// RecordKey is the annotation that holds the record.
const RecordKey = "reggen.dev/record"

// header is the first line of a record; its number is the record's version.
const header = "reggen record 1"

// Record is what a sealed file says about itself in the clear: whose it is,
// what decided its content, and what its content may do to a rollout.
type Record struct {
	Owner   string            // namespace/name of the spec
	Digest  string            // the record digest, see Digest
	Cipher  string            // fingerprint of the file's own ciphertexts
	Made    string            // shows the holder of a key that the data key is their own; "" for nobody's
	Facts   []Fact            // the facets, sorted
	Rollout map[string]string // key of the Secret -> rollout digest

	// Public are the certificates that the chart has outside Secrets too: what a
	// build, which has no key, puts there.
	Public map[secret.Ref]string
}

// Fact is one public fact about one ref.
type Fact struct {
	Ref   secret.Ref
	Name  string
	Value string
}

// Facts flattens the facets of some refs, sorted.
func Facts(refs map[secret.Ref]secret.Facets) []Fact {
	var out []Fact
	for ref, facets := range refs {
		for k, v := range facets {
			out = append(out, Fact{ref, k, v})
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Ref != out[j].Ref {
			return out[i].Ref < out[j].Ref
		}
		return out[i].Name < out[j].Name
	})
	return out
}

// String is the record's text: a header and one sorted line a fact.
func (r Record) String() string {
	lines := []string{
		"cipher " + r.Cipher,
		"digest " + r.Digest,
		"owner " + strconv.Quote(r.Owner),
	}
	if r.Made != "" {
		lines = append(lines, "made "+r.Made)
	}
	for _, f := range r.Facts {
		lines = append(lines, fmt.Sprintf("fact %s %s %s", strconv.Quote(string(f.Ref)), strconv.Quote(f.Name), strconv.Quote(f.Value)))
	}
	for k, v := range r.Rollout {
		lines = append(lines, fmt.Sprintf("rollout %s %s", strconv.Quote(k), v))
	}
	for ref, text := range r.Public {
		lines = append(lines, fmt.Sprintf("public %s %s", strconv.Quote(string(ref)), strconv.Quote(text)))
	}
	sort.Strings(lines)
	return header + "\n" + strings.Join(lines, "\n") + "\n"
}

// ParseRecord reads a record's text. ok is false for anything that String
// would not write: an unknown version, an unknown or doubled line.
func ParseRecord(text string) (r Record, ok bool) {
	first, rest, _ := strings.Cut(text, "\n")
	if first != header {
		return Record{}, false
	}
	r.Rollout = map[string]string{}
	for line := range strings.Lines(rest) {
		word, args, found := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !found {
			return Record{}, false
		}
		switch word {
		case "cipher":
			r.Cipher = args
		case "digest":
			r.Digest = args
		case "made":
			r.Made = args
		case "owner":
			q, err := strconv.Unquote(args)
			if err != nil {
				return Record{}, false
			}
			r.Owner = q
		case "fact":
			q, more := quoted(args, 3)
			if more != "" || len(q) != 3 {
				return Record{}, false
			}
			r.Facts = append(r.Facts, Fact{secret.Ref(q[0]), q[1], q[2]})
		case "public":
			q, more := quoted(args, 2)
			if more != "" || len(q) != 2 {
				return Record{}, false
			}
			if r.Public == nil {
				r.Public = map[secret.Ref]string{}
			}
			r.Public[secret.Ref(q[0])] = q[1]
		case "rollout":
			q, more := quoted(args, 1)
			if len(q) != 1 || more == "" {
				return Record{}, false
			}
			r.Rollout[q[0]] = more
		default:
			return Record{}, false
		}
	}
	return r, r.String() == text
}

// quoted reads up to n quoted strings off the front of text.
func quoted(text string, n int) (out []string, rest string) {
	rest = text
	for len(out) < n {
		prefix, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return out, rest
		}
		q, err := strconv.Unquote(prefix)
		if err != nil {
			return out, rest
		}
		out = append(out, q)
		rest = strings.TrimPrefix(rest[len(prefix):], " ")
	}
	return out, rest
}

// Digest is the record digest, version 1, frozen: SHA-256 over the Secret's
// name, type, sorted keys, the placeholder data with each placeholder written
// as {{ref}}, and the sorted facts. Namespace, labels, versions and recipients
// are not in it, so that none of them asks for a new seal.
func Digest(name, kind string, data map[string]string, facts []Fact) string {
	h := sha256.New()
	put := func(parts ...string) {
		for _, p := range parts {
			_ = binary.Write(h, binary.BigEndian, uint64(len(p)))
			h.Write([]byte(p))
		}
	}
	put("reggen record digest 1", name, kind, strconv.Itoa(len(data)))
	keys := make([]string, 0, len(data))
	for k := range data {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		put(k, data[k])
	}
	put(strconv.Itoa(len(facts)))
	for _, f := range facts {
		put(string(f.Ref), f.Name, f.Value)
	}
	return hex.EncodeToString(h.Sum(nil))
}
