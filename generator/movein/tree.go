package movein

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// tree is values as YAML has them.
type tree map[string]any

// copyOf is a copy all the way down, in which numbers are as JSON has them.
func copyOf(in map[string]any) tree {
	out := tree{}
	text, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return tree{}
	}
	return out
}

// get is what stands at a path; nil where there is nothing.
func (t tree) get(path ...string) any {
	var at any = map[string]any(t)
	for _, key := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[key]
	}
	return at
}

// take is get, and takes it out, with the mappings that become empty.
func (t tree) take(path ...string) any {
	value := t.get(path...)
	if len(path) == 1 {
		delete(t, path[0])
		return value
	}
	if below, ok := t[path[0]].(map[string]any); ok {
		tree(below).take(path[1:]...)
		if len(below) == 0 {
			delete(t, path[0])
		}
	}
	return value
}

// text takes out a text, or a number as one; "" for what is none, which stays.
func (t tree) text(path ...string) string {
	switch v := t.get(path...).(type) {
	case string, float64, bool:
		t.take(path...)
		return fmt.Sprint(v)
	}
	return ""
}

// number takes out a number, or a text that is one; what is none stays.
func (t tree) number(path ...string) (n float64, ok bool) {
	switch v := t.get(path...).(type) {
	case float64:
		n, ok = v, true
	case string:
		var err error
		n, err = strconv.ParseFloat(v, 64)
		ok = err == nil && !math.IsInf(n, 0) && !math.IsNaN(n)
	}
	if ok {
		t.take(path...)
	}
	return n, ok
}

// list takes out a list; what is none stays.
func (t tree) list(path ...string) []any {
	l, ok := t.get(path...).([]any)
	if ok {
		t.take(path...)
	}
	return l
}

// mapping takes out a mapping; what is none stays.
func (t tree) mapping(path ...string) tree {
	m, ok := t.get(path...).(map[string]any)
	if ok {
		t.take(path...)
	}
	return m
}

// at is get for a path with numbers of elements in it.
func (t tree) at(path []string) any {
	var at any = map[string]any(t)
	for _, key := range path {
		switch v := at.(type) {
		case map[string]any:
			at = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			at = v[i]
		default:
			return nil
		}
	}
	return at
}

// takeAt takes out what is at such a path, with what becomes empty.
func (t tree) takeAt(path []string) {
	last := path[len(path)-1]
	switch p := t.at(path[:len(path)-1]).(type) {
	case map[string]any:
		delete(p, last)
		if len(p) == 0 && len(path) > 1 {
			t.takeAt(path[:len(path)-1])
		}
	case []any:
		i, _ := strconv.Atoi(last)
		rest := slices.Delete(slices.Clone(p), i, i+1)
		if len(rest) == 0 {
			t.takeAt(path[:len(path)-1])
			return
		}
		switch above := t.at(path[:len(path)-2]).(type) {
		case map[string]any:
			above[path[len(path)-2]] = rest
		case []any:
			j, _ := strconv.Atoi(path[len(path)-2])
			above[j] = rest
		}
	}
}

// put sets a path, unless the value says nothing.
func (t tree) put(value any, path ...string) {
	if empty(value) {
		return
	}
	for _, key := range path[:len(path)-1] {
		below, ok := t[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			t[key] = below
		}
		t = below
	}
	t[path[len(path)-1]] = value
}

// leaves are the paths of all values, those below first, in the order of their
// names; of a list the list itself.
func leaves(t tree, under []string) (out [][]string) {
	for _, key := range slices.Sorted(maps.Keys(t)) {
		path := append(slices.Clone(under), key)
		if below, is := t[key].(map[string]any); is {
			out = append(out, leaves(below, path)...)
		}
		out = append(out, path)
	}
	return out
}

// lowest are the paths of the values themselves; of a list the list itself.
func lowest(t tree, under []string) (out [][]string) {
	for _, path := range leaves(t, under) {
		if m, is := t.get(path[len(under):]...).(map[string]any); !is || len(m) == 0 {
			out = append(out, path)
		}
	}
	return out
}

// dotted is a path as people write it.
func dotted(path []string) string {
	var b strings.Builder
	for i, key := range path {
		switch {
		case strings.ContainsAny(key, "./"):
			b.WriteString("[" + key + "]")
		case i == 0:
			b.WriteString(key)
		default:
			b.WriteString("." + key)
		}
	}
	return b.String()
}

// empty says that a value says nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// dropDefaults takes out what the defaults say too, and what says nothing.
func dropDefaults(t tree, defaults map[string]any) {
	defaults = copyOf(defaults)
	for key, value := range t {
		below, is := value.(map[string]any)
		def, both := defaults[key].(map[string]any)
		if is && both {
			dropDefaults(below, def)
			value = below
		}
		if same(value, defaults[key]) || empty(value) {
			delete(t, key)
		}
	}
}

func same(a, b any) bool { return reflect.DeepEqual(plain(a), plain(b)) }

// plain is a value as JSON has it.
func plain(v any) (out any) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return nil
	}
	return out
}

// placeholder matches what a tutorial writes where a reader has to write
// something.
var placeholder = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[./@-])your[_-]|^<.*>$|^(changeme|change-me|change_me|xxx+|todo|replace-?me)$`)
})

func isPlaceholder(text string) bool { return placeholder().MatchString(strings.TrimSpace(text)) }
