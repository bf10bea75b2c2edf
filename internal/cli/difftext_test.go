package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/diff"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

func someChanges() []compare.Changes {
	return []compare.Changes{{
		Environments:  []string{"overlays/a", "overlays/b"},
		PublicChanges: compare.PublicChanges{Users: &compare.Names{Added: []string{"alice"}, Removed: []string{"bob"}}},
		Objects: []diff.Object{
			{Object: "Deployment ns/d", Change: diff.Changed, Fields: []diff.Field{{Path: "spec/replicas", Change: diff.Changed, From: "1", To: "2"}}},
			{Object: "Secret ns/s", Change: diff.Changed, Fields: []diff.Field{{Path: "data/k", Change: diff.Changed}}},
			{Object: "Service ns/n", Change: diff.Added},
			{Object: "Ingress ns/i", Change: diff.Removed},
		},
	}}
}

// Colours are for a terminal whose owner wants them, and the text is the same
// without.
func TestDiffColours(t *testing.T) {
	plain := newWorld(repository.Repository{}).Compares.PlainText(someChanges())
	if strings.Contains(plain, "\x1b") || !strings.Contains(plain, "  users: +alice -bob\n") {
		t.Errorf("no terminal:\n%q", plain)
	}
	for name, c := range map[string]struct {
		env      map[string]string
		coloured bool
	}{
		"a terminal":   {nil, true},
		"NO_COLOR":     {map[string]string{"NO_COLOR": "1"}, false},
		"a dumb one":   {map[string]string{"TERM": "dumb"}, false},
		"a clever one": {map[string]string{"TERM": "xterm"}, true},
	} {
		w := New(nil, &terminal.Terminal{StdoutIsTerm: true, Getenv: func(k string) string { return c.env[k] }}, &repository.Repository{}, Machine{})
		got := w.Compares.PlainText(someChanges())
		if !c.coloured && got != plain {
			t.Errorf("%s: %q", name, got)
		}
		for _, want := range []string{"\x1b[32m+alice\x1b[0", "\x1b[31m-bob\x1b[0", "\x1b[31m1\x1b[0", "\x1b[32m2\x1b[0", "\x1b[33m~ Deployment ns/d\x1b[0", "\x1b[32m+ Service", "\x1b[31m- Ingress"} {
			if strings.Contains(got, want) != c.coloured {
				t.Errorf("%s: %q in %q", name, want, got)
			}
		}
	}
}

// What a stranger's branch holds steers no terminal.
func TestDiffShowsWhatIsNotPrintable(t *testing.T) {
	c := someChanges()
	c[0].Objects[0].Fields[0].To = "2\x1b[2J\x9b\r\u202eevil\nline\t."
	c[0].Users.Added[0] = "al\x07ice"
	c[0].Objects[0].InPlace = []string{"spec.x\x1b[2J can't be changed in place"}
	for _, text := range []string{newWorld(repository.Repository{}).Compares.PlainText(c), compare.Markdown(c)} {
		if strings.ContainsAny(text, "\x1b\x07\r\u202e\u009b") || !strings.Contains(text, "evil") || !strings.Contains(text, "line\t.") || !strings.Contains(text, "can't be changed in place") {
			t.Errorf("%q", text)
		}
	}
}

// A comment has a limit of 65536 characters: what fits is shown whole, the rest
// is counted, and the folds and fences stay closed.
func TestMarkdownIsLimited(t *testing.T) {
	var many []compare.Changes
	for i := range 40 {
		c := someChanges()[0]
		c.Objects = nil
		for n := range 30 {
			c.Objects = append(c.Objects, diff.Object{Object: fmt.Sprintf("ConfigMap ns%d/c%d", i, n), Change: diff.Changed, Fields: []diff.Field{{Path: "data/x", Change: diff.Changed, From: strings.Repeat("f", 40), To: strings.Repeat("t\n", 20)}}})
		}
		many = append(many, c)
	}
	huge := someChanges()
	huge[0].Objects[0].Fields[0].From = strings.Repeat("0123456789\n", 100_000)
	wide := someChanges()
	for i := range 9000 {
		wide[0].Environments = append(wide[0].Environments, fmt.Sprintf("overlays/environment-%d", i))
	}
	var read []compare.Changes
	for i := range 2000 {
		c := compare.Changes{Environments: []string{fmt.Sprintf("overlays/environment-%d", i)}}
		for n := range 8 {
			c.Environments = append(c.Environments, fmt.Sprintf("overlays/more-%d-%d", i, n))
		}
		c.Readers = []compare.ReaderDiff{{Files: "sealed", Names: compare.Names{Added: []string{strings.Repeat("age1", 500)}}}}
		read = append(read, c)
	}
	one := someChanges()
	one[0].Objects = nil
	for i := range 5000 {
		one[0].Objects = append(one[0].Objects, diff.Object{Object: fmt.Sprintf("ConfigMap ns/c%d", i), Change: diff.Added})
	}
	for name, c := range map[string]struct {
		all  []compare.Changes
		left bool
		want []string
	}{
		"few":                 {someChanges(), false, []string{"<summary>overlays/a, overlays/b: 4 objects</summary>", "+ user alice\n- user bob\n", "! Deployment ns/d\n  spec/replicas:\n-   1\n+   2\n", "+ Service ns/n\n- Ingress ns/i\n", "  data/k: content changed\n"}},
		"many readers":        {read, false, []string{"overlays/more-0-3, and 4 more: sealed files: +age1", " more; run `reggen diff`"}},
		"none":                {nil, false, []string{"No rendered object changes.\n"}},
		"many groups":         {many, true, []string{"ConfigMap ns0/c29"}},
		"one of many objects": {one, true, []string{"ConfigMap ns/c1000\n"}},
		"a huge value":        {huge, false, []string{"bytes more)", "Ingress ns/i"}},
		"many environments":   {wide, false, []string{"<summary>overlays/a, overlays/b, overlays/environment-0, overlays/environment-1, overlays/environment-2 and 8997 more: 4 objects</summary>\n\nIn overlays/a, "}},
	} {
		text := compare.Markdown(c.all)
		if len(text) > 65536-1000 || strings.Contains(text, "did not fit here") != c.left {
			t.Errorf("%s: %d bytes, %q", name, len(text), text[len(text)-80:])
		}
		if strings.Count(text, "<details>") != strings.Count(text, "</details>") || strings.Count(text, "```")%2 != 0 {
			t.Errorf("%s: something is left open", name)
		}
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%.600s", name, w, text)
			}
		}
	}
}

// Nothing in a value ends the block or the fold it stands in.
func TestMarkdownHoldsItsText(t *testing.T) {
	c := someChanges()
	c[0].Environments = []string{"overlays/<b>"}
	c[0].Objects[0].Fields[0].To = "a\n```\n</details>\n````\n@everyone"
	text := compare.Markdown(c)
	if strings.Count(text, "`````") != 2 || strings.Contains(text, "<b>") || !strings.Contains(text, "+   ````\n") {
		t.Errorf("%s", text)
	}
}
