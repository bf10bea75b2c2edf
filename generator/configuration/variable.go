package configuration

import (
	"errors"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/codec"
)

// untyped are the parts of the configuration in which the registry takes
// whatever type YAML gives; elsewhere a number stays the text that it was.
var untyped = []string{"REGISTRY_STORAGE_", "REGISTRY_AUTH_"}

// texts are the ends of names whose values are texts, never numbers.
var texts = []string{"SECRET", "PASSWORD", "USERNAME", "ACCESSKEY", "SECRETKEY", "ACCOUNTKEY", "ACCOUNTNAME", "BUCKET", "REALM", "ROOTDIRECTORY", "CONTAINER"}

// IsText says whether a variable's value is a text by its name.
func IsText(name string) bool { return endsIn(name, texts) }

// Mangled says that YAML reads a variable's value as something else than the
// text that it is.
func Mangled(name, value string) bool {
	read, err := Read(value)
	if err != nil {
		return true
	}
	switch t := read.(type) {
	case string:
		return t != value && value != quoted(t, value)
	case nil, map[string]any, []any:
		return value != ""
	}
	for _, prefix := range untyped {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// quoted is the value when it is text in YAML's quotes: somebody meant that.
func quoted(text, value string) string {
	if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
		return value
	}
	return text
}

func endsIn(name string, ends []string) bool {
	for _, e := range ends {
		if strings.HasSuffix(name, "_"+e) {
			return true
		}
	}
	return false
}

var errLarge = errors.New("is too large, or too deep")

// Read is what YAML makes of a variable's value. An error says that it can't be
// read; codec.ErrSameKey that it can, and by chance.
func Read(text string) (value any, err error) {
	if !bounded.Text(text) {
		return nil, errLarge
	}
	return codec.Unmarshal([]byte(text))
}
