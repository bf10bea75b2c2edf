package object

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestSharedMappings encodes objects that share mappings and, one by one, as
// if they didn't: the bytes are the same.
func TestSharedMappings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "v1", "0o14", "1e3", "on", "~", "a: b", " a", "a\nb\n", "é", "- a", "# a", strings.Repeat("long words ", 20)}
	fields := []string{"apiVersion", "data", "kind", "metadata", "sops", "stringData", "type", "x1", "x10", "x9", "a-b", "É"}
	for range 2000 {
		var shared []map[string]any
		for range 1 + r.IntN(3) {
			m := map[string]any{}
			for range r.IntN(3) {
				m[texts[r.IntN(len(texts))]] = []any{texts[r.IntN(len(texts))], nil, 1.5, map[string]any{"k": "v"}}
			}
			shared = append(shared, m)
		}
		shared = append(shared, nil)
		var objects []Object
		for range 1 + r.IntN(4) {
			o := Object{}
			for range r.IntN(6) {
				var value any
				switch r.IntN(4) {
				case 0:
					value = shared[r.IntN(len(shared))]
				case 1:
					value = texts[r.IntN(len(texts))]
				case 2:
					value = []any{texts[r.IntN(len(texts))]}
				}
				o[fields[r.IntN(len(fields))]] = value
			}
			objects = append(objects, o)
		}
		var want []string
		for _, o := range objects {
			text, err := marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, string(text))
		}
		got, err := Encode(objects)
		if err != nil || string(got) != strings.Join(want, "---\n") {
			t.Fatalf("%v\n%s\nwant\n%s", err, got, strings.Join(want, "---\n"))
		}
	}
}
