// Package strict reads YAML into types and passes over nothing: unknown and
// doubled keys, wrong types, aliases without end are problems with their line.
package strict

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// maxNodes bounds what aliases may expand to. A spec has some hundred nodes.
const maxNodes = 100_000

// Reader copies a tree of YAML nodes into the types and notes what doesn't
// fit, and the line of every path.
type Reader struct {
	file     string
	Problems problem.List
	lines    map[string]int
	covered  []string // paths that need no second complaint
	open     map[*yaml.Node]bool
	unknown  Unknown
	nodes    int
}

// Unknown words what is wrong with a key that a type has no field for. meant are
// paths of fields that the key stands for: they are not missing as well.
type Unknown func(key string, at Place, t reflect.Type) (p problem.Problem, meant []string)

// NewReader reads what errors call file; when that is empty they give paths only.
func NewReader(file string, unknown Unknown) *Reader {
	return &Reader{file: file, unknown: unknown, lines: map[string]int{}, open: map[*yaml.Node]bool{}}
}

// Add reports what is wrong at a node.
func (w *Reader) Add(n *yaml.Node, p problem.Problem) {
	if p.File = w.file; w.file != "" {
		p.Line = n.Line
	}
	w.covered = append(w.covered, p.Path)
	w.Problems.Add(p)
}

// Covers says whether path, or something around it, was complained about
// already: what is wrong with its content then follows from that.
func (w *Reader) Covers(path string) bool {
	for _, c := range w.covered {
		if c == path || len(path) > len(c) && strings.HasPrefix(path, c) && (path[len(c)] == '.' || path[len(c)] == '[') {
			return true
		}
	}
	return false
}

// Line is that of path, or of the nearest field around it.
func (w *Reader) Line(path string) int {
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
func (w *Reader) enter(n *yaml.Node, at Place) (node *yaml.Node, ok bool) {
	w.nodes++
	switch target := n; {
	case w.nodes == maxNodes:
		w.Add(n, problem.Problem{Path: at.Path, What: "holds too much: its aliases expand without end"})
		return nil, false
	case w.nodes > maxNodes:
		return nil, false
	case n.Kind == yaml.AliasNode:
		target = n.Alias
		fallthrough
	default:
		if w.open[target] {
			w.Add(n, problem.Problem{Path: at.Path, What: "is an alias of something that contains it"})
			return nil, false
		}
		w.open[target] = true
		return target, true
	}
}

func (w *Reader) leave(n *yaml.Node) { delete(w.open, n) }

// Mapping fills the struct that into points to, from the top.
func (w *Reader) Mapping(n *yaml.Node, into any) {
	at := Place{}
	if n, ok := w.enter(n, at); ok {
		defer w.leave(n)
		w.structure(n, at, reflect.ValueOf(into).Elem())
	}
}

// value copies n into v. Where a null means nothing but "unset" it is taken
// as that; an entry of a map or list has to be something.
func (w *Reader) value(n *yaml.Node, at Place, v reflect.Value, entry bool) {
	if n, ok := w.enter(n, at); ok {
		defer w.leave(n)
		w.fill(n, at, v, entry)
	}
}

func (w *Reader) fill(n *yaml.Node, at Place, v reflect.Value, entry bool) {
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
func (w *Reader) each(n *yaml.Node, at Place, f func(key string, k, v *yaml.Node)) {
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
			w.Add(k, problem.Problem{Path: at.Path, What: "has a key that is " + Describe(k), Want: "text"})
		case tag == "!!merge":
			w.Add(k, problem.Problem{Path: problem.Below(at.Path, k.Value), What: "YAML merge keys are not supported", Want: "the fields themselves", Named: true})
		case tag != "!!str":
			w.Add(k, problem.Problem{Path: problem.Below(at.Path, k.Value), What: "the key is " + Describe(k), Want: "text: quote it", Named: true})
		case seen[k.Value]:
			w.Add(k, problem.Problem{Path: problem.Below(at.Path, k.Value), What: "stands there twice", Named: true})
		default:
			seen[k.Value] = true
			w.lines[problem.Below(at.Path, k.Value)] = k.Line
			f(k.Value, k, v)
		}
	}
}

func (w *Reader) structure(n *yaml.Node, at Place, v reflect.Value) {
	fields := fieldsOf(v.Type())
	w.each(n, at, func(key string, k, val *yaml.Node) {
		i, ok := fields[key]
		if !ok {
			p, meant := w.unknown(k.Value, at, v.Type())
			p.Named = true
			w.Add(k, p)
			w.covered = append(w.covered, meant...)
			return
		}
		w.value(val, at.key(key, key), v.Field(i), false)
	})
}

func (w *Reader) keyed(n *yaml.Node, at Place, v reflect.Value) {
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

func (w *Reader) list(n *yaml.Node, at Place, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		w.wrong(n, at, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, e := range n.Content {
		w.lines[at.index(i).Path] = e.Line
		w.value(e, at.index(i), v.Index(i), true)
	}
}

func (w *Reader) scalar(n *yaml.Node, at Place, v reflect.Value) {
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
func (w *Reader) free(n *yaml.Node, at Place) any {
	n, ok := w.enter(n, at)
	if !ok {
		return nil
	}
	defer w.leave(n)
	return w.plain(n, at)
}

func (w *Reader) plain(n *yaml.Node, at Place) any {
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
		w.Add(n, problem.Problem{Path: at.Path, What: "is a number that JSON can't hold"})
	default:
		w.wrong(n, at, "text, a number, true, false or null")
	}
	return nil
}

func (w *Reader) wrong(n *yaml.Node, at Place, want string) {
	w.Add(n, problem.Problem{Path: at.Path, What: "is " + Describe(n), Want: want})
}

// Describe says what a node is, without its content.
func Describe(n *yaml.Node) string {
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
