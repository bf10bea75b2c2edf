package rules

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// Addition is a rule to add to .sops.yaml.
type Addition struct {
	PathRegex string   // matched against the path from the folder of .sops.yaml
	Age       []string // recipients
	Comment   string   // goes above the rule, each line behind a #
}

const header = `# Who may read what, for SOPS. The first rule whose path_regex matches a file
# counts, so a rule for everything else belongs at the end.
`

// Snippet is rules as the text to paste under creation_rules, without a line
// end behind the last one.
func Snippet(rules []Addition) string {
	return strings.Join(lines(rules, "  "), "\n")
}

// lines writes rules, indented.
func lines(rules []Addition, indent string) []string {
	var out []string
	for _, r := range rules {
		for _, c := range strings.Split(r.Comment, "\n") {
			if c != "" {
				out = append(out, indent+"# "+strings.TrimRight(c, "\r"))
			}
		}
		out = append(out,
			indent+"- path_regex: "+scalar(r.PathRegex),
			indent+"  encrypted_regex: "+scalar(Regex),
			indent+"  age: "+scalar(strings.Join(r.Age, ",")))
	}
	return out
}

// scalar writes a string as YAML, plain where that is safe.
func scalar(s string) string {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.ContainsAny(s, "\n\r") {
		n.Style = yaml.DoubleQuotedStyle
	}
	out, err := yaml.Marshal(n)
	if err != nil {
		return `""` // can't be: a string has a YAML form
	}
	return strings.TrimRight(string(out), "\n")
}

// Add adds rules to the text of a .sops.yaml, above the first rule that
// would catch their files, else at the end. The rest stays byte for byte. A
// rule whose path_regex is there already is left as it is; when all are, out
// is existing. Without existing text it makes a new file.
//
// It reads its result back before it returns it. What it can't edit safely is
// a problem whose Next holds the rules to paste.
func Add(existing []byte, rules []Addition) (out []byte, err error) {
	defer func() {
		if recover() != nil {
			out, err = nil, problem.Problem{File: ConfigName, What: "can't be read as the rules of SOPS"}
		}
	}()
	if err := checkNew(rules); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(existing)) == 0 {
		return []byte(header + "creation_rules:\n" + Snippet(rules) + "\n"), nil
	}
	old, err := rulesOf(ConfigName, existing)
	if err != nil {
		return nil, err
	}
	have := patterns(old)
	var missing []Addition
	for _, r := range rules {
		if !slices.ContainsFunc(have, func(p *string) bool { return p != nil && *p == r.PathRegex }) {
			missing = append(missing, r)
		}
	}
	if len(missing) == 0 {
		return existing, nil
	}
	if out, err = insert(existing, old, have, missing); err != nil {
		return nil, err
	}
	if err := readBack(out, len(old), missing); err != nil {
		return nil, err
	}
	return out, nil
}

// paste is the problem of a file that must be edited by hand.
func paste(what string, rules []Addition) error {
	return problem.Problem{File: ConfigName, What: what, Want: "creation_rules as a block list of mappings, each behind its dash",
		Next: "paste these rules under creation_rules, above any rule that matches everything:\n" + Snippet(rules)}
}

// checkNew refuses rules that SOPS would not take. It quotes no recipient.
func checkNew(rules []Addition) error {
	var l problem.List
	for i, r := range rules {
		path := fmt.Sprintf("rule %d", i+1)
		if _, err := compile(r.PathRegex); err != nil || r.PathRegex == "" {
			l.Add(problem.Problem{Path: path, What: "its path_regex is not a regular expression"})
		}
		if len(r.Age) == 0 {
			l.Add(problem.Problem{Path: path, What: "names nobody who may read", Want: wantAge})
		}
		for _, a := range r.Age {
			if _, ok := one("age", a, ""); !ok || strings.Contains(a, ",") {
				l.Add(problem.Problem{Path: path, What: "not a valid recipient", Want: wantAge})
			}
		}
	}
	return l.Err()
}

// patterns are the path_regex of each rule; nil where there is none.
func patterns(rules []*yaml.Node) []*string {
	out := make([]*string, len(rules))
	for i, n := range rules {
		r := reader{}
		if resolve(n).Kind != yaml.MappingNode {
			continue
		}
		for _, f := range r.fields(n, "") {
			if f.name == "path_regex" && f.value.Value != "" {
				out[i] = &f.value.Value
			}
		}
	}
	return out
}

