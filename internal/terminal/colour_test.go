package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
)

// Colours are for a terminal whose owner wants them, and for nothing else.
func TestWhereColoursAre(t *testing.T) {
	for _, c := range []struct {
		out, errs bool
		env       map[string]string
	}{
		{}, {out: true}, {errs: true}, {out: true, errs: true},
		{out: true, errs: true, env: map[string]string{"NO_COLOR": "1"}}, {out: true, errs: true, env: map[string]string{"TERM": "dumb"}},
	} {
		var errs bytes.Buffer
		tell := &Terminal{Stderr: &errs, StdoutIsTerm: c.out, StderrIsTerm: c.errs, Getenv: func(name string) string { return c.env[name] }}
		tell.Marked("error:", Red, " a\x1bb\n%s", "c")
		out := tell.Painter().Paint("text", Green)
		wantOut, wantErrs := "text", "error: a\\x1bb\nc\n"
		if c.out && c.env == nil {
			wantOut = "\x1b[32mtext\x1b[0m"
		}
		if c.errs && c.env == nil {
			wantErrs = "\x1b[31merror:\x1b[0m a\\x1bb\nc\n"
		}
		if out != wantOut || errs.String() != wantErrs {
			t.Errorf("%v: %q, %q; want %q, %q", c, out, errs.String(), wantOut, wantErrs)
		}
		if got := tell.Painter().Paint("text", Plain); got != "text" {
			t.Errorf("plain text is %q", got)
		}
	}
}

// Colours take no room: without them the columns are those of a tabwriter.
func TestColumns(t *testing.T) {
	rows := [][]string{{"WHO", "WHAT", "MORE"}, {"àlice", "x", "-"}, {"b", "a longer one", "end"}, {"", "middle", ""}, {"last", "", ""}}
	var want bytes.Buffer
	w := tabwriter.NewWriter(&want, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush()
	trimmed := ""
	for line := range strings.Lines(want.String()) {
		trimmed += strings.TrimRight(line, " \n") + "\n"
	}
	look := func(row, column int) Attribute {
		if row == 1 && column < 2 {
			return Red
		}
		return Plain
	}
	short := append(rows[:4:4], []string{"last"})
	for _, rows := range [][][]string{rows, short} {
		if got := (Painter{}).Columns(rows, look); got != trimmed {
			t.Errorf("got\n%s\nwant\n%s", got, trimmed)
		}
	}
	if got := (Painter{}).Columns(nil, look); got != "" {
		t.Errorf("no rows are %q", got)
	}
	coloured := (Painter{true}).Columns(rows, look)
	if strings.Count(coloured, "\x1b[31m") != 2 || strings.ReplaceAll(strings.ReplaceAll(coloured, "\x1b[31m", ""), "\x1b[0m", "") != trimmed {
		t.Errorf("in colours:\n%q", coloured)
	}
}
