package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/reggen/reggen/generator/problem"
	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// Plural is the s behind a number of things.
func Plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// Unique drops problems that two steps both met.
func Unique(l problem.List) problem.List {
	seen := map[problem.Problem]bool{}
	var out problem.List
	for _, p := range l {
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

// Printable shows what would steer a terminal instead of steering it: what is
// compared may come from a stranger's pull request.
func Printable(text string) string { return problem.Lines(text) }

// Counted is a text about a number of things; nothing when there are none.
func Counted(n int, format string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(format, n)
}

// JSONText writes a value as JSON with a line end behind it. What would steer a
// terminal or a log is escaped: the same value, seen by whoever looks.
func JSONText(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, r := range strings.ReplaceAll(string(text), "##", `#\u0023`) { // which stands in strings alone
		switch {
		case r == '\n' || !problem.Steers(string(r)):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// YAMLText writes a value as YAML, for people and programs that read text. A
// string that would steer a terminal or a log stands between double quotes, on
// one line and with escapes: the same value, seen by whoever looks.
func YAMLText(v any) ([]byte, error) {
	text, err := yaml.Marshal(v)
	if err != nil || problem.Lines(string(text)) == string(text) {
		return text, err
	}
	var doc yamlv3.Node
	if err := yamlv3.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	quoteSteering(&doc)
	var b bytes.Buffer
	out := yamlv3.NewEncoder(&b)
	out.SetIndent(2)
	if err := out.Encode(&doc); err != nil {
		return nil, err
	}
	return []byte(problem.Lines(b.String())), nil
}

// quoteSteering puts double quotes around what Lines would write otherwise:
// between them its escapes are YAML's.
func quoteSteering(n *yamlv3.Node) {
	if n.Kind == yamlv3.ScalarNode && problem.Lines(n.Value) != n.Value {
		n.Style = yamlv3.DoubleQuotedStyle
	}
	for _, below := range n.Content {
		quoteSteering(below)
	}
}
