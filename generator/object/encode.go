package object

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/codec"
)

// Encode writes objects as a YAML stream with sorted keys, in the given order.
// A mapping that several objects have in common (the same one, under a field
// of each) is encoded once: a pull secret of a thousand namespaces.
func Encode(objects []Object) ([]byte, error) {
	uses := map[uintptr]int{}
	for _, o := range objects {
		for _, v := range o {
			uses[address(v)]++
		}
	}
	delete(uses, 0)
	shares := func(o Object) bool {
		for _, v := range o {
			if uses[address(v)] > 1 {
				return true
			}
		}
		return false
	}
	var b bytes.Buffer
	known := parts{}
	for i, o := range objects {
		if i > 0 {
			b.WriteString("---\n")
		}
		encode := marshal
		if shares(o) {
			encode = known.encode
		}
		text, err := encode(o)
		if err != nil {
			return nil, fmt.Errorf("encoding %s: not representable as YAML", o.ID())
		}
		b.Write(text)
	}
	return b.Bytes(), nil
}

func marshal(o Object) ([]byte, error) { return codec.Marshal(map[string]any(o)) }

// address is where a mapping is kept; 0 for anything else.
func address(v any) uintptr {
	if m, ok := v.(map[string]any); ok {
		return reflect.ValueOf(m).Pointer()
	}
	return 0
}

// part is a field of an object whose value is a text or a mapping.
type part struct {
	field   string
	text    string
	address uintptr // of the mapping
}

// parts are the encoded fields of the objects so far.
type parts map[part][]byte

// encode writes an object field by field.
func (known parts) encode(o Object) ([]byte, error) {
	fields := slices.Sorted(maps.Keys(o))
	if slices.ContainsFunc(fields, unusual) {
		return marshal(o)
	}
	var out []byte
	for _, f := range fields {
		text, isText := o[f].(string)
		key := part{f, text, address(o[f])}
		encoded, ok := known[key]
		if !ok {
			var err error
			if encoded, err = marshal(Object{f: o[f]}); err != nil {
				return nil, err
			}
			if isText || key.address != 0 {
				known[key] = encoded
			}
		}
		out = append(out, encoded...)
	}
	return out, nil
}

// unusual says that the YAML library may sort a field in another way than by
// its bytes: it counts digits as numbers.
func unusual(field string) bool {
	return strings.ContainsFunc(field, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
}
