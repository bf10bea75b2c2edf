// Package problem holds the one shape of a user-facing mistake: what is
// wrong, where, what was expected, and what to run next. Every part of
// reggen that reads something a person wrote reports through it, so that all
// mistakes of one input are told at once and read alike.
package problem

import (
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// Problem is one mistake. Only What is required. No field may ever hold a
// secret value or the text of a third-party error that could quote one.
type Problem struct {
	File string // the file, as the user would name it
	Line int    // 1-based; 0 when unknown
	Path string // the field, for instance spec.storage.s3.bucket
	What string // what is wrong, lower case, no full stop
	Want string // what was expected
	Near string // the nearest valid name, when one is near
	Next string // the next command to run, or the next thing to do

	Column int    // 1-based, in characters; 0 when unknown
	Named  bool   // the last name of Path is wrong itself, not what stands under it
	Source string // the line, for a terminal: what may be shown of it
	Caret  int    // the character in Source that Column points to, 1-based; 0 for no Source
}

// Error renders the problem on one line, with a hint line below when there
// is a next step. Whatever it quotes is written as Shown writes it; only the
// line ends of Next are meant.
func (p Problem) Error() string { return p.line() + p.hint() }

// Excerpted is Error with the line that is meant, and a caret below its place.
func (p Problem) Excerpted() string { return p.line() + p.excerpt() + p.hint() }

func (p Problem) line() string {
	p.File = filepath.ToSlash(p.File) // on every system, as git does
	for _, field := range []*string{&p.File, &p.Path, &p.What, &p.Want} {
		*field = Shown(*field)
	}
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
			if p.Column > 0 {
				fmt.Fprintf(&b, ":%d", p.Column)
			}
		}
		b.WriteString(": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.What)
	if p.Want != "" {
		b.WriteString("; expected ")
		b.WriteString(p.Want)
	}
	if p.Near != "" {
		fmt.Fprintf(&b, "; did you mean %s?", Shown(strconv.Quote(p.Near))) // which escapes most
	}
	return b.String()
}

func (p Problem) hint() string {
	if p.Next == "" {
		return ""
	}
	return "\n  next: " + strings.ReplaceAll(Lines(p.Next), "\n", "\n        ")
}

// List is every problem found in one input. A nil or empty List is no error:
// use Err to turn one into an error.
type List []Problem

// Add appends a problem.
func (l *List) Add(p Problem) { *l = append(*l, p) }

// Addf appends a problem made of a path and a formatted text.
func (l *List) Addf(path, format string, args ...any) {
	l.Add(Problem{Path: path, What: fmt.Sprintf(format, args...)})
}

// Join appends what err holds: its problems when it is one or several, else
// one problem with its text. A nil err adds nothing.
func (l *List) Join(err error) {
	if err == nil {
		return
	}
	var many List
	var one Problem
	switch {
	case errors.As(err, &many):
		*l = append(*l, many...)
	case errors.As(err, &one):
		*l = append(*l, one)
	default:
		*l = append(*l, Problem{What: err.Error()})
	}
}

// Err returns the list as an error, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Sort orders by file, line, path and text, so that a report has one form.
func (l List) Sort() {
	sort.SliceStable(l, func(i, j int) bool {
		a, b := l[i], l[j]
		switch {
		case a.File != b.File:
			return a.File < b.File
		case a.Line != b.Line:
			return a.Line < b.Line
		case a.Column != b.Column:
			return a.Column < b.Column
		case a.Path != b.Path:
			return a.Path < b.Path
		}
		return a.What < b.What
	})
}

// Error lists every problem, one a line, each once. A next step that several
// in a row share stands behind the last of them.
func (l List) Error() string { return l.text(Problem.Error) }

// Excerpted is Error with the lines that are meant.
func (l List) Excerpted() string { return l.text(Problem.Excerpted) }

func (l List) text(write func(Problem) string) string {
	seen := map[Problem]bool{}
	var once List
	for _, p := range l {
		if !seen[p] {
			seen[p] = true
			once = append(once, p)
		}
	}
	lines := make([]string, len(once))
	for i, p := range once {
		if i+1 < len(once) && once[i+1].Next == p.Next {
			p.Next = ""
		}
		lines[i] = write(p)
	}
	return strings.Join(lines, "\n")
}
