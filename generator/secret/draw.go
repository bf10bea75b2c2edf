package secret

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Draws answers a render's questions for random values. Each has an address, and
// the same address has the same value, however often it is asked for. In a build
// a placeholder of the value's shape stands for it; in a seal it is drawn from
// the seed, or, where no seed gives it, made once and kept.
type Draws struct {
	Real bool          // a seal
	Salt string        // makes the placeholders of a build other ones
	Seed []byte        // of the machine credential
	Kept map[Ref]Kept  // of the machine credential
	Now  time.Time     // when what is kept is made
	Mint Mint          `json:"-"` // makes what no seed gives; nil where none can be made
	Made map[Ref]Drawn // all that was drawn
}

// Mint makes what no seed gives: certificates, keys, salted hashes. until is
// when that expires, zero for never.
type Mint func(function string, args []any) (parts map[string]string, until time.Time, err error)

// Kept is a value that was made once, as the machine credential holds it,
// encrypted.
type Kept struct {
	Of    string            `json:"of"` // a digest of the real arguments
	Parts map[string]string `json:"parts"`
	Until time.Time         `json:"until,omitzero"`
}

// Drawn is one value that a render drew.
type Drawn struct {
	Function string
	Call     string            // a digest of function and arguments, secrets named
	Where    string            // template and what its line says, for people
	Of       []Ref             // the secrets in the arguments
	Loose    bool              // its placeholder can't be told from other text
	Parts    map[string]string // what stands in the render: part -> text
	Kept     *Kept             // of what is kept, in a seal
	New      bool              // and was made by this render
}

// Certificate is what the functions for certificates return: templates read
// its fields.
type Certificate struct{ Cert, Key string }

// The parts of what is drawn. A value that is one text has only the first.
const (
	PartText = ""
	PartCert = "cert"
	PartKey  = "key"
)

// Seedable are the functions whose results follow from a seed, and Keepable
// those whose results are made once and kept.
var (
	Seedable = []string{"randAlpha", "randAlphaNum", "randAscii", "randNumeric", "randBytes", "randInt", "uuidv4", "shuffle"}
	Keepable = []string{"genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey",
		"genSignedCert", "genSignedCertWithKey", "bcrypt", "htpasswd", "encryptAES", "now"}
)

// DrawRef names what is drawn at an address.
func DrawRef(address string) Ref { return Ref("draw/" + address) }

// IsDraw says whether a ref is one that a template draws.
func IsDraw(ref Ref) bool { return strings.HasPrefix(string(ref), "draw/") }

// PartRef names a part of what is drawn.
func PartRef(ref Ref, part string) Ref {
	if part == PartText {
		return ref
	}
	return ref + "." + Ref(part)
}

// errUndrawable is the reason in place of one that could quote an argument.
var errUndrawable = errors.New("can't be drawn")

// Draw returns what a template's function gives at an address. call is a digest
// of the function and its arguments in which secrets are named, of are those
// secrets, where is for people.
func (d *Draws) Draw(address, function, call, where string, args []any, of ...Ref) (any, error) {
	ref := DrawRef(address)
	drawn, had := d.Made[ref]
	if had && drawn.Call != call {
		return nil, errUndrawable
	}
	if !had {
		var err error
		drawn = Drawn{Function: function, Call: call, Where: where, Of: of}
		if slices.Contains(Keepable, function) {
			err = d.keep(ref, function, args, &drawn)
		} else {
			err = d.seeded(ref, function, args, &drawn)
		}
		if err != nil {
			return nil, err
		}
		if d.Made == nil {
			d.Made = map[Ref]Drawn{}
		}
		d.Made[ref] = drawn
	}
	return value(function, drawn.Parts, args)
}

// value is what a function returns, from its text.
func value(function string, parts map[string]string, args []any) (any, error) {
	text := parts[PartText]
	switch {
	case parts[PartCert] != "":
		return Certificate{parts[PartCert], parts[PartKey]}, nil
	case function == "now":
		return time.Parse(time.RFC3339Nano, text)
	case function == "randInt":
		low, high, ok := bounds(args)
		if !ok {
			return nil, errUndrawable
		}
		return low + int(number(text)%uint64(high-low)), nil
	case function == "shuffle":
		return shuffled(text, args)
	}
	return text, nil
}

func (d *Draws) seeded(ref Ref, function string, args []any, drawn *Drawn) error {
	size := 64
	if strings.HasPrefix(function, "rand") && function != "randInt" {
		n, ok := whole(args)
		if !ok || n < 0 || n > 4096 {
			return errUndrawable
		}
		size = n
	}
	stream := newStream([]byte("reggen placeholder 2\x00"+d.Salt), string(ref), drawn.Call)
	if d.Real {
		if len(d.Seed) == 0 {
			return errUndrawable
		}
		key, err := hkdf.Key(sha256.New, d.Seed, nil, "reggen draw 2", 32)
		if err != nil {
			return fmt.Errorf("deriving the key of draws: %w", err)
		}
		stream = newStream(key, string(ref), drawn.Call)
	}
	text := shape(stream, function, size)
	drawn.Loose = function == "randInt" || function == "shuffle" || len(text) < tellable
	drawn.Parts = map[string]string{PartText: text}
	return nil
}

// tellable is how long a placeholder has to be so that nothing else is taken
// for it.
const tellable = 16

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

