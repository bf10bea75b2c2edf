package rules

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The bounds of a regular expression of .sops.yaml: 14 bytes can stand for
// thousands of steps, which each file of an environment would take with each.
const (
	longestPattern  = 1 << 10
	maxInstructions = 5_000
	maxClasses      = 8 // of those that take long to read
)

var (
	errSyntax = errors.New("not a regular expression")
	errCostly = errors.New("a regular expression that is too long or repeats too much")
)

// compile is regexp.Compile within bounds. Its errors quote nothing.
func compile(pattern string) (*regexp.Regexp, error) {
	if _, _, err := weigh(pattern); err != nil {
		return nil, err
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, errSyntax
	}
	return re, nil
}

// weigh reads a regular expression and says about how many instructions it is
// compiled to, without doing that.
func weigh(pattern string) (tree *syntax.Regexp, size int, err error) {
	if len(pattern) > longestPattern || classes(pattern) > maxClasses {
		return nil, 0, errCostly
	}
	if tree, err = syntax.Parse(pattern, syntax.Perl); err != nil {
		return nil, 0, errSyntax
	}
	if size = instructions(tree); size > maxInstructions {
		return nil, 0, errCostly
	}
	return tree, size, nil
}

// classes counts what can stand for many letters, so that reading it alone takes
// long, above all without regard to case.
func classes(pattern string) int {
	n := strings.Count(pattern, `\p`) + strings.Count(pattern, `\P`) + strings.Count(pattern, `\x`)
	if strings.Contains(pattern, "[") {
		n += utf8.RuneCountInString(pattern) - strings.Count(strings.Map(func(r rune) rune {
			if r < utf8.RuneSelf {
				return 'a'
			}
			return 'b'
		}, pattern), "a")
	}
	return n
}

// instructions is about how many there will be, and no more than a little above
// the bound.
func instructions(re *syntax.Regexp) int {
	n := 2
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune) + 1
	case syntax.OpRepeat:
		n = instructions(re.Sub[0])
		return min((n+1)*max(re.Min, re.Max, 1), 2*maxInstructions)
	}
	for _, sub := range re.Sub {
		if n += instructions(sub); n > maxInstructions {
			return 2 * maxInstructions
		}
	}
	return n
}

// prefix is the text that whatever the expression matches begins with, where it
// says so by ^.
func prefix(re *syntax.Regexp) string {
	if re.Op != syntax.OpConcat || len(re.Sub) < 2 || re.Sub[0].Op != syntax.OpBeginText {
		return ""
	}
	if lit := re.Sub[1]; lit.Op == syntax.OpLiteral && lit.Flags&syntax.FoldCase == 0 {
		return string(lit.Rune)
	}
	return ""
}

// refuse reports an expression that is none, or too costly.
func (r *reader) refuse(n *yaml.Node, path string, err error) {
	want := "one in Go's syntax, without look-ahead"
	if errors.Is(err, errCostly) {
		want = "a short one; a path needs no large repetition"
	}
	r.add(n, path, err.Error(), want)
}
