package compare

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/diff"
	"github.com/reggen/reggen/internal/terminal"
)

// commentLimit is how long a comment may be: GitHub takes 65536 characters;
// what a bot writes around the diff needs room too.
const commentLimit = 60_000

// shownNames is how many environments stand in the one line that is seen
// before a group is unfolded.
const shownNames = 5

// Markdown is what a bot posts on a pull request: folded, and never longer
// than a comment may be. What doesn't fit is counted.
func Markdown(all []Changes) string {
	if len(all) == 0 {
		return "No rendered object changes.\n"
	}
	var b strings.Builder
	points(&b, "**Who can read secrets changes: look at this first.**", readerLines(all), commentLimit/2)
	points(&b, "\n**Files are older than those they take the place of.**", olderLines(all), commentLimit*3/4)
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	left := 0
	for _, c := range all {
		entries := entriesOf(c)
		head, foot := group(c, entries)
		room := commentLimit - b.Len() - len(head) - len(foot)
		taken := 0
		var body strings.Builder
		for ; taken < len(entries) && body.Len()+len(entries[taken]) <= room; taken++ {
			body.WriteString(entries[taken])
		}
		left += len(entries) - taken
		if taken > 0 {
			b.WriteString(head + body.String() + foot)
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n%d more change%s did not fit here; run `reggen diff`.\n", left, terminal.Plural(left))
	}
	return b.String()
}

// points writes lines under a title, until the comment is as long as may be.
func points(b *strings.Builder, title string, lines []string, longest int) {
	for i, line := range lines {
		if i == 0 {
			b.WriteString(title + "\n\n")
		}
		point := "- " + codeSpan(cut(line, longestValue)) + "\n"
		if b.Len()+len(point) > longest {
			fmt.Fprintf(b, "- and %d more; run `reggen diff`\n", len(lines)-i)
			return
		}
		b.WriteString(point)
	}
}

// plainNames are names that mean nothing to Markdown or HTML.
var plainNames = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\pL\pN ./,+_()-]*$`) })

// inMarkdown writes names among HTML and Markdown: as code where they could be
// a link, a picture or the mention of somebody.
func inMarkdown(names string) string {
	if plainNames().MatchString(names) {
		return names
	}
	var b strings.Builder
	for _, r := range names {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" ./,+_()-", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return "<code>" + b.String() + "</code>"
}

// codeSpan writes a text that nothing in it can end.
func codeSpan(text string) string {
	return "`` " + strings.ReplaceAll(problem.Shown(text), "`", "'") + " ``"
}

// group is what stands around the changes of some environments: a fold with a
// summary, and a code block that no text in it can end.
func group(c Changes, entries []string) (head, foot string) {
	names := c.Environments
	more, list := "", ""
	if len(names) > shownNames {
		more = fmt.Sprintf(" and %d more", len(names)-shownNames)
		list = "In " + inMarkdown(cut(problem.Shown(strings.Join(names, ", ")), commentLimit/4)) + ".\n\n"
		names = names[:shownNames]
	}
	fence := "```"
	for strings.Contains(strings.Join(entries, ""), fence) {
		fence += "`"
	}
	head = fmt.Sprintf("<details><summary>%s%s: %d object%s</summary>\n\n%s%sdiff\n",
		inMarkdown(cut(problem.Shown(strings.Join(names, ", ")), commentLimit/8)), more, len(c.Objects), terminal.Plural(len(c.Objects)), list, fence)
	return head, fence + "\n\n</details>\n"
}

// entriesOf are the changes of a group, each whole: a name, or an object with
// its fields.
func entriesOf(c Changes) (out []string) {
	for _, l := range c.lists() {
		for _, n := range l.Added {
			out = append(out, "+ "+l.one+" "+problem.Shown(n)+"\n")
		}
		for _, n := range l.Removed {
			out = append(out, "- "+l.one+" "+problem.Shown(n)+"\n")
		}
	}
	for _, o := range c.Objects {
		var b strings.Builder
		b.WriteString(map[diff.Kind]string{diff.Added: "+ ", diff.Removed: "- ", diff.Changed: "! "}[o.Change] + problem.Shown(o.Object) + "\n")
		for _, f := range o.Fields {
			markdownField(&b, f)
		}
		for _, line := range o.InPlace {
			b.WriteString("! " + problem.Shown(line) + "\n")
		}
		out = append(out, terminal.Printable(b.String()))
	}
	return out
}

// longestValue is how much of one value is shown: the changes beside it matter
// more than its end.
const longestValue = 4000

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + fmt.Sprintf(" ... (%d bytes more)", len(text)-limit)
}

func markdownField(b *strings.Builder, f diff.Field) {
	b.WriteString("  " + problem.Shown(f.Path) + ":")
	if f.From == "" && f.To == "" {
		b.WriteString(" " + what(f) + "\n")
		return
	}
	b.WriteString("\n")
	for _, side := range []struct{ text, sign string }{{f.From, "-   "}, {f.To, "+   "}} {
		if side.text == "" {
			continue
		}
		for l := range strings.SplitSeq(cut(side.text, longestValue), "\n") {
			b.WriteString(side.sign + l + "\n")
		}
	}
}
