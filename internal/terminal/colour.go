package terminal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/gonvenience/neat"

	"github.com/reggen/reggen/generator/problem"
)

// Attribute is a colour or another look of text. A look repeats what a word or a
// sign says already; it never says anything alone.
type Attribute = color.Attribute

// The looks that are used.
const (
	Plain  = color.Reset
	Bold   = color.Bold
	Red    = color.FgRed
	Green  = color.FgGreen
	Yellow = color.FgYellow
)

// Painter colours text for a terminal; for anything else it leaves it alone.
type Painter struct{ on bool }

// Painter is the one for standard output: https://no-color.org.
func (t *Terminal) Painter() Painter { return t.painter(t.StdoutIsTerm) }

// NotePainter is the one for standard error.
func (t *Terminal) NotePainter() Painter { return t.painter(t.StderrIsTerm) }

func (t *Terminal) painter(terminal bool) Painter {
	return Painter{terminal && t.Getenv("NO_COLOR") == "" && t.Getenv("TERM") != "dumb"}
}

// Paint gives text a look, where looks are shown.
func (p Painter) Paint(text string, attributes ...Attribute) string {
	if !p.on || len(attributes) == 1 && attributes[0] == Plain {
		return text
	}
	c := color.New(attributes...)
	c.EnableColor()
	return c.Sprint(text)
}

// Marked writes a note behind a word of reggen's own that has a look.
func (t *Terminal) Marked(word string, look Attribute, format string, args ...any) {
	rest, _ := strings.CutPrefix(problem.Lines(word+fmt.Sprintf(format, args...)), word)
	fmt.Fprintln(t.Stderr, t.NotePainter().Paint(word, look)+rest)
}

// Columns writes rows below one another; a short one has empty cells at its end.
// look is that of a cell. No line ends in spaces.
func (p Painter) Columns(rows [][]string, look func(row, column int) Attribute) string {
	painted, most := make([][]string, len(rows)), 0
	for _, row := range rows {
		most = max(most, len(row))
	}
	for r, row := range rows {
		row = append(slices.Clone(row), make([]string, most-len(row))...)
		for c, cell := range row {
			painted[r] = append(painted[r], p.Paint(cell, look(r, c)))
		}
	}
	text, err := neat.Table(painted, neat.CustomSeparator("  ")) // which gives colours no room
	if err != nil {
		return "" // there are no rows
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