func shape(s *stream, function string, size int) string {
	switch function {
	case "randAlpha":
		return s.letters(lower+upper, size)
	case "randNumeric":
		return s.letters(digits, size)
	case "randAscii":
		var printable strings.Builder
		for c := byte(32); c < 127; c++ {
			printable.WriteByte(c)
		}
		return s.letters(printable.String(), size)
	case "randBytes":
		return base64.StdEncoding.EncodeToString(s.bytes(size))
	case "uuidv4":
		b := s.bytes(16)
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	return s.letters(lower+upper+digits, size)
}

// keep is for what is made once. A build has a placeholder of its shape; a seal
// takes what is kept, unless it was made from other arguments.
func (d *Draws) keep(ref Ref, function string, args []any, drawn *Drawn) error {
	if !d.Real {
		drawn.Loose = function == "now"
		drawn.Parts = standIn(function, newStream([]byte("reggen placeholder 2\x00"+d.Salt), string(ref), drawn.Call), args)
		return nil
	}
	of := ArgsDigest(function, args)
	if kept, has := d.Kept[ref]; has && kept.Of == of {
		drawn.Parts, drawn.Kept = kept.Parts, &kept
		return nil
	}
	if d.Mint == nil {
		return errUndrawable
	}
	parts, until, err := d.Mint(function, args)
	if err != nil {
		return errUndrawable // the reason could quote an argument
	}
	drawn.Parts, drawn.Kept, drawn.New = parts, &Kept{of, parts, until}, true
	return nil
}

// standIn are the parts of a placeholder. Certificates and keys have the frame
// of theirs, for templates that look.
func standIn(function string, s *stream, args []any) map[string]string {
	frame := func(what string) string {
		return "-----BEGIN " + what + "-----\n" + s.letters(lower+upper+digits, 64) + "\n-----END " + what + "-----\n"
	}
	switch function {
	case "now":
		at := time.Unix(int64(number(s.letters(digits, 8))%1_000_000_000), 0).UTC()
		return map[string]string{PartText: at.Format(time.RFC3339Nano)}
	case "genPrivateKey":
		return map[string]string{PartText: frame("PRIVATE KEY")}
	case "bcrypt", "htpasswd":
		text := "$2a$10$" + s.letters(lower+upper+digits, 53)
		if user, is := first(args).(string); is && function == "htpasswd" {
			text = user + ":" + text
		}
		return map[string]string{PartText: text}
	case "encryptAES":
		return map[string]string{PartText: base64.StdEncoding.EncodeToString(s.bytes(48))}
	}
	return map[string]string{PartCert: frame("CERTIFICATE"), PartKey: frame("RSA PRIVATE KEY")}
}

// ArgsDigest is a digest of a function and its real arguments. It stands
// beside what was made of them, encrypted.
func ArgsDigest(function string, args []any) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q", function)
	for _, a := range args {
		_, _ = fmt.Fprintf(h, "\x00%T\x00%q", a, fmt.Sprint(a))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func first(args []any) any {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

// whole is the one argument that is a whole number.
func whole(args []any) (int, bool) {
	if len(args) != 1 {
		return 0, false
	}
	switch n := args[0].(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	case float64:
		return int(n), n == float64(int(n))
	}
	return 0, false
}

func bounds(args []any) (low, high int, ok bool) {
	if len(args) != 2 {
		return 0, 0, false
	}
	low, a := whole(args[:1])
	high, b := whole(args[1:])
	return low, high, a && b && low < high
}

func number(text string) uint64 {
	sum := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(sum[:])
}

func shuffled(text string, args []any) (string, error) {
	of, is := first(args).(string)
	if !is || len(args) != 1 {
		return "", errUndrawable
	}
	runes := []rune(of)
	for i := len(runes) - 1; i > 0; i-- {
		j := int(number(fmt.Sprint(text, i)) % uint64(i+1))
		runes[i], runes[j] = runes[j], runes[i]
	}
	return string(runes), nil
}

// stream is bytes without end from a key and a name.
type stream struct {
	key, rest []byte
	n         uint64
}

func newStream(key []byte, name ...string) *stream {
	h := sha256.New()
	for _, part := range append([]string{string(key)}, name...) {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part)))
		_, _ = h.Write([]byte(part))
	}
	return &stream{key: h.Sum(nil)}
}

func (s *stream) bytes(n int) []byte {
	for len(s.rest) < n {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(slices.Clone(s.key), s.n))
		s.rest, s.n = append(s.rest, sum[:]...), s.n+1
	}
	out := s.rest[:n:n]
	s.rest = s.rest[n:]
	return out
}

// letters are n out of an alphabet, each as likely as another.
func (s *stream) letters(alphabet string, n int) string {
	out := make([]byte, 0, n)
	limit := 256 - 256%len(alphabet)
	for len(out) < n {
		if b := int(s.bytes(1)[0]); b < limit {
			out = append(out, alphabet[b%len(alphabet)])
		}
	}
	return string(out)
}

// FieldRef is a field of a credential that a Chart's secretValues name.
func FieldRef(credential, field string) Ref { return Ref("field/" + credential + "/" + field) }

// Keepable says whether this is made once and kept, not drawn from the seed.
func (d Drawn) Keepable() bool { return slices.Contains(Keepable, d.Function) }
