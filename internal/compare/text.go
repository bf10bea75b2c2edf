package compare

import (
	"fmt"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/diff"
	"github.com/reggen/reggen/internal/terminal"
)

// marks are how a kind of change is written, and its colour.
var marks = map[diff.Kind]struct {
	sign   string
	colour terminal.Attribute
}{
	diff.Added:   {"+", terminal.Green},
	diff.Removed: {"-", terminal.Red},
	diff.Changed: {"~", terminal.Yellow},
}

// PlainText is the diff for a person at a terminal.
func (w *Work) PlainText(all []Changes) string {
	p := w.Tell.Painter()
	var b strings.Builder
	for i, line := range readerLines(all) {
		if i == 0 {
			b.WriteString(p.Paint("who can read secrets", terminal.Bold, terminal.Red) + "\n")
		}
		b.WriteString("  " + p.Paint(problem.Shown(line), terminal.Red) + "\n")
	}
	for i, line := range olderLines(all) {
		if i == 0 {
			b.WriteString(p.Paint("older than before", terminal.Bold, terminal.Red) + "\n")
		}
		b.WriteString("  " + p.Paint(line, terminal.Red) + "\n")
	}
	for i, c := range all {
		if i > 0 || b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(p.Paint(terminal.Printable(strings.Join(c.Environments, ", ")), terminal.Bold) + "\n")
		for _, l := range c.lists() {
			b.WriteString("  " + l.many + ":")
			for _, n := range l.Added {
				b.WriteString(" " + p.Paint("+"+problem.Shown(n), terminal.Green))
			}
			for _, n := range l.Removed {
				b.WriteString(" " + p.Paint("-"+problem.Shown(n), terminal.Red))
			}
			b.WriteString("\n")
		}
		for _, o := range c.Objects {
			m := marks[o.Change]
			b.WriteString("  " + p.Paint(m.sign+" "+problem.Shown(o.Object), m.colour) + "\n")
			for _, f := range o.Fields {
				f.Path, f.From, f.To = problem.Shown(f.Path), terminal.Printable(f.From), terminal.Printable(f.To)
				fieldText(&b, p, f, "      ")
			}
			for _, line := range o.InPlace {
				b.WriteString("      " + p.Paint(problem.Shown(line), terminal.Red) + "\n")
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
func fieldText(b *strings.Builder, p terminal.Painter, f diff.Field, indent string) {
	m := marks[f.Change]
	if f.From == "" && f.To == "" {
		fmt.Fprintf(b, "%s%s: %s\n", indent, f.Path, p.Paint(what(f), m.colour))
		return
	}
	if f.Change == diff.Changed && !strings.Contains(f.From+f.To, "\n") {
		fmt.Fprintf(b, "%s%s: %s -> %s\n", indent, f.Path, p.Paint(f.From, terminal.Red), p.Paint(f.To, terminal.Green))
		return
	}
	fmt.Fprintf(b, "%s%s:\n", indent, f.Path)
	for _, side := range []struct {
		text, sign string
		colour     terminal.Attribute
	}{{f.From, "- ", terminal.Red}, {f.To, "+ ", terminal.Green}} {
		if side.text == "" {
			continue
		}
		for l := range strings.SplitSeq(side.text, "\n") {
			b.WriteString(indent + "  " + p.Paint(side.sign+l, side.colour) + "\n")
		}
	}
}
