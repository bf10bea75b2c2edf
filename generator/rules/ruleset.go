package rules

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// The bounds of one .sops.yaml and of the files that are looked for in it.
const (
	maxRules    = 5_000
	maxCompiled = 300_000     // instructions of all expressions
	maxMatching = 300_000_000 // instructions by letters of paths
	maxHeavy    = 64          // classes of all expressions, see classes
)

// ruleset is a .sops.yaml that was read, with what was found out about it.
type ruleset struct {
	name  string
	text  []byte
	rules []*yaml.Node

	mu       sync.Mutex
	patterns []*pattern
	heavy    int // classes of the patterns that were read
	compiled int // instructions of those that were compiled
	matching int // work done
	indices  map[string]int
	read     map[int]*result
}

// pattern is the path_regex of a rule.
type pattern struct {
	all    bool // there is none: everything matches
	text   string
	prefix string
	size   int
	re     *regexp.Regexp
}

type result struct {
	rule *Rule
	err  error
}

// recent holds the configurations that were read last. What is found does not
// depend on it: it is looked up by the whole text.
var recent struct {
	sync.Mutex
	sets []*ruleset
}

// mostRecent: an environment has one or two; several are built at once.
const mostRecent = 8

// rulesetOf reads a .sops.yaml, or takes what was read from the same text, which
// nobody changes afterwards.
func rulesetOf(name string, text []byte) (*ruleset, error) {
	recent.Lock()
	defer recent.Unlock()
	for i, c := range recent.sets {
		if c.name == name && bytes.Equal(c.text, text) {
			recent.sets = append(slices.Delete(recent.sets, i, i+1), c)
			return c, nil
		}
	}
	rules, err := rulesOf(name, text)
	if err != nil {
		return nil, err
	}
	if len(rules) > maxRules {
		return nil, tooMuch(name)
	}
	c := &ruleset{name: name, text: text, rules: rules, indices: map[string]int{}, read: map[int]*result{}}
	if recent.sets = append(recent.sets, c); len(recent.sets) > mostRecent {
		recent.sets = slices.Delete(recent.sets, 0, 1)
	}
	return c, nil
}

func tooMuch(name string) error {
	return problem.Problem{File: name, What: "has too many rules, or too costly ones, for the files there are",
		Want: "path_regex that begins with ^ and a folder's name", Next: "give environments a " + ConfigName + " of their own"}
}

// find is the rule for a path; nil where there is none.
func (c *ruleset) find(path string) (*Rule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, known := c.indices[path]
	if !known {
		var err error
		if i, err = c.index(path); err != nil {
			return nil, err
		}
		c.indices[path] = i
	}
	if i < 0 {
		return nil, nil
	}
	if c.read[i] == nil {
		r := reader{config: c.name, index: i}
		rule, err := r.rule(c.rules[i])
		c.read[i] = &result{rule, err}
	}
	return c.read[i].rule, c.read[i].err
}

// index is the place of the first rule that matches a path, or -1.
func (c *ruleset) index(path string) (int, error) {
	for i := range c.rules {
		if i == len(c.patterns) {
			p, err := c.pattern(i)
			if err != nil {
				return 0, err
			}
			c.patterns = append(c.patterns, p)
		}
		is, err := c.matches(c.patterns[i], path)
		if err != nil {
			return 0, err
		}
		if is {
			return i, nil
		}
	}
	return -1, nil
}

// pattern reads the path_regex of a rule.
func (c *ruleset) pattern(i int) (*pattern, error) {
	r := reader{config: c.name, index: i}
	p := &pattern{all: true}
	n := resolve(c.rules[i])
	if n.Kind != yaml.MappingNode {
		r.add(n, "", "the rule is not a mapping", "a mapping with path_regex and recipients")
		return nil, r.problems
	}
	for _, f := range r.fields(n, "") {
		if f.name != "path_regex" || f.value.ShortTag() == "!!null" {
			continue
		}
		p.all = false
		var ok bool
		if p.text, ok = r.text(f.value, f.name); !ok {
			break
		}
		if c.heavy += classes(p.text); c.heavy > maxHeavy {
			return nil, tooMuch(c.name)
		}
		tree, size, err := weigh(p.text)
		if err != nil {
			r.refuse(f.value, f.name, err)
			break
		}
		p.prefix, p.size = prefix(tree), size
		return p, nil
	}
	if len(r.problems) > 0 {
		r.problems.Sort()
		return nil, r.problems
	}
	return p, nil
}

// matches says whether a pattern matches anywhere in a path; an empty one does.
func (c *ruleset) matches(p *pattern, path string) (bool, error) {
	if p.all {
		return true, nil
	}
	c.matching++
	if !strings.HasPrefix(path, p.prefix) {
		return false, nil
	}
	if c.matching += p.size * (len(path) + 1); c.matching > maxMatching {
		return false, tooMuch(c.name)
	}
	if p.re == nil {
		if c.compiled += p.size; c.compiled > maxCompiled {
			return false, tooMuch(c.name)
		}
		var err error
		if p.re, err = regexp.Compile(p.text); err != nil {
			return false, problem.Problem{File: c.name, What: errSyntax.Error()} // can't be: it was read
		}
	}
	return p.re.MatchString(path), nil
}
