package rules

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/problem"
)

// pair is what reggen adds for an environment.
func pair() []Addition {
	return []Addition{
		{PathRegex: `^overlays/prod/credentials/[^/]+\.yaml$`, Age: []string{age1}, Comment: "prod"},
		{PathRegex: `^overlays/prod/sealed/[^/]+\.yaml$`, Age: []string{age1, age2}},
	}
}

func TestAdd(t *testing.T) {
	at := func(indent string) string { return strings.Join(lines(pair(), indent), "\n") + "\n" }
	const first = "creation_rules:\n  - path_regex: ^overlays/dev/\n    age: " + age3 + " # dev\n"
	const rest = "  - age: " + age3 + "\n"
	for name, c := range map[string]struct{ before, want string }{
		"no file":                     {"", header + "creation_rules:\n" + at("  ")},
		"blank":                       {" \n\n", header + "creation_rules:\n" + at("  ")},
		"only comments":               {"# mine\n", "# mine\ncreation_rules:\n" + at("  ")},
		"a document start":            {"---\n", "---\ncreation_rules:\n" + at("  ")},
		"no rules key":                {"stores:\n  yaml:\n    indent: 2\n", "stores:\n  yaml:\n    indent: 2\ncreation_rules:\n" + at("  ")},
		"an empty rules key":          {"creation_rules: # none yet\nstores: {}\n", "creation_rules: # none yet\n" + at("  ") + "stores: {}\n"},
		"at the end":                  {first, first + at("  ")},
		"no line end":                 {strings.TrimSuffix(first, "\n"), first + at("  ")},
		"above a catch-all":           {first + rest, first + at("  ") + rest},
		"above its comment":           {first + "\n  # the rest\n  # of it\n" + rest, first + "\n" + at("  ") + "  # the rest\n  # of it\n" + rest},
		"above an empty regex":        {first + "  - path_regex: ''\n    age: " + age3 + "\n", first + at("  ") + "  - path_regex: ''\n    age: " + age3 + "\n"},
		"above a broad one":           {first + "  - path_regex: \\.yaml$\n    age: " + age3 + "\n" + rest, first + at("  ") + "  - path_regex: \\.yaml$\n    age: " + age3 + "\n" + rest},
		"above one for both":          {"creation_rules:\n  - age: " + age3 + "\n    path_regex: overlays/.*\n", "creation_rules:\n" + at("  ") + "  - age: " + age3 + "\n    path_regex: overlays/.*\n"},
		"below an anchored one":       {"creation_rules:\n  - path_regex: ^prod/.*\n    age: " + age3 + "\n", "creation_rules:\n  - path_regex: ^prod/.*\n    age: " + age3 + "\n" + at("  ")},
		"no indent":                   {"creation_rules:\n- path_regex: ^x\n  age: " + age3 + "\n# end\nstores: {}\n", "creation_rules:\n- path_regex: ^x\n  age: " + age3 + "\n" + at("") + "# end\nstores: {}\n"},
		"a deep indent":               {"creation_rules:\n      -   age: " + age3 + "\n", "creation_rules:\n" + at("      ") + "      -   age: " + age3 + "\n"},
		"a lonely dash":               {"creation_rules:\n  - # everything\n    # and more\n    age: " + age3 + "\n", "creation_rules:\n" + at("  ") + "  - # everything\n    # and more\n    age: " + age3 + "\n"},
		"flow mappings":               {"creation_rules:\n  - {age: " + age3 + "}\n", "creation_rules:\n" + at("  ") + "  - {age: " + age3 + "}\n"},
		"an aliased rule":             {"x: &x\n  age: " + age3 + "\ncreation_rules:\n  - *x\n", "x: &x\n  age: " + age3 + "\ncreation_rules:\n" + at("  ") + "  - *x\n"},
		"an anchored rule":            {"creation_rules:\n  - &x\n    age: " + age3 + "\n", "creation_rules:\n" + at("  ") + "  - &x\n    age: " + age3 + "\n"},
		"anchors":                     {"keys:\n  - &a " + age3 + "\ncreation_rules:\n  - path_regex: ^x\n    age: *a\n  - age: *a\n", "keys:\n  - &a " + age3 + "\ncreation_rules:\n  - path_regex: ^x\n    age: *a\n" + at("  ") + "  - age: *a\n"},
		"more keys behind":            {first + "\n# stores of ours\nstores: {}\n", first + at("  ") + "\n# stores of ours\nstores: {}\n"},
		"a comment of the last":       {first + "    # of dev\n\n# end\n", first + "    # of dev\n" + at("  ") + "\n# end\n"},
		"text that looks like one":    {"creation_rules:\n  - path_regex: |-\n      ^x\n      # text\n    age: " + age3 + "\n" + rest, "creation_rules:\n  - path_regex: |-\n      ^x\n      # text\n    age: " + age3 + "\n" + at("  ") + rest},
		"text at the end of a rule":   {"creation_rules:\n  - age: " + age3 + "\n    path_regex: |-\n      ^x\n      # text\n" + rest, "creation_rules:\n  - age: " + age3 + "\n    path_regex: |-\n      ^x\n      # text\n" + at("  ") + rest},
		"Windows":                     {strings.ReplaceAll(first+rest, "\n", "\r\n"), strings.ReplaceAll(first+at("  ")+rest, "\n", "\r\n")},
		"Windows, at the end":         {strings.ReplaceAll(first, "\n", "\r\n"), strings.ReplaceAll(first+at("  "), "\n", "\r\n")},
		"Windows, no line end":        {strings.TrimSuffix(strings.ReplaceAll(first, "\n", "\r\n"), "\r\n"), strings.ReplaceAll(first+at("  "), "\n", "\r\n")},
		"one is there":                {"creation_rules:\n" + strings.Join(lines(pair()[:1], "  "), "\n") + "\n", "creation_rules:\n" + strings.Join(lines(pair(), "  "), "\n") + "\n"},
		"both are there":              {first + at("  "), first + at("  ")},
		"there with other recipients": {"creation_rules:\n" + strings.ReplaceAll(at("  "), age1, age3), "creation_rules:\n" + strings.ReplaceAll(at("  "), age1, age3)},
		"an end of document":          {first + "...\n", ""},
		"line ends of a Macintosh":    {"creation_rules:\r  - age: " + age3 + "\r", ""},
		"a line separator":            {"# a\u2028# b\ncreation_rules:\n  - age: " + age3 + "\n", ""},
		"flow style":                  {"creation_rules: [{age: " + age3 + "}]\n", ""},
		"an empty list":               {"creation_rules: []\n", ""},
		"all flow style":              {"{creation_rules: [{age: " + age3 + "}]}\n", ""},
		"an aliased list":             {"x: &x\n  - age: " + age3 + "\ncreation_rules: *x\n", ""},
		"null":                        {"null\n", ""},
		"above one of some":           {"creation_rules:\n  - path_regex: \\.enc\\.ya?ml$\n    age: " + age3 + "\n", "creation_rules:\n" + at("  ") + "  - path_regex: \\.enc\\.ya?ml$\n    age: " + age3 + "\n"},
	} {
		out, err := Add([]byte(c.before), pair())
		if c.want == "" {
			var p problem.Problem
			if out != nil || !errors.As(err, &p) || !strings.Contains(p.Next, Snippet(pair())) {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
			continue
		}
		if err != nil || string(out) != c.want {
			t.Errorf("%s: %v\n%q, want\n%q", name, err, out, c.want)
			continue
		}
		again, err := Add(out, pair())
		if err != nil || string(again) != string(out) {
			t.Errorf("%s: a second time: %v\n%s", name, err, again)
		}
	}
}

func TestAddIsWhatFindRuleReads(t *testing.T) {
	out, err := Add([]byte("creation_rules:\n  - age: "+age3+"\n"), pair())
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"overlays/prod/credentials/alice.enc.yaml": {age1},
		"overlays/prod/sealed/regcred.yaml":        {age2, age1},
		"overlays/prod/other.yaml":                 {age3},
	} {
		r, err := For(ConfigName, out, path)
		if err != nil || !slices.Equal(r.Recipients(), distinct(want)) {
			t.Errorf("%s: %v, %v", path, r, err)
		}
		if err == nil {
			sameAsSOPS(t, path, string(out), path, r)
		}
	}
}

func TestAddRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		rule   Addition
		want   string
	}{
		"nobody":           {"", Addition{PathRegex: "x"}, "names nobody"},
		"no regex":         {"", Addition{Age: []string{age1}}, "not a regular expression"},
		"a bad regex":      {"", Addition{PathRegex: "(", Age: []string{age1}}, "not a regular expression"},
		"a bad recipient":  {"", Addition{PathRegex: "x", Age: []string{canary}}, "not a valid recipient"},
		"a private key":    {"", Addition{PathRegex: "x", Age: []string{private}}, "not a valid recipient"},
		"two in one":       {"", Addition{PathRegex: "x", Age: []string{age1 + "," + age2}}, "not a valid recipient"},
		"not YAML":         {"a: {" + canary, Addition{PathRegex: "x", Age: []string{age1}}, "not valid YAML"},
		"a conflict":       {"<<<<<<< HEAD\n", Addition{PathRegex: "x", Age: []string{age1}}, "merge conflict"},
		"a list":           {"- a\n", Addition{PathRegex: "x", Age: []string{age1}}, "not a YAML mapping"},
		"misspelt":         {"creation_rule:\n", Addition{PathRegex: "x", Age: []string{age1}}, "misspelt"},
		"a broken one":     {"creation_rules:\n  - path_regex: '('\n    age: " + age1 + "\n", Addition{PathRegex: "x", Age: []string{age1}}, "not a regular expression"},
		"two documents":    {"a: b\n---\nc: d\n", Addition{PathRegex: "x", Age: []string{age1}}, "more than one YAML document"},
		"rules are a text": {"creation_rules: x\n", Addition{PathRegex: "x", Age: []string{age1}}, "not a list"},
	} {
		out, err := Add([]byte(c.before), []Addition{c.rule})
		if err == nil || out != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		} else if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), private[16:]) {
			t.Errorf("%s: the error quotes the input", name)
		}
	}
}

