package chart

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
)

// site is where a call of a drawing function stands.
type site struct {
	pos  int    // behind the function's name
	name string // what of its address the text decides
	line string // the line it stands on, for people
	call string // the function
	bare bool   // an argument of another call, so that its own need parentheses
	body bool   // in the file itself, not in a define
}

// addressed gives the calls of drawing functions in a template their address:
// two arguments more, the address and what the template was called with. So a
// call knows where it stands, whoever includes it. Lines keep their numbers.
//
// An address is the define or else the file, and the text of the line, with a
// number where a line stands there twice: a call that is put in elsewhere, or a
// line above, changes no other's.
func addressed(file string, data []byte) []byte {
	text := string(data)
	if !mentionsDrawing(text) {
		return data
	}
	t := parse.New(file)
	t.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := t.Parse(text, "", "", trees); err != nil {
		return data // the engine says what is wrong
	}
	trees[file] = t
	var sites []site
	for name, tree := range trees {
		if tree.Root == nil {
			continue
		}
		inspect(reflect.ValueOf(tree.Root), false, func(id *parse.IdentifierNode, bare bool) {
			if drawing[id.Ident] && int(id.Pos) < len(text) && strings.HasPrefix(text[id.Pos:], id.Ident) {
				s := siteAt(text, file, name, id)
				s.bare = bare
				sites = append(sites, s)
			}
		})
	}
	slices.SortFunc(sites, func(a, b site) int { return a.pos - b.pos })
	var out strings.Builder
	at, times := 0, map[string]int{}
	for i, s := range sites {
		if i > 0 && sites[i-1].pos == s.pos {
			continue
		}
		times[s.name]++
		name := s.name
		if n := times[s.name]; n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		call := fmt.Sprintf("%s (reggenSite %q %t %q $ .)", s.call, name, s.body, s.line)
		if s.bare {
			call = "(" + call + ")"
		}
		out.WriteString(text[at:s.pos-len(s.call)] + call)
		at = s.pos
	}
	out.WriteString(text[at:])
	return []byte(out.String())
}

func siteAt(text, file, tree string, id *parse.IdentifierNode) site {
	start := strings.LastIndexByte(text[:id.Pos], '\n') + 1
	end := strings.IndexByte(text[id.Pos:], '\n')
	if end < 0 {
		end = len(text) - int(id.Pos)
	}
	line := strings.TrimSpace(text[start : int(id.Pos)+end])
	sum := sha256.Sum256([]byte(line))
	return site{
		pos: int(id.Pos) + len(id.Ident), call: id.Ident, body: tree == file, line: line,
		name: plainAddress(tree) + "/" + hex.EncodeToString(sum[:4]) + "-" + id.Ident,
	}
}

// plainAddress writes a name with the letters that an address has.
func plainAddress(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._/-", r) {
			return r
		}
		return '_'
	}, name)
}

func mentionsDrawing(text string) bool {
	for name := range drawing {
		if strings.Contains(text, name) {
			return true
		}
	}
	return false
}

// inspect calls f for every name of a function in a tree, in order; bare says
// that it is an argument of another.
func inspect(v reflect.Value, bare bool, f func(id *parse.IdentifierNode, bare bool)) {
	switch v.Kind() {
	case reflect.Interface:
		inspect(v.Elem(), bare, f)
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *parse.IdentifierNode:
			f(n, bare)
			return
		case *parse.CommandNode:
			for i, arg := range n.Args {
				inspect(reflect.ValueOf(arg), i > 0, f)
			}
			return
		case *parse.Tree:
			return
		}
		inspect(v.Elem(), false, f)
	case reflect.Slice:
		for i := range v.Len() {
			inspect(v.Index(i), false, f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				inspect(v.Field(i), false, f)
			}
		}
	}
}