// insert puts the text of the rules where it belongs.
func insert(existing []byte, old []*yaml.Node, have []*string, rules []Addition) ([]byte, error) {
	root, err := bounded.Document(existing)
	if err != nil {
		return nil, err
	}
	if oddBreak().MatchString(strings.ReplaceAll(string(existing), "\r\n", "\n")) {
		return nil, paste("has line ends that are neither Unix nor Windows", rules)
	}
	text := strings.Split(string(existing), "\n")
	if root == nil || len(root.Content) == 0 || root.Content[0].ShortTag() == "!!null" {
		if root != nil && len(root.Content) > 0 && root.Content[0].Value != "" {
			return nil, paste("holds nothing, in a form that can't be added to", rules)
		}
		return splice(text, len(text), "creation_rules:", lines(rules, "  ")), nil
	}
	top := root.Content[0]
	if top.Style&yaml.FlowStyle != 0 || top.Kind != yaml.MappingNode {
		return nil, paste("is written in flow style", rules)
	}
	at, end := -1, len(text)
	for i := 0; i < len(top.Content); i += 2 {
		if at >= 0 {
			end = top.Content[i].Line - 1
			break
		}
		if top.Content[i].Value == "creation_rules" {
			at = i
		}
	}
	margin := strings.Repeat(" ", top.Content[0].Column-1)
	if at < 0 {
		return splice(text, len(text), margin+"creation_rules:", lines(rules, margin+"  ")), nil
	}
	list := top.Content[at+1]
	switch {
	case list.ShortTag() == "!!null" && list.Value == "" && list.Kind == yaml.ScalarNode:
		return splice(text, top.Content[at].Line, "", lines(rules, margin+"  ")), nil
	case list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 || len(list.Content) == 0:
		return nil, paste("its creation_rules are an alias or written in flow style", rules)
	}
	place, indent, ok := position(text, list.Content, catching(old, have, rules), end, len(margin))
	if !ok {
		return nil, paste("its rules are laid out in a way that is not safe to edit", rules)
	}
	return splice(text, place, "", lines(rules, indent)), nil
}

// catching is the first old rule that would catch a file meant for a new one,
// or -1.
func catching(old []*yaml.Node, have []*string, rules []Addition) int {
	total := 0
	for i := range old {
		if have[i] == nil {
			return i
		}
		_, size, err := weigh(*have[i])
		if total += size; err != nil || total > maxCompiled {
			continue // readBack says so
		}
		re, err := compile(*have[i])
		if err != nil {
			continue
		}
		for _, r := range rules {
			if slices.ContainsFunc(samplesOf(r.PathRegex), re.MatchString) {
				return i
			}
		}
	}
	return -1
}

// oddBreak is what YAML counts as the end of a line and editors mostly don't.
var oddBreak = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("[\r\u0085\u2028\u2029]") })

var (
	dashed   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^( *)- +$`) })
	lonely   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^( *)- *(#.*)?\r?$`) })
	comments = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^( *)#`) })
)

// dash finds the line (from 0) and the indent of the dash of a list item.
func dash(text []string, item *yaml.Node) (line int, indent string, ok bool) {
	line = item.Line - 1
	if line < 0 || line >= len(text) || item.Column < 1 || item.Column-1 > len(text[line]) {
		return 0, "", false
	}
	if m := dashed().FindStringSubmatch(text[line][:item.Column-1]); m != nil {
		return line, m[1], true
	}
	if strings.TrimSpace(text[line][:item.Column-1]) != "" {
		return 0, "", false
	}
	for line--; line >= 0; line-- {
		if t := strings.TrimSpace(text[line]); t == "" || strings.HasPrefix(t, "#") {
			continue
		}
		if m := lonely().FindStringSubmatch(text[line]); m != nil {
			return line, m[1], true
		}
		break
	}
	return 0, "", false
}

// position finds the line (from 0) before which new rules go, and their indent.
func position(text []string, items []*yaml.Node, before, end, margin int) (line int, indent string, ok bool) {
	if before < 0 {
		if _, indent, ok = dash(text, items[0]); !ok {
			return 0, "", false
		}
		// Behind the last rule, but before blank lines and the comments of
		// what follows.
		for line = end; line > 0; line-- {
			m := comments().FindStringSubmatch(text[line-1])
			if strings.TrimSpace(text[line-1]) != "" && (m == nil || len(m[1]) > margin) {
				break
			}
		}
		return line, indent, true
	}
	if line, indent, ok = dash(text, items[before]); !ok {
		return 0, "", false
	}
	// Above the rule's own comment, which a deeper one can't be: that is text
	// of the rule before.
	for line > 0 {
		m := comments().FindStringSubmatch(text[line-1])
		if m == nil || len(m[1]) > len(indent) {
			break
		}
		line--
	}
	return line, indent, true
}

// splice puts lines before line at (from 0), with the line ends of the text.
func splice(text []string, at int, head string, rules []string) []byte {
	if head != "" {
		rules = append([]string{head}, rules...)
	}
	end := "\n"
	if strings.HasSuffix(text[0], "\r") {
		end = "\r\n"
	}
	// The text behind the last line end is no line when it is empty.
	if at == len(text) && text[at-1] == "" {
		at--
	}
	before := strings.Join(text[:at], "\n")
	if at > 0 && at < len(text) {
		before += "\n"
	} else if at == len(text) {
		before += end
	}
	return []byte(before + strings.Join(rules, end) + end + strings.Join(text[at:], "\n"))
}

// readBack proves that each new rule is the one that SOPS would use, and that
// none was lost.
func readBack(out []byte, old int, rules []Addition) error {
	all, err := rulesOf(ConfigName, out)
	if err != nil || len(all) != old+len(rules) {
		return paste("is laid out in a way that is not safe to edit", rules)
	}
	for _, r := range rules {
		for _, sample := range samplesOf(r.PathRegex) {
			got, err := For(ConfigName, out, sample)
			var l problem.List
			if errors.As(err, &l) {
				return l
			}
			if err != nil || !slices.Equal(got.Recipients(), distinct(r.Age)) {
				return paste("another rule stands in the way of a new one", rules)
			}
		}
	}
	return nil
}
