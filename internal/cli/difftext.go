package cli

import (
	"fmt"
	"strings"

	"github.com/fatih/color"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/diff"
)

// painter colours text for a terminal; for anything else it leaves it alone.
type painter struct{ on bool }

// painter is the one for standard output: https://no-color.org.
func (w *World) painter() painter {
	return painter{w.StdoutIsTerm && w.Getenv("NO_COLOR") == "" && w.Getenv("TERM") != "dumb"}
}

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

// printable shows what would steer a terminal instead of steering it: what is
// compared may come from a stranger's pull request.
func printable(text string) string { return problem.Lines(text) }

// plainText is the diff for a person at a terminal.
func (w *World) plainText(all []changes) string {
	p := w.painter()
	var b strings.Builder
	for i, line := range readerLines(all) {
		if i == 0 {
			b.WriteString(p.paint("who can read secrets", color.Bold, color.FgRed) + "\n")
		}
		b.WriteString("  " + p.paint(problem.Shown(line), color.FgRed) + "\n")
	}
	for i, line := range olderLines(all) {
		if i == 0 {
			b.WriteString(p.paint("older than before", color.Bold, color.FgRed) + "\n")
		}
		b.WriteString("  " + p.paint(line, color.FgRed) + "\n")
	}
	for i, c := range all {
		if i > 0 || b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(p.paint(printable(strings.Join(c.Environments, ", ")), color.Bold) + "\n")
		for _, l := range c.lists() {
			b.WriteString("  " + l.many + ":")
			for _, n := range l.Added {
				b.WriteString(" " + p.paint("+"+problem.Shown(n), color.FgGreen))
			}
			for _, n := range l.Removed {
				b.WriteString(" " + p.paint("-"+problem.Shown(n), color.FgRed))
			}
			b.WriteString("\n")
		}
		for _, o := range c.Objects {
			m := marks[o.Change]
			b.WriteString("  " + p.paint(m.sign+" "+problem.Shown(o.Object), m.colour) + "\n")
			for _, f := range o.Fields {
				f.Path, f.From, f.To = problem.Shown(f.Path), printable(f.From), printable(f.To)
				fieldText(&b, p, f, "      ")
			}
		}
	}
	return b.String()
}

// what says in words what happened to a field whose content isn't shown.
func what(f diff.Field) string {
	text := map[diff.Kind]string{diff.Added: "added", diff.Removed: "removed", diff.Changed: "content changed"}[f.Change]
	if f.Note != "" {
		text += ", " + f.Note
	}
	return text
}

// fieldText writes one field: its path, and what stood there and stands there
// now. The keys of a Secret have neither.
func fieldText(b *strings.Builder, p painter, f diff.Field, indent string) {
	m := marks[f.Change]
	if f.From == "" && f.To == "" {
		fmt.Fprintf(b, "%s%s: %s\n", indent, f.Path, p.paint(what(f), m.colour))
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
