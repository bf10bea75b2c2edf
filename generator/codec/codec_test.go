package codec

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	direct "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

// sameWritten compares what is written, and says whether the short way was taken.
func sameWritten(t *testing.T, v any) bool {
	t.Helper()
	got, gerr := Marshal(v)
	want, werr := yaml.Marshal(v)
	if !bytes.Equal(got, want) || (gerr == nil) != (werr == nil) {
		t.Errorf("%#v: %q, %v; expected %q, %v", v, got, gerr, want, werr)
	}
	_, _, short := forEmitter(v, 0)
	return short
}

func sameRead(t *testing.T, text string) {
	t.Helper()
	for name, c := range map[string]struct {
		ours   func([]byte) (any, error)
		theirs func([]byte, any, ...yaml.JSONOpt) error
	}{"Unmarshal": {Unmarshal, yaml.Unmarshal}, "UnmarshalStrict": {UnmarshalStrict, yaml.UnmarshalStrict}} {
		got, gerr := c.ours([]byte(text))
		var parsed any
		if alike(t, text) && (name == "Unmarshal" || direct.UnmarshalStrict([]byte(text), &parsed) == nil) {
			if !errors.Is(gerr, ErrSameKey) {
				t.Errorf("%s of %q, where two keys become one: %#v, %v", name, text, got, gerr)
			}
			continue
		}
		var want any
		werr := c.theirs([]byte(text), &want)
		if !reflect.DeepEqual(got, want) || (gerr == nil) != (werr == nil) || gerr != nil && gerr.Error() != werr.Error() {
			t.Errorf("%s of %q: %#v, %v; expected %#v, %v", name, text, got, gerr, want, werr)
		}
	}
}

// alike says that two keys of a mapping are one for the library, which is asked
// for each alone.
func alike(t *testing.T, text string) bool {
	var in func(v any) bool
	in = func(v any) bool {
		switch v := v.(type) {
		case []any:
			return slices.ContainsFunc(v, in)
		case map[any]any:
			seen := map[string]bool{}
			for key, value := range v {
				if name, is := asKey(t, key); is && seen[name] {
					return true
				} else if is {
					seen[name] = true
				}
				if in(value) {
					return true
				}
			}
		}
		return false
	}
	var v any
	return direct.Unmarshal([]byte(text), &v) == nil && in(v)
}

// asKey is what the library makes of a key of the parser's; is is false where JSON
// can have no such key.
func asKey(t *testing.T, key any) (name string, is bool) {
	t.Helper()
	text, err := direct.Marshal(map[any]any{key: nil})
	if f, number := key.(float64); number && f == 0 && math.Signbit(f) {
		text = []byte("-0.0: ~\n") // the emitter's -0 is read as a whole number
	}
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if yaml.Unmarshal(text, &read) != nil || len(read) != 1 {
		return "", false
	}
	for name = range read {
	}
	return name, true
}

func TestMarshal(t *testing.T) {
	long := strings.Repeat("a", 2000)
	for name, c := range map[string]struct {
		short bool
		v     any
	}{
		"an object": {true, map[string]any{"b": "x", "a": []any{1.0, int64(2), 3, "yes", "0755", "1e3", "", nil, true}, "a10": 1, "a9": map[string]string{"c": "d"}}},
		"numbers":   {true, []any{0.0, 1.5, -1.0, 1e15, 0.000001, 1e-6, 123456789.0, 1.0 / 3}},
		"no maps":   {true, map[string]any{"a": map[string]any(nil), "b": []any(nil), "c": map[string]string(nil), "d": map[string]any{}, "e": []any{}}},
		"texts":     {true, []any{"a: b", "- a", "a\nb\n", "a\tb", "\x01", "\x00", "é", "😀", "<>&", "\u2028", "'", `"`, `\`, "2001-01-01", "y", ".5", "1:30", "~", strings.Repeat("long words ", 30), long}},
		"in a copy": {true, map[string]any{"a": []any{map[string]any{"b": 1.0}}, "c": "d"}},

		"large numbers": {false, []any{1e16}}, "a large number": {false, 1e300}, "a small one": {false, 1e-7}, "minus nothing": {false, math.Copysign(0, -1)},
		"no number": {false, math.NaN()}, "without end": {false, math.Inf(1)},
		"no UTF-8": {false, "a\xffb"}, "a replacement": {false, "\ufffd"}, "DEL": {false, "\x7f"}, "NEL": {false, "\u0085"}, "a mark": {false, "\ufeffa"},
		"a long key": {false, map[string]any{long: 1}}, "a merge": {false, map[string]any{"<<": "a"}},
		"a struct": {false, struct{ A int }{1}}, "bytes": {false, []byte("a")},
	} {
		t.Run(name, func(t *testing.T) {
			if short := sameWritten(t, c.v); short != c.short {
				t.Errorf("the short way: %v", short)
			}
		})
	}
	v := map[string]any{"a": []any{1.0, map[string]any{"b": 2.0}}}
	sameWritten(t, v)
	if !reflect.DeepEqual(v, map[string]any{"a": []any{1.0, map[string]any{"b": 2.0}}}) {
		t.Errorf("what was written has changed: %v", v)
	}
}

var texts = []string{"", "~", "a: b", "a: 1\nb: [1.5, 0x1F, 0755, 1e3, 1_000, 9007199254740993, 18446744073709551615, -0, -0.0]\n", "1: a\ntrue: b\n1.5: c\n~: d\n", "a: .inf", "a: .nan", "a: 1\na: 2",
	"a: &x {b: c}\nd: *x\ne: {<<: *x}\n", "a: 2001-01-01", "a: !!binary aGk=", "a: !!binary /w==", "a: !!str 1", "a: b\n---\nc: d\n", "- a\n- {}\n- []\n", "a: [\n", "\"\\u0000\": \"\\ud800\"", "a: \"\\x80\"", "? {a: b}\n: c\n", "-0.: a\n0: b", "1: 0\n1: 0\n1.: "}

// sameKeys are texts in which keys become one: the library gives one value or the
// other, as Go's maps are walked.
var sameKeys = []string{"1: 0\n7002: 0\n1.: ", "1: a\n\"1\": b", "a: [{true: b, \"true\": c}]", "1.00000001: a\n1.00000002: b", ".inf: a\n\".inf\": b", "~: {1: a, \"1\": b}", "!!binary /w==: a\n!!binary /g==: b"}

func TestUnmarshal(t *testing.T) {
	for _, text := range texts {
		sameRead(t, text)
	}
	for _, text := range sameKeys {
		for range 20 {
			if v, err := Unmarshal([]byte(text)); !errors.Is(err, ErrSameKey) {
				t.Fatalf("%q: %v, %v", text, v, err)
			}
		}
		sameRead(t, text)
	}
}

// Whatever a text is, it is read, and what it says is written, as by the library,
// where the library says the same each time.
func FuzzCodec(f *testing.F) {
	for _, text := range slices.Concat(texts, sameKeys) {
		f.Add(text, 1.5)
	}
	f.Fuzz(func(t *testing.T, text string, number float64) {
		if len(text) > 1<<12 {
			return
		}
		sameRead(t, text)
		sameWritten(t, map[string]any{"a": text, "b": number, "k" + text: []any{text}})
		var v any
		if yaml.Unmarshal([]byte(text), &v) == nil {
			sameWritten(t, v)
		}
	})
}
