package credential

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"crypto/rand"

	"golang.org/x/crypto/bcrypt"

	"github.com/reggen/reggen/generator/syntax"
)

// The bcrypt costs. bcrypt runs on every request of a registry, so a random
// password, which needs no stretching, gets the lowest useful cost; people's
// passwords get the customary one. MaxCost keeps a request below about a
// second.
const (
	MinCost       = 5
	GeneratedCost = 5
	PersonCost    = 10
	MaxCost       = 12
)

// MaxPassword is bcrypt's limit in bytes; longer ones would be cut, so Go's
// implementation and reggen refuse them.
const MaxPassword = 72

// CheckUser says why name can't be a user name, or "" when it can: the rule
// is the spec's, since pull secrets name users too.
func CheckUser(name string) string { return syntax.CheckUser(name) }

// CheckPassword says why password can't be used, or "". It never quotes it.
func CheckPassword(password string) string {
	switch {
	case password == "":
		return "the password is empty"
	case len(password) > MaxPassword:
		return fmt.Sprintf("the password has %d bytes; bcrypt takes at most %d", len(password), MaxPassword)
	case strings.ContainsAny(password, "\n"):
		return "the password has a newline, which no login prompt can send"
	case strings.ContainsRune(password, 0):
		return "the password has a NUL byte, at which other bcrypt implementations stop reading"
	case !utf8.ValidString(password):
		return "the password is not UTF-8, which the docker config's JSON can't hold"
	}
	return ""
}

// HashPassword returns the bcrypt hash of password in Apache's notation
// ($2y$). bcrypt draws the salt itself.
func HashPassword(password string, cost int) (string, error) {
	if what := CheckPassword(password); what != "" {
		return "", errors.New(what)
	}
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return "", errors.New("hashing the password failed")
	}
	return "$2y$" + strings.TrimPrefix(string(h), "$2a$"), nil
}

// Verify says whether password is the one that hash was made from. A password
// over bcrypt's limit never is: comparing would look at its first 72 bytes.
//
// bcrypt is slow on purpose, and one password is held against one hash at
// several places of a check, and in every environment that shares it: what was
// compared once is known, by a digest of both.
func Verify(hash, password string) bool {
	if len(password) > MaxPassword {
		return false
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(hash), hash, password))
	once, _ := compared.LoadOrStore(key, sync.OnceValue(func() bool {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	}))
	is, _ := once.(func() bool)
	return is()
}

var compared sync.Map // digest -> func() bool

// CheckHash returns the cost of a bcrypt hash, or why it is none that can be
// used here.
func CheckHash(hash string) (cost int, what string) {
	if len(hash) != 60 || !(strings.HasPrefix(hash, "$2y$") || strings.HasPrefix(hash, "$2a$") || strings.HasPrefix(hash, "$2b$")) {
		return 0, "not a bcrypt hash; the registry takes bcrypt only (htpasswd -nB makes one)"
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || strings.ContainsAny(hash, "\n: ") {
		return 0, "not a bcrypt hash; the registry takes bcrypt only (htpasswd -nB makes one)"
	}
	if cost < MinCost || cost > MaxCost {
		return 0, fmt.Sprintf("a bcrypt hash of cost %d, outside %d to %d: a low one is soon guessed, a high one is paid on every request", cost, MinCost, MaxCost)
	}
	return cost, ""
}

// HashOf says what a hash was made from: SHA-256 over the length-prefixed
// version, user, cost, password and hash. It stands encrypted beside them.
func HashOf(user string, cost int, password, hash string) string {
	h := sha256.New()
	for _, part := range []string{"reggen hashOf 1", user, fmt.Sprint(cost), password, hash} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part)))
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Entry is one line of an htpasswd file.
type Entry struct{ User, Hash string }

// HTPasswd writes an htpasswd file, a line an entry, in the order given.
func HTPasswd(entries []Entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.User + ":" + e.Hash + "\n")
	}
	return b.String()
}

type dockerEntry struct {
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Email    string `json:"email,omitempty"`
	Auth     string `json:"auth,omitempty"`
}

type dockerConfig struct {
	Auths map[string]dockerEntry `json:"auths"`
}

// DockerConfig writes the bytes that `kubectl create secret docker-registry`
// puts under .dockerconfigjson: compact JSON, HTML escaping, no newline.
func DockerConfig(server, user, password, email string) ([]byte, error) {
	out, err := json.Marshal(dockerConfig{map[string]dockerEntry{server: {
		Username: user, Password: password, Email: email,
		Auth: base64.StdEncoding.EncodeToString([]byte(user + ":" + password)),
	}}})
	if err != nil {
		return nil, errors.New("writing the docker config failed")
	}
	return out, nil
}

// Login is one entry of a docker config.
type Login struct{ Server, User, Password, Email string }

// ReadDockerConfig reads a docker config of exactly one server back and
// checks that auth agrees with username and password. Errors quote nothing.
func ReadDockerConfig(data []byte) (Login, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var c dockerConfig
	if err := d.Decode(&c); err != nil {
		return Login{}, errors.New("not a docker config")
	}
	if len(c.Auths) != 1 {
		return Login{}, fmt.Errorf("a docker config with %d servers; expected one", len(c.Auths))
	}
	for server, e := range c.Auths {
		if e.Auth != base64.StdEncoding.EncodeToString([]byte(e.Username+":"+e.Password)) {
			return Login{}, errors.New("a docker config whose auth is not its username and password")
		}
		return Login{server, e.Username, e.Password, e.Email}, nil
	}
	return Login{}, nil
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Generate draws n letters and digits from random, the first a letter: such a
// value survives every YAML reader and shell unquoted. n of 32 carries about
// 190 bits.
func Generate(random io.Reader, n int) (string, error) {
	out := make([]byte, n)
	for i := range out {
		set := alphanumeric
		if i == 0 {
			set = alphanumeric[:52]
		}
		k, err := rand.Int(random, big.NewInt(int64(len(set))))
		if err != nil {
			return "", fmt.Errorf("drawing a random secret: %w", err)
		}
		out[i] = set[k.Int64()]
	}
	return string(out), nil
}

var safeSecret = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{15,127}$`) })

// CheckHTTPSecret says why text can't be the registry's http secret, or "".
// The registry parses REGISTRY_* variables as YAML, so that "#abc" arrives
// empty and "0755" as a number: letters and digits, enough of them, arrive as
// they are.
func CheckHTTPSecret(text string) string {
	if !safeSecret().MatchString(text) {
		return "is not 16 to 128 letters and digits, the first a letter: the registry parses it as YAML, which changes other texts"
	}
	return ""
}

// CheckS3Key says why text can't be an S3 key, or "". The keys travel in an
// environment variable and in an HTTP header.
func CheckS3Key(text string) string {
	if text == "" {
		return "is empty"
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return "has a newline or another control character, which no HTTP header holds"
		}
	}
	return ""
}
