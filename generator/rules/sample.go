package rules

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// words are what names of files are made of, where a pattern leaves them free.
var words = []string{"x", "x.enc", "x.sops", "secrets"}

// samplesOf makes strings that a regular expression matches, with several
// words in free places, and with and without what is optional. It knows no
// look-around but the ends of the text, so it can come back empty-handed.
func samplesOf(pattern string) []string {
	tree, _, err := weigh(pattern)
	full, ferr := compile(pattern)
	if err != nil || ferr != nil {
		return nil
	}
	var out []string
	for _, optional := range []bool{false, true} {
		for _, word := range words {
			s := sampler{word: word, optional: optional}
			s.add(tree.Simplify(), 0)
			text := s.String()
			if full.MatchString(text) && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

type sampler struct {
	strings.Builder
	word     string
	optional bool
}

func (s *sampler) add(re *syntax.Regexp, depth int) {
	if depth > maxDepth || s.Len() > 1<<12 {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		s.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		s.WriteRune(anyOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		s.WriteRune('x')
	case syntax.OpCapture:
		s.add(re.Sub[0], depth+1)
	case syntax.OpPlus:
		s.some(re.Sub[0], depth)
	case syntax.OpStar:
		if s.optional {
			s.some(re.Sub[0], depth)
		}
	case syntax.OpQuest:
		if s.optional {
			s.add(re.Sub[0], depth+1)
		}
	case syntax.OpAlternate:
		s.add(re.Sub[0], depth+1)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			s.add(sub, depth+1)
		}
	}
}

// some writes the word where it may be repeated, else what is repeated, once.
func (s *sampler) some(re *syntax.Regexp, depth int) {
	free := re.Op == syntax.OpAnyChar || re.Op == syntax.OpAnyCharNotNL
	if re.Op == syntax.OpCharClass {
		free = !strings.ContainsFunc(s.word, func(r rune) bool { return !within(re.Rune, r) })
	}
	if free {
		s.WriteString(s.word)
		return
	}
	s.add(re, depth+1)
}

// within says whether a class, which is pairs of first and last rune, has r.
func within(class []rune, r rune) bool {
	for i := 0; i+1 < len(class); i += 2 {
		if class[i] <= r && r <= class[i+1] {
			return true
		}
	}
	return false
}

// anyOf picks from a class.
func anyOf(class []rune) rune {
	if len(class) == 0 || within(class, 'x') {
		return 'x'
	}
	return class[0]
}
