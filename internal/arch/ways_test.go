package arch

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

// declared are the functions and methods of a package by name ("Fill",
// "Plan.Fill"), each with the names that it uses.
func declared(t *testing.T) map[string]map[string]map[string]bool {
	t.Helper()
	out := map[string]map[string]map[string]bool{}
	for _, s := range sources(t) {
		pkg := s.file.Name.Name
		if out[pkg] == nil {
			out[pkg] = map[string]map[string]bool{}
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := f.Name.Name
			if f.Recv != nil {
				typ := f.Recv.List[0].Type
				if star, is := typ.(*ast.StarExpr); is {
					typ = star.X
				}
				if id, is := typ.(*ast.Ident); is {
					name = id.Name + "." + name
				}
			}
			uses := map[string]bool{}
			ast.Inspect(f, func(n ast.Node) bool {
				if id, is := n.(*ast.Ident); is {
					uses[id.Name] = true
				}
				return true
			})
			out[pkg][name] = uses
		}
	}
	return out
}

// ARCHITECTURE.md lists the three ways hop by hop. Each hop is a function that is
// there, and something in the packages of the hops before uses it.
func TestTheThreeWays(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	all := declared(t)
	_, section, _ := strings.Cut(string(text), "## Three ways through")
	section, _, _ = strings.Cut(section, "\n## ")
	hop := regexp.MustCompile("`([a-zA-Z]+)\\.([A-Za-z.]+)`")
	ways := map[int][]string{}
	for line := range strings.Lines(section) {
		for column, cell := range strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			for _, m := range hop.FindAllStringSubmatch(cell, -1) {
				ways[column] = append(ways[column], m[1]+" "+m[2])
			}
		}
	}
	for column, hops := range ways {
		if len(hops) > 13 || len(hops) < 8 {
			t.Errorf("way %d has %d hops", column+1, len(hops))
		}
		before := map[string]bool{}
		for i, h := range hops {
			pkg, name, _ := strings.Cut(h, " ")
			if all[pkg][name] == nil {
				t.Errorf("way %d: there is no function %s.%s", column+1, pkg, name)
				continue
			}
			used := i == 0
			last := name[strings.LastIndex(name, ".")+1:]
			for earlier := range before {
				for _, uses := range all[earlier] {
					used = used || uses[last]
				}
			}
			if !used {
				t.Errorf("way %d: nothing before it uses %s.%s", column+1, pkg, name)
			}
			before[pkg] = true
		}
	}
	if len(ways) != 3 {
		t.Errorf("%d ways", len(ways))
	}
}
