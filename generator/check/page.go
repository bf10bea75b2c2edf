package check

import (
	"fmt"
	"strings"
)

// Page is the reference of all rules in Markdown. docs/reference/rules.md is
// its output, drift checked.
func Page() string {
	var b strings.Builder
	b.WriteString(`# Rules of reggen check

Generated from the rules; ` + "`go test ./generator/check -run TestRulesPage -update`" + ` writes it.

An error will not work, or puts a secret in danger. A warning works until
something happens. An info is good to know. A finding can be milder than its
rule; where it can be worse the page says so. Rules on objects alone run on any
rendered YAML too: ` + "`reggen check --rendered FILE`" + `. [The guide](../guide/check.md) has
how to use it in CI, and how to silence a rule.

| rule | severity | looks at | demands |
|---|---|---|---|
`)
	for _, r := range Rules() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", r.ID, r.ID, r.Severity, r.inputs(), cell(r.Title))
	}
	for _, r := range Rules() {
		fmt.Fprintf(&b, "\n## %s\n\n%s: %s. Looks at: %s.%s\n\n%s\n\nThe way out: %s\n", r.ID, strings.ToUpper(string(r.Severity[:1]))+string(r.Severity[1:]), r.Title, r.inputs(), map[bool]string{true: " Can't be silenced."}[r.Always], r.Reason, r.Fix)
	}
	return b.String()
}

func (r Rule) inputs() string {
	var names []string
	for _, i := range r.Inputs {
		names = append(names, string(i))
	}
	return strings.Join(names, ", ")
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
