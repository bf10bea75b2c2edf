package cli

import (
	"fmt"
	"strings"

	"github.com/fatih/color"

	"github.com/reggen/reggen/internal/diff"
)

// painter colours text for a terminal; for anything else it leaves it alone.
type painter struct{ on bool }

func (p painter) paint(text string, attributes ...color.Attribute) string {
	if !p.on {
		return text
	}
	c := color.New(attributes...)
	c.EnableColor()
	return c.Sprint(text)
}

// marks are how a kind of change is written, and its colour.
var marks = map[diff.Kind]struct {
	sign   string
	colour color.Attribute
}{
	diff.Added:   {"+", color.FgGreen},
	diff.Removed: {"-", color.FgRed},
	diff.Changed: {"~", color.FgYellow},
}

// plainText is the diff for a person at a terminal.
func (w *World) plainText(all []changes) string {
	p := painter{w.StdoutIsTerm && w.Getenv("NO_COLOR") == ""}
	var b strings.Builder
	for i, c := range all {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(p.paint(strings.Join(c.Environments, ", "), color.Bold) + "\n")
		if c.Users != nil {
			b.WriteString("  users:")
			for _, u := range c.Users.Added {
				b.WriteString(" " + p.paint("+"+u, color.FgGreen))
			}
			for _, u := range c.Users.Removed {
				b.WriteString(" " + p.paint("-"+u, color.FgRed))
			}
			b.WriteString("\n")
		}
		for _, o := range c.Objects {
			m := marks[o.Change]
			b.WriteString("  " + p.paint(m.sign+" "+o.Object, m.colour) + "\n")
			for _, f := range o.Fields {
				fieldText(&b, p, f, "      ")
			}
		}
	}
	return b.String()
}

// fieldText writes one field: its path, and what stood there and stands there
// now. The keys of a Secret have neither.
func fieldText(b *strings.Builder, p painter, f diff.Field, indent string) {
	m := marks[f.Change]
	if f.From == "" && f.To == "" {
		what := map[diff.Kind]string{diff.Added: "added", diff.Removed: "removed", diff.Changed: "content changed"}[f.Change]
		fmt.Fprintf(b, "%s%s: %s\n", indent, f.Path, p.paint(what, m.colour))
		return
	}
	if f.Change == diff.Changed && !strings.Contains(f.From+f.To, "\n") {
		fmt.Fprintf(b, "%s%s: %s -> %s\n", indent, f.Path, p.paint(f.From, color.FgRed), p.paint(f.To, color.FgGreen))
		return
	}
	fmt.Fprintf(b, "%s%s:\n", indent, f.Path)
	for _, side := range []struct {
		text, sign string
		colour     color.Attribute
	}{{f.From, "- ", color.FgRed}, {f.To, "+ ", color.FgGreen}} {
		if side.text == "" {
			continue
		}
		for l := range strings.SplitSeq(side.text, "\n") {
			b.WriteString(indent + "  " + p.paint(side.sign+l, side.colour) + "\n")
		}
	}
}

// commentLimit is how long a comment may be: GitHub takes 65536 characters.
const commentLimit = 60_000

// markdown is what a bot posts on a pull request: folded, and never longer
// than a comment may be.
func markdown(all []changes) string {
	if len(all) == 0 {
		return "No rendered object changes.\n"
	}
	var b strings.Builder
	left := 0
	for _, c := range all {
		var one strings.Builder
		fmt.Fprintf(&one, "<details><summary>%s: %d object%s</summary>\n\n```diff\n", strings.Join(c.Environments, ", "), len(c.Objects), plural(len(c.Objects)))
		if c.Users != nil {
			for _, u := range c.Users.Added {
				one.WriteString("+ user " + u + "\n")
			}
			for _, u := range c.Users.Removed {
				one.WriteString("- user " + u + "\n")
			}
		}
		for _, o := range c.Objects {
			sign := map[diff.Kind]string{diff.Added: "+ ", diff.Removed: "- ", diff.Changed: "! "}[o.Change]
			one.WriteString(sign + o.Object + "\n")
			for _, f := range o.Fields {
				markdownField(&one, f)
			}
		}
		one.WriteString("```\n\n</details>\n")
		if b.Len()+one.Len() > commentLimit {
			left++
			continue
		}
		b.WriteString(one.String())
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n%d more group%s of changes did not fit here; run `reggen diff`.\n", left, plural(left))
	}
	return b.String()
}

// markdownField writes a field in a diff block; a fence inside a value would
// end the block.
func markdownField(b *strings.Builder, f diff.Field) {
	b.WriteString("  " + f.Path + ":")
	if f.From == "" && f.To == "" {
		b.WriteString(" " + string(f.Change) + "\n")
		return
	}
	b.WriteString("\n")
	clean := strings.NewReplacer("```", "'''")
	for _, side := range []struct{ text, sign string }{{f.From, "-   "}, {f.To, "+   "}} {
		if side.text == "" {
			continue
		}
		for l := range strings.SplitSeq(clean.Replace(side.text), "\n") {
			b.WriteString(side.sign + l + "\n")
		}
	}
}
