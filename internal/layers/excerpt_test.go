package layers

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// Of a line nothing is shown that the problem doesn't say already.
func TestExcerpt(t *testing.T) {
	for name, c := range map[string]struct {
		line, token string
		isKey       bool
		about       problem.Problem
		want        string
	}{
		"a value that is quoted": {"  host: canary  # why", "canary", false, problem.Problem{Path: "spec.host", What: `"canary" is no host`}, "  host: canary"},
		"one that is not":        {"  host: canary", "canary", false, problem.Problem{Path: "spec.host", What: "has a path"}, "  host: ..."},
		"a part of a word":       {"  host: can", "can", false, problem.Problem{Path: "spec.host", What: `"canary" is no host`}, "  host: ..."},
		"a key":                  {"  - hosst: canary", "hosst", true, problem.Problem{Path: "spec.hosst", What: "unknown field"}, "  - hosst: ..."},
		"a near key":             {"  hosst: r.example.com", "hosst", true, problem.Problem{Path: "spec.hosst", Near: "host"}, "  hosst: r.example.com"},
		"a secret's key":         {"  secretNam: canary", "secretNam", true, problem.Problem{Path: "spec.secretNam", Near: "secretName"}, "  secretNam: ..."},
		"values":                 {"  tag: x", "tag", true, problem.Problem{Path: "spec.values.image.tag"}, ""},
		"config":                 {"  secret: x", "secret", true, problem.Problem{Path: `spec.config["http"].secret`}, ""},
		"an annotation":          {"  a: x", "a", true, problem.Problem{Path: "metadata.annotations.a"}, ""},
		"what stands in front":   {"  {a: canary, b: 1}", "b", true, problem.Problem{Path: "spec.b"}, "... b: ..."},
		"a number":               {"  tag: 3.10", "3.10", false, problem.Problem{Path: "spec.image.tag"}, "  tag: 3.10"},
		"a number for a secret":  {"  password: 1234", "1234", false, problem.Problem{Path: "spec.password"}, "  password: ..."},
		"a JSON patch":           {"    path: /spec/hosst", "/spec/hosst", true, problem.Problem{Path: "spec.hosst"}, "    path: /spec/hosst"},
		"an inline patch":        {"  - patch: \"canary\"", "patch", true, problem.Problem{Path: "spec.hosst"}, "  - patch: ..."},
		"a secret for a name":    {"  canary: 1", "1", false, problem.Problem{Path: "spec[a key of 6 bytes]"}, "... ..."},
		"another line":           {"  password: 1234", "host", true, problem.Problem{Path: "spec.host"}, "  ..."},
	} {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(c.token), &n); err != nil {
			t.Fatal(err)
		}
		column := strings.LastIndex(c.line, c.token) + 1
		if column == 0 {
			column = 3
		} else if c.isKey {
			column = strings.Index(c.line, c.token) + 1
			if c.token == "b" {
				column = strings.Index(c.line, "b:") + 1
			}
		}
		p := Place{File: "f", Line: 1, Column: column, Source: c.line, Token: n.Content[0], IsKey: c.isKey}
		got, caret := p.Excerpt(c.about)
		if got != c.want || (got == "") != (caret == 0) {
			t.Errorf("%s: %q, %d, want %q", name, got, caret, c.want)
		}
	}
}

func TestPlacesInOddTexts(t *testing.T) {
	for text, want := range map[string][2]int{
		"a: 1\nb: x":                  {2, 4},
		"a: 1\r\nb: x\r\n":            {2, 4},
		"\ufeffb: x":                  {1, 4},
		"# a\u2028# a\nb: x":          {2, 4},
		"# a\u0085# a\n\nb:\t\tx":     {3, 5},
		"{a: \"\u00fc\u6771\", b: x}": {1, 14},
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		_, v := child(doc.Content[0], "b")
		line, column, _, ok := placeIn(text, v)
		if !ok || line != want[0] || column != want[1] {
			t.Errorf("%q: %d:%d %v, want %v", text, line, column, ok, want)
		}
	}
}

func placeIn(s string, n *yaml.Node) (int, int, string, bool) {
	return (&text{file: "f", data: []byte(s)}).place(n)
}
