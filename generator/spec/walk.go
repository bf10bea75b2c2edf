package spec

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// maxNodes bounds what aliases may expand to. A spec has some hundred nodes.
const maxNodes = 100_000

// place is where the walker stands: the path as an error shows it, and the
// same path in the types, where any key of a map is a star.
type place struct{ path, field string }

func (p place) key(name, field string) place {
	return place{join(p.path, name), join2(p.field, field)}
}

func (p place) index(i int) place {
	return place{fmt.Sprintf("%s[%d]", p.path, i), join2(p.field, "*")}
}

func join2(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// walker copies a tree of YAML nodes into the types and notes what doesn't
// fit, and the line of every path.
type walker struct {
	file     string
	problems problem.List
	lines    map[string]int
	covered  []string // paths that need no second complaint
	open     map[*yaml.Node]bool
	nodes    int
}

func newWalker(file string) *walker {
	return &walker{file: file, lines: map[string]int{}, open: map[*yaml.Node]bool{}}
}

func (w *walker) add(n *yaml.Node, p problem.Problem) {
	if p.File = w.file; w.file != "" {
		p.Line = n.Line
	}
	w.covered = append(w.covered, p.Path)
	w.problems.Add(p)
}

// covers says whether path, or something around it, was complained about
// already: what is wrong with its content then follows from that.
func (w *walker) covers(path string) bool {
	for _, c := range w.covered {
		if c == path || len(path) > len(c) && strings.HasPrefix(path, c) && (path[len(c)] == '.' || path[len(c)] == '[') {
			return true
		}
	}
	return false
}

// line is that of path, or of the nearest field around it.
func (w *walker) line(path string) int {
	for path != "" {
		if l := w.lines[path]; l > 0 {
			return l
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

// enter resolves an alias and guards against aliases that contain themselves
// or expand without end. ok is false when there is nothing to read; the
// caller calls leave otherwise.
func (w *walker) enter(n *yaml.Node, at place) (node *yaml.Node, ok bool) {
	w.nodes++
	switch target := n; {
	case w.nodes == maxNodes:
		w.add(n, problem.Problem{Path: at.path, What: "holds too much: its aliases expand without end"})
		return nil, false
	case w.nodes > maxNodes:
		return nil, false
	case n.Kind == yaml.AliasNode:
		target = n.Alias
		fallthrough
	default:
		if w.open[target] {
			w.add(n, problem.Problem{Path: at.path, What: "is an alias of something that contains it"})
			return nil, false
		}
		w.open[target] = true
		return target, true
	}
}

func (w *walker) leave(n *yaml.Node) { delete(w.open, n) }

// mapping fills the struct that into points to.
func (w *walker) mapping(n *yaml.Node, at place, into any) {
	if n, ok := w.enter(n, at); ok {
		defer w.leave(n)
		w.structure(n, at, reflect.ValueOf(into).Elem())
	}
}

// value copies n into v. Where a null means nothing but "unset" it is taken
// as that; an entry of a map or list has to be something.
func (w *walker) value(n *yaml.Node, at place, v reflect.Value, entry bool) {
	if n, ok := w.enter(n, at); ok {
		defer w.leave(n)
		w.fill(n, at, v, entry)
	}
}

func (w *walker) fill(n *yaml.Node, at place, v reflect.Value, entry bool) {
	null := n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if null && v.Type().Elem().Kind() == reflect.Struct {
			w.wrong(n, at, "a mapping: write {} for the defaults, or leave the field out")
			return
		}
		w.fill(n, at, v.Elem(), true)
	case reflect.Struct:
		if null && !entry {
			return
		}
		w.structure(n, at, v)
	case reflect.Map:
		switch {
		case !null:
			w.keyed(n, at, v)
		case entry:
			w.wrong(n, at, "a mapping")
		}
	case reflect.Slice:
		if !null {
			w.list(n, at, v)
		}
	default:
		w.scalar(n, at, v)
	}
}

// each calls f for every entry of a mapping whose key is text and new.
func (w *walker) each(n *yaml.Node, at place, f func(key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		w.wrong(n, at, "a mapping")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		switch tag := k.ShortTag(); {
		case k.Kind != yaml.ScalarNode:
			w.add(k, problem.Problem{Path: at.path, What: "has a key that is " + describe(k), Want: "text"})
		case tag == "!!merge":
			w.add(k, problem.Problem{Path: join(at.path, k.Value), What: "YAML merge keys are not supported", Want: "the fields themselves"})
		case tag != "!!str":
			w.add(k, problem.Problem{Path: join(at.path, k.Value), What: "the key is " + describe(k), Want: "text: quote it"})
		case seen[k.Value]:
			w.add(k, problem.Problem{Path: join(at.path, k.Value), What: "stands there twice"})
		default:
			seen[k.Value] = true
			w.lines[join(at.path, k.Value)] = k.Line
			f(k.Value, k, v)
		}
	}
}

func (w *walker) structure(n *yaml.Node, at place, v reflect.Value) {
	fields := fieldsOf(v.Type())
	w.each(n, at, func(key string, k, val *yaml.Node) {
		i, ok := fields[key]
		if !ok {
			w.unknown(k, at, v.Type())
			return
		}
		w.value(val, at.key(key, key), v.Field(i), false)
	})
}

func (w *walker) keyed(n *yaml.Node, at place, v reflect.Value) {
	if v.Type().Elem().Kind() == reflect.Interface {
		if n.Kind != yaml.MappingNode {
			w.wrong(n, at, "a mapping")
			return
		}
		m, _ := w.plain(n, at).(map[string]any)
		v.Set(reflect.ValueOf(m))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	w.each(n, at, func(key string, k, val *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		w.value(val, at.key(key, "*"), e, true)
		v.SetMapIndex(reflect.ValueOf(key), e)
	})
}

func (w *walker) list(n *yaml.Node, at place, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		w.wrong(n, at, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, e := range n.Content {
		w.lines[at.index(i).path] = e.Line
		w.value(e, at.index(i), v.Index(i), true)
	}
}

func (w *walker) scalar(n *yaml.Node, at place, v reflect.Value) {
	tag := n.ShortTag()
	switch {
	case v.Type() == reflect.TypeFor[Amount]():
		var i int
		switch {
		case n.Kind == yaml.ScalarNode && tag == "!!str":
			v.SetString(n.Value)
		case n.Kind == yaml.ScalarNode && tag == "!!int" && n.Decode(&i) == nil:
			v.SetString(strconv.Itoa(i))
		default:
			w.wrong(n, at, "a whole number or a percentage")
		}
	case v.Kind() == reflect.String && n.Kind == yaml.ScalarNode && tag == "!!str":
		v.SetString(n.Value)
	case v.Kind() == reflect.String && n.Kind == yaml.ScalarNode:
		w.wrong(n, at, "text: quote it")
	case v.Kind() == reflect.String:
		w.wrong(n, at, "text")
	case v.Kind() == reflect.Bool && n.Kind == yaml.ScalarNode && tag == "!!bool":
		var b bool
		if n.Decode(&b) != nil {
			w.wrong(n, at, "true or false")
		}
		v.SetBool(b)
	case v.Kind() == reflect.Bool:
		w.wrong(n, at, "true or false, unquoted")
	case v.Kind() == reflect.Int && n.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float"):
		var f float64 // the parser itself would cut a fraction off
		var i int
		if n.Decode(&f) != nil || f != math.Trunc(f) || n.Decode(&i) != nil {
			w.wrong(n, at, "a whole number")
		}
		v.SetInt(int64(i))
	default:
		w.wrong(n, at, "a whole number, unquoted")
	}
}

// free copies what has no type of ours: maps with text keys, lists, text,
// numbers, booleans and null, as JSON has them.
func (w *walker) free(n *yaml.Node, at place) any {
	n, ok := w.enter(n, at)
	if !ok {
		return nil
	}
	defer w.leave(n)
	return w.plain(n, at)
}

func (w *walker) plain(n *yaml.Node, at place) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		w.each(n, at, func(key string, k, v *yaml.Node) { m[key] = w.free(v, at.key(key, "*")) })
		return m
	case yaml.SequenceNode:
		l := make([]any, len(n.Content))
		for i, e := range n.Content {
			l[i] = w.free(e, at.index(i))
		}
		return l
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!str":
		return n.Value
	case "!!timestamp":
		return n.Value // a date is text to JSON
	case "!!bool", "!!int", "!!float":
		var x any
		if n.Decode(&x) == nil {
			switch f, isFloat := x.(float64); {
			case !isFloat:
				return x
			case f == 0:
				return 0 // -0.0 would not survive being written as JSON
			case !math.IsNaN(f) && !math.IsInf(f, 0):
				return f
			}
		}
		w.add(n, problem.Problem{Path: at.path, What: "is a number that JSON can't hold"})
	default:
		w.wrong(n, at, "text, a number, true, false or null")
	}
	return nil
}

func (w *walker) wrong(n *yaml.Node, at place, want string) {
	w.add(n, problem.Problem{Path: at.path, What: "is " + describe(n), Want: want})
}

// describe says what a node is, without its content.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!null":
		return "null"
	case "!!bool":
		return strconv.Quote(n.Value) + " without quotes, a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	case "!!str":
		return "text"
	}
	return "of a YAML type that reggen doesn't know"
}
