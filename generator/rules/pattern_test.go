package rules

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/needs"
)

const anAge = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"

func rulesWith(patterns ...string) []byte {
	var b strings.Builder
	b.WriteString("creation_rules:\n")
	for _, p := range patterns {
		fmt.Fprintf(&b, "  - path_regex: '%s'\n    age: %s\n", p, anAge)
	}
	return []byte(b.String())
}

func repeated(n int, text string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = text
	}
	return out
}

// What a path_regex can make a lookup cost has an end, whatever is in it.
func TestCostlyPatterns(t *testing.T) {
	for name, c := range map[string]struct {
		text []byte
		says string
	}{
		"repeats": {rulesWith(`.{0,1000}.{0,1000}.{0,1000}x`), "repeats too much"}, "long": {rulesWith(strings.Repeat("x", 1025)), "repeats too much"},
		"tables": {rulesWith(`(?i)[` + strings.Repeat(`\pL`, 9) + `]`), "repeats too much"}, "nested": {rulesWith(strings.Repeat(`(a{30}){30}`, 9)), "repeats too much"},
		"many that are large": {rulesWith(repeated(1000, `(.?){500}X`)...), "too many rules"}, "many": {rulesWith(repeated(6000, "x")...), "too many rules"},
		"many with tables": {rulesWith(repeated(100, `x\pLy`)...), "too many rules"},
		"in a rule":        {[]byte("creation_rules:\n- encrypted_regex: '((.{0,1000}){9}'\n  age: " + anAge + "\n"), "not a regular"},
		"in a rule, large": {[]byte("creation_rules:\n- encrypted_regex: '.{0,900}.{0,900}.{0,900}.{0,900}'\n  age: " + anAge + "\n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := For(".sops.yaml", c.text, "overlays/e0/sealed/secret-of-a-registry.yaml")
			if c.says == "" {
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%.300v", err)
			}
			if _, err := Add(c.text, []Addition{{PathRegex: "^overlays/e1/[^/]+$", Age: []string{anAge}}}); name != "in a rule" && err == nil {
				t.Error("rules were added")
			}
		})
	}
}

// Rules and files multiply: work that was done counts for all files.
func TestManyFilesOfCostlyRules(t *testing.T) {
	text := rulesWith(repeated(150, `(.?){500}X`)...)
	var err error
	for i := 0; i < 5000 && err == nil; i++ {
		_, err = For(".sops.yaml", text, fmt.Sprintf("overlays/e0/sealed/%d.yaml", i))
		if p := (problem.Problem{}); errors.As(err, &p) && strings.HasPrefix(p.What, "no rule matches") {
			err = nil
		}
	}
	if err == nil || !strings.Contains(err.Error(), "too many rules") {
		t.Errorf("%v", err)
	}
}

// Many environments with rules of their own are within bounds.
func TestManyGoodRules(t *testing.T) {
	var patterns []string
	for i := range 1000 {
		patterns = append(patterns, fmt.Sprintf(`^overlays/e%d/credentials/[^/]+\.yaml$`, i), fmt.Sprintf(`^overlays/e%d/sealed/[^/]+\.yaml$`, i))
	}
	text := rulesWith(patterns...)
	for i := range 1000 {
		for _, name := range []string{"a", "b", "c"} {
			rule, err := For(".sops.yaml", text, fmt.Sprintf("overlays/e%d/sealed/%s.yaml", i, name))
			if err != nil || rule.Index != 2*i+1 {
				t.Fatalf("%d: %v %v", i, rule, err)
			}
		}
	}
}

// The estimate is not below what the compiler makes, and not far above.
func TestWeigh(t *testing.T) {
	for _, p := range []string{"", "x", "^overlays/e0/sealed/[^/]+\\.yaml$", "(a|b|cd)*", "a{3,7}", "(?:a+b?){2,}", `\.ya?ml$`, "(?i)abc", "(.?){50}", "(a{0,3}){0,4}"} {
		_, size, err := weigh(p)
		tree, _ := syntax.Parse(p, syntax.Perl)
		prog, _ := syntax.Compile(tree.Simplify())
		if n := len(prog.Inst); err != nil || size < n-4 || size > 4*n+10 {
			t.Errorf("%s: %d for %d, %v", p, size, n, err)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("^a/[^/]+$", "a/b")
	f.Add("(x{3}|^y)?", "y")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		re, err := compile(pattern)
		if err != nil {
			return
		}
		tree, _, _ := weigh(pattern)
		if re.MatchString(path) && !strings.HasPrefix(path, prefix(tree)) {
			t.Errorf("%q matches %q, which does not begin with %q", pattern, path, prefix(tree))
		}
		if _, err := regexp.Compile(pattern); err != nil {
			t.Error(err)
		}
	})
}

// A .sops.yaml that a link leads to elsewhere says nothing here, and a large
// one is not read.
func TestRulesOfTheRepositoryAlone(t *testing.T) {
	top := t.TempDir()
	in := func(name string) string { return filepath.Join(top, name) }
	for _, dir := range []string{"repository/.git", "repository/a/b", "outside"} {
		if err := os.MkdirAll(in(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"outside/rules.yaml", "repository/a/rules.yaml"} {
		if err := os.WriteFile(in(name), rulesWith(""), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	at := in("repository/a/b/.sops.yaml")
	t.Run("links", func(t *testing.T) {
		needs.Unix(t, needs.Links)
		for target, good := range map[string]bool{in("outside/rules.yaml"): false, "../../../outside/rules.yaml": false, "../rules.yaml": true} {
			if err := os.Symlink(target, at); err != nil {
				t.Fatal(err)
			}
			if _, err := Find(in("repository/a/b/x.yaml")); (err == nil) != good || !good && !strings.Contains(err.Error(), "leads out of the repository") {
				t.Errorf("%s: %v", target, err)
			}
			_ = os.Remove(at)
		}
	})
	if err := os.WriteFile(at, append(rulesWith(""), []byte("#"+strings.Repeat("x", 600<<10))...), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(in("repository/a/b/x.yaml")); err == nil || !strings.Contains(err.Error(), "at most 512 KiB") {
		t.Errorf("%v", err)
	}
}