func TestSnippetQuotes(t *testing.T) {
	rules := []Addition{{PathRegex: `^a: #b'"/[^/]+$`, Age: []string{age1}, Comment: "one\ntwo"}, {PathRegex: "*x\n", Age: []string{age2}}}
	rules[1].PathRegex = "[*]x\n"
	text := "creation_rules:\n" + Snippet(rules)
	if !strings.HasPrefix(Snippet(rules), "  # one\n  # two\n  - path_regex: ") {
		t.Error(text)
	}
	for i, path := range []string{`a: #b'"/c`, "*x\n"} {
		r, err := For(ConfigName, []byte(text), path)
		if err != nil || r.Index != i {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestSamplesOf(t *testing.T) {
	for pattern, want := range map[string]string{
		`^overlays/prod/sealed/[^/]+\.yaml$`: "overlays/prod/sealed/x.yaml overlays/prod/sealed/x.enc.yaml overlays/prod/sealed/x.sops.yaml overlays/prod/sealed/secrets.yaml",
		`(a|b)c?d+e*[0-9]{2}`:                "ad00 acde00",
		`a/.*`:                               "a/ a/x a/x.enc a/x.sops a/secrets",
		``:                                   "",
		`(?i)ABC`:                            "ABC",
		`\Aab\z`:                             "ab",
		`[a-z]+`:                             "x secrets",
	} {
		if got := samplesOf(pattern); strings.Join(got, " ") != want || len(got) == 0 {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
	for _, pattern := range []string{`(`, `a^b`, `x\bx`} {
		if got := samplesOf(pattern); len(got) > 0 {
			t.Errorf("%s: %q", pattern, got)
		}
	}
}
