package credential

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/reggen/reggen/generator/secret"
)

// Value is one value that the registry needs from a credential, and how it
// gets there.
type Value struct {
	Field string
	Ref   secret.Ref
	Check func(text string) string // why the text can't be one, or ""
	Form  func(text string) string // what goes into the Secret; nil: the text itself
}

// Storages are the values of the credentials of storages.
var Storages = map[Type][]Value{
	S3: {
		{AccessKey, secret.S3AccessKey, CheckS3Key, nil},
		{SecretKey, secret.S3SecretKey, CheckS3Key, nil},
	},
	Azure: {{AccountKey, secret.AzureAccountKey, CheckAzureKey, nil}},
	GCS:   {{KeyFile, secret.GCSKey, CheckGCSKey, compact}},
	Swift: {
		{Username, secret.SwiftUsername, CheckLine, QuoteYAML},
		{Password, secret.SwiftPassword, CheckLine, QuoteYAML},
	},
}

// Fixed are the values of a type whose fields are known beforehand: a storage's
// and the login of a cache; nil for other types.
func Fixed(t Type) []Value {
	if t == Proxy {
		return proxyValues
	}
	return Storages[t]
}

// proxyValues are the login of a pull-through cache to the registry behind it.
var proxyValues = []Value{
	{Username, secret.ProxyUsername, CheckLine, QuoteYAML},
	{Password, secret.ProxyPassword, CheckLine, QuoteYAML},
}

// The names of a config credential's fields: a variable of the registry, or a
// header of a notification endpoint, notifications.<endpoint>.<header>.
const (
	PatternVariable = `REGISTRY(_[A-Z0-9]+)+`
	PatternHeader   = `notifications\.[a-z0-9]([-a-z0-9]*[a-z0-9])?\.[A-Za-z][-A-Za-z0-9]*`
)

var (
	reVariable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + PatternVariable + `$`) })
	reHeader   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + PatternHeader + `$`) })
)

// HeaderOf takes the name of a config credential's field apart, if it is a
// header's.
func HeaderOf(field string) (endpoint, header string, is bool) {
	if !reHeader().MatchString(field) {
		return "", "", false
	}
	parts := strings.SplitN(field, ".", 3)
	return parts[1], parts[2], true
}

// IsConfigField says whether a config credential can have the field.
func IsConfigField(field string) bool {
	return reVariable().MatchString(field) || reHeader().MatchString(field)
}

// ConfigForm is what goes into a Secret for a config credential's field: a
// variable's text in YAML's quotes, as which the registry reads it; a header's
// text as it stands inside such quotes, since the list of endpoints is around
// it.
func ConfigForm(field, text string) string {
	quoted := QuoteYAML(text)
	if reHeader().MatchString(field) {
		return quoted[1 : len(quoted)-1]
	}
	return quoted
}

// CheckField says why text can't be the value of a field of that type, or "".
func CheckField(t Type, field, text string) string {
	for _, v := range Storages[t] {
		if v.Field == field {
			return v.Check(text)
		}
	}
	switch {
	case t == Proxy, t == Config:
		return CheckLine(text)
	case field == HTTPSecret:
		return CheckHTTPSecret(text)
	}
	return ""
}

// CheckLine says why text can't be a value that somebody types, or "".
func CheckLine(text string) string {
	for _, r := range text {
		if unicode.IsControl(r) {
			return "has a newline or another control character"
		}
	}
	return ""
}

// CheckAzureKey says why text can't be the key of a storage account, or "":
// 64 bytes in base64 (Azure's documentation of account access keys, 512 bits).
// So it never means anything else in YAML, as which the registry reads it.
func CheckAzureKey(text string) string {
	if raw, err := base64.StdEncoding.DecodeString(text); err != nil || len(raw) != 64 {
		return "is not the key of a storage account, which is 88 letters and digits in base64"
	}
	return ""
}

// CheckGCSKey says why text can't be the key file of a service account, or "".
func CheckGCSKey(text string) string {
	var key struct {
		Type  string `json:"type"`
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
	}
	if json.Unmarshal([]byte(text), &key) != nil || key.Type != "service_account" || key.Email == "" || !strings.Contains(key.Key, "PRIVATE KEY") {
		return "is not the JSON key file of a service account"
	}
	return ""
}

// QuoteYAML writes text so that YAML, as which the registry reads the values of
// its variables, gives it back: in double quotes, as JSON does.
func QuoteYAML(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic("text can't fail to encode")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// compact writes JSON on one line, without the escapes that YAML 1.1 lacks.
func compact(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text // told by the check
	}
	out, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return string(out)
}
