package sops

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// sampleOf makes a string that a regular expression matches: what it repeats
// stands there as seldom as may be, and a free letter is an x where it can be.
func sampleOf(pattern string) (string, bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	sampleInto(&b, re.Simplify(), 0)
	full, err := regexp.Compile(pattern)
	return b.String(), err == nil && full.MatchString(b.String())
}

func sampleInto(b *strings.Builder, re *syntax.Regexp, depth int) {
	if depth > maxDepth || b.Len() > 1<<12 {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(anyOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteRune('x')
	case syntax.OpCapture, syntax.OpPlus:
		sampleInto(b, re.Sub[0], depth+1)
	case syntax.OpAlternate:
		sampleInto(b, re.Sub[0], depth+1)
	case syntax.OpConcat:
		for _, s := range re.Sub {
			sampleInto(b, s, depth+1)
		}
	}
}

// anyOf picks from a class, which is pairs of first and last rune.
func anyOf(class []rune) rune {
	for i := 0; i+1 < len(class); i += 2 {
		if class[i] <= 'x' && 'x' <= class[i+1] {
			return 'x'
		}
	}
	if len(class) == 0 {
		return 'x'
	}
	return class[0]
}
