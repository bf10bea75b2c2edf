// Package codec reads and writes YAML as sigs.k8s.io/yaml does, to the byte,
// and in less time: that library goes from YAML through JSON to a value, and
// back through JSON and YAML. Where a value is of the plain types of JSON, the
// same parser and emitter are asked directly (go.yaml.in/yaml/v2, which it uses
// itself). Anything else is left to it, its errors too; but two keys that become
// the same text (ErrSameKey), of which it keeps now the one, now the other.
package codec

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	direct "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

// deepest is how deep a value may be nested to be read and written here.
const deepest = 500

// longest is how long a key may be: YAML's parser, which JSON goes through,
// takes no simple key of more than 1,024 bytes.
const longest = 256

// ErrSameKey is the error for a mapping with two keys that JSON writes alike, as
// 1 and "1" or true and "true".
var ErrSameKey = errors.New(`two keys of a mapping are the same text, as 1 and "1" are`)

// Marshal gives the bytes of sigs.k8s.io/yaml's Marshal, and its errors.
func Marshal(v any) ([]byte, error) {
	if plain, _, ok := forEmitter(v, 0); ok {
		return direct.Marshal(plain)
	}
	return yaml.Marshal(v)
}

// Unmarshal gives what sigs.k8s.io/yaml's Unmarshal puts into an empty
// interface, and its errors, or ErrSameKey. Only the first document is read.
func Unmarshal(text []byte) (any, error) { return read(text, direct.Unmarshal, yaml.Unmarshal) }

// UnmarshalStrict is Unmarshal, with an error where a key stands twice.
func UnmarshalStrict(text []byte) (any, error) {
	return read(text, direct.UnmarshalStrict, yaml.UnmarshalStrict)
}

func read(text []byte, parse func([]byte, any) error, library func([]byte, any, ...yaml.JSONOpt) error) (v any, err error) {
	var parsed any
	if parse(text, &parsed) == nil {
		if v, ok := fromParser(parsed, 0); ok {
			return v, nil
		}
		if sameKey(parsed) {
			return nil, ErrSameKey
		}
	}
	err = library(text, &v)
	return v, err
}

// forEmitter is a value as it comes out of its way through JSON: the same one,
// or a copy where something in it comes out differently.
func forEmitter(v any, depth int) (plain any, same, ok bool) {
	if depth > deepest {
		return nil, false, false
	}
	switch v := v.(type) {
	case nil, bool, int, int32, int64:
		return v, true, true
	case string:
		return v, true, passes(v)
	case float64:
		plain, ok = number(v)
		return plain, false, ok
	case map[string]any:
		if v == nil {
			return nil, false, true
		}
		var copied map[string]any
		for key, value := range v {
			plain, same, ok := forEmitter(value, depth+1)
			if !ok || !passesAsKey(key) {
				return nil, false, false
			}
			if !same && copied == nil {
				copied = maps.Clone(v)
			}
			if !same {
				copied[key] = plain
			}
		}
		if copied != nil {
			return copied, false, true
		}
		return v, true, true
	case map[string]string:
		if v == nil {
			return nil, false, true
		}
		for key, value := range v {
			if !passesAsKey(key) || !passes(value) {
				return nil, false, false
			}
		}
		return v, true, true
	case []any:
		if v == nil {
			return nil, false, true
		}
		var copied []any
		for i, value := range v {
			plain, same, ok := forEmitter(value, depth+1)
			if !ok {
				return nil, false, false
			}
			if !same && copied == nil {
				copied = slices.Clone(v)
			}
			if !same {
				copied[i] = plain
			}
		}
		if copied != nil {
			return copied, false, true
		}
		return v, true, true
	}
	return nil, false, false
}

// passesAsKey is passes for a key of a mapping.
func passesAsKey(key string) bool { return len(key) <= longest && key != "<<" && passes(key) }

// number is a number as YAML reads what JSON writes for it: a whole one is an
// integer.
func number(f float64) (plain any, ok bool) {
	size := math.Abs(f)
	switch {
	case f == 0:
		return 0, !math.Signbit(f)
	case size != math.Trunc(size):
		return f, size >= 1e-6 && size < 1<<53 // else JSON writes an exponent, or it is none
	}
	return int64(f), size < 1<<53
}

// passes says that a text comes out of JSON's quotes, read as YAML, as it went
// in.
func passes(text string) bool {
	for _, r := range text {
		if r >= 0x7f && (r < 0xa0 || r == '\ufeff' || r == utf8.RuneError || r == 0xfffe || r == 0xffff) {
			return false
		}
	}
	return true
}

// fromParser is what JSON makes of a value of the parser's.
func fromParser(v any, depth int) (plain any, ok bool) {
	if depth > deepest {
		return nil, false
	}
	switch v := v.(type) {
	case nil, bool:
		return v, true
	case string:
		return v, utf8.ValidString(v)
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			if out[i], ok = fromParser(value, depth+1); !ok {
				return nil, false
			}
		}
		return out, true
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			text, is := key.(string)
			if !is || !utf8.ValidString(text) || strings.Contains(text, "\x00") {
				return nil, false
			}
			if out[text], ok = fromParser(value, depth+1); !ok {
				return nil, false
			}
		}
		return out, true
	}
	return nil, false
}

// sameKey says whether somewhere in a value of the parser's two keys of a
// mapping become the same text.
func sameKey(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, sameKey)
	case map[any]any:
		seen := make(map[string]bool, len(v))
		for key, value := range v {
			text, is := keyText(key)
			if is && seen[text] || sameKey(value) {
				return true
			}
			seen[text] = is || seen[text]
		}
	}
	return false
}

// keyText is what sigs.k8s.io/yaml makes of a key (convertToJSONableObject in its
// yaml.go); other types it refuses.
func keyText(key any) (text string, is bool) {
	switch key := key.(type) {
	case string:
		return string([]rune(key)), true // JSON has U+FFFD for what is no UTF-8
	case int:
		return strconv.Itoa(key), true
	case int64:
		return strconv.FormatInt(key, 10), true
	case bool:
		return strconv.FormatBool(key), true
	case float64:
		text := strconv.FormatFloat(key, 'g', -1, 32)
		if name, is := map[string]string{"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}[text]; is {
			return name, true
		}
		return text, true
	}
	return "", false
}
