package layers

import (
	"regexp"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// hidden stands for what is not shown of a line.
const hidden = "..."

// closed are the parts of a spec whose lines are not shown: names are anybody's
// there, and secrets are what is looked for, and found.
var closed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^spec\.(values|config|extra|check)\b|^metadata\b`) })

// front is what may stand before the place: blanks, the dash of an entry, and
// one key.
var front = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\s-]*(?:([A-Za-z0-9_-]{1,40}):\s+)?$`) })

// secretly are names under which people look for a place for a secret.
var secretly = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)pass|secret|token|key|cred|auth|login|hash|pwd|user`)
})

// Excerpt is what may be shown of the line of a problem, and where in it the
// caret stands; "" for none. A line may hold a secret that nobody was to write
// there: a value is shown where the problem quotes it already, or is shown as
// a number or a word of YAML is; a key where the problem's path names it.
func (p Place) Excerpt(about problem.Problem) (line string, caret int) {
	if closed().MatchString(about.Path) || p.Token == nil {
		return "", 0
	}
	runes := []rune(p.Source)
	if p.Column < 1 || p.Column > len(runes) {
		return "", 0
	}
	before, rest := string(runes[:p.Column-1]), string(runes[p.Column-1:])
	if m := front().FindStringSubmatch(before); m == nil || m[1] != "" && !told(about, m[1]) {
		before = hidden + " "
	}
	token, after, whole := cutToken(p.Token, rest)
	switch {
	case !whole, problem.Secretish(p.Token.Value):
		return before + hidden, len([]rune(before)) + 1
	case p.IsKey && !told(about, p.Token.Value):
		return before + hidden, len([]rune(before)) + 1
	case !p.IsKey && !quoted(about, p.Token):
		return before + hidden, len([]rune(before)) + 1
	}
	if p.IsKey && strings.HasPrefix(after, ":") {
		token, after = token+":", strings.TrimPrefix(after, ":")
	}
	value, _, _ := strings.Cut(after, " #")
	switch value = strings.TrimSpace(value); {
	case value == "":
	case p.IsKey && harmless(about, p.Token.Value, value):
		token += " " + value
	default:
		token += " " + hidden
	}
	return before + token, len([]rune(before)) + 1
}

// told says that a key is shown by the problem's path, or is a word of
// kustomize's: the field of a patch, the value and the path of a JSON patch.
func told(about problem.Problem, key string) bool {
	pointed := strings.ReplaceAll(strings.TrimPrefix(key, "/"), "/", ".")
	return strings.Contains(about.Path, key) || key == "patch" || key == "value" || key == "path" || strings.HasPrefix(key, "/") && under(about.Path, pointed)
}

// cutToken takes what a node is written as off the front of a line.
func cutToken(n *yaml.Node, rest string) (token, after string, whole bool) {
	switch n.Style &^ yaml.TaggedStyle {
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		if quotes := rest[:1]; strings.HasPrefix(rest[1:], n.Value+quotes) {
			return quotes + n.Value + quotes, rest[len(n.Value)+2:], true
		}
		return "", "", false
	}
	after, whole = strings.CutPrefix(rest, n.Value)
	return n.Value, after, whole && n.Value != "" && n.Kind == yaml.ScalarNode
}

// quoted says that a problem shows the value itself.
func quoted(about problem.Problem, n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	switch n.ShortTag() {
	case "!!bool", "!!int", "!!float", "!!null":
		return !secretly().MatchString(about.Path)
	}
	return strings.Contains(about.What, `"`+n.Value+`"`)
}

// word is a value without blanks, quotes, brackets and what else has a meaning.
var word = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._/-]{1,40}$`) })

// harmless says that what stands behind an unknown key was meant for a field of
// the spec, none of which holds a secret.
func harmless(about problem.Problem, key, value string) bool {
	return about.Near != "" && !secretly().MatchString(key) && !secretly().MatchString(about.Path) && word().MatchString(value) && !problem.Secretish(value)
}
