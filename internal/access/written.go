package access

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"time"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/terminal"
)

// Written is a report in a form.
func (w *Work) Written(r Report, form string) ([]byte, error) {
	switch form {
	case "json":
		return terminal.JSONText(r)
	case "csv":
		return r.csv()
	case "markdown":
		return []byte(r.markdown()), nil
	case "html":
		return r.page()
	}
	return []byte(r.table(w.Tell.Painter())), nil
}

// section is a part of a report as rows of texts.
type section struct {
	title, none string
	heads       []string
	rows        [][]string
}

// said is what a status says in a word.
func (s Status) said() string {
	switch s {
	case None:
		return "-"
	case Some:
		return "some files"
	case Next:
		return "not yet"
	case Still:
		return "still"
	}
	return string(s)
}

// label is a recipient for people: its name, and enough of the key to know it by.
func (r Reader) label() string {
	if r.Name == "" {
		return short(r.Key)
	}
	return r.Name + " (" + short(r.Key) + ")"
}

// short is the end of a recipient, whose beginning says the least.
func short(key string) string {
	const begin, end = 4, 8
	if len(key) <= begin+end+3 {
		return key
	}
	return strings.ToValidUTF8(key[:begin]+"..."+key[len(key)-end:], "?")
}

// sections are the report as tables.
func (r *Report) sections() []section {
	who := section{"Who can open files", "nobody", []string{"ENVIRONMENT", "RECIPIENT", "CREDENTIALS", "SEALED"}, nil}
	users := section{"Users and their passwords", "no user", []string{"ENVIRONMENT", "REGISTRY", "USER", "PASSWORD", "AGE", "MAX AGE", "PULL SECRETS"}, nil}
	pulls := section{"Pull secrets", "no pull secret", []string{"NAMESPACE", "PULL SECRET", "USER", "REGISTRY", "ENVIRONMENT"}, nil}
	keys := section{"Data keys", "no encrypted file", []string{"FILE", "DATA KEY", "MAX AGE", "LAST WRITTEN"}, nil}
	others := section{"Other credentials", "no other credential", []string{"ENVIRONMENT", "CREDENTIAL", "TYPE", "AGE", "MAX AGE"}, nil}
	label := r.labels()
	for _, e := range r.Environments {
		for _, x := range e.Readers {
			who.rows = append(who.rows, []string{e.Environment, label(x.Key), x.Credentials.said(), x.Sealed.said()})
		}
		for _, t := range [][2]string{{"credentials", e.Together.Credentials}, {"sealed", e.Together.Sealed}} {
			if t[1] != "" {
				who.rows = append(who.rows, []string{e.Environment, t[0] + " together: " + t[1], "", ""})
			}
		}
		for _, u := range e.Users {
			users.rows = append(users.rows, []string{e.Environment, e.Host, u.User, u.Password, u.Age.said(), u.Age.judged(), strings.Join(u.PullSecrets, ", ")})
		}
		for _, c := range e.Credentials {
			others.rows = append(others.rows, []string{e.Environment, c.Name, c.Type, c.Age.said(), c.Age.judged()})
		}
		for _, p := range e.PullSecrets {
			for _, ns := range p.Namespaces {
				pulls.rows = append(pulls.rows, []string{ns, p.Name, p.User, p.Server, e.Environment})
			}
		}
		for _, f := range e.Files {
			keys.rows = append(keys.rows, []string{f.File, f.DataKey.said(), f.DataKey.judged(), f.written()})
		}
	}
	out := []section{who, users, others, pulls, keys}
	if r.From != "" {
		changed := section{"Since " + r.From, "nobody came and nobody went", []string{"ENVIRONMENT", "WHAT", "+/-", "WHO"}, nil}
		for _, l := range r.changeLines() {
			changed.rows = append(changed.rows, []string{l.Environment, l.What, l.sign(), l.Who})
		}
		out = append([]section{changed}, out...)
	}
	if len(r.Unread) > 0 {
		lost := section{"Could not be read, so that something is missing here", "", []string{"WHAT"}, nil}
		for _, u := range r.Unread {
			lost.rows = append(lost.rows, []string{u})
		}
		out = append([]section{lost}, out...)
	}
	return out
}

func (f File) written() string {
	if f.Written == nil {
		return "it doesn't say"
	}
	return f.Written.Format(time.DateOnly)
}

// table is the report for a terminal.
func (r *Report) table(paint terminal.Painter) string {
	var b strings.Builder
	for i, s := range r.sections() {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(paint.Paint(problem.Shown(s.title), terminal.Bold) + "\n\n")
		if len(s.rows) == 0 {
			b.WriteString(s.none + "\n")
			continue
		}
		rows := append([][]string{s.heads}, s.rows...)
		shown := make([][]string, len(rows))
		for j, row := range rows {
			for _, cell := range row {
				if cell == "" {
					cell = "-"
				}
				shown[j] = append(shown[j], problem.Shown(cell))
			}
		}
		b.WriteString(paint.Columns(shown, func(row, column int) terminal.Attribute { return s.look(rows[row][column], column) }))
	}
	fmt.Fprintf(&b, "\n%s\n", AgesMean)
	return b.String()
}

// look is that of a cell whose words say that something is wrong or moves.
func (s section) look(cell string, column int) terminal.Attribute {
	switch s.heads[column] {
	case "CREDENTIALS", "SEALED":
		return statusLooks[cell]
	case "MAX AGE":
		verdict, _, _ := strings.Cut(cell, " (")
		return verdictLooks[verdict]
	case "+/-":
		return signLooks[cell]
	}
	return terminal.Plain
}

var (
	statusLooks  = map[string]terminal.Attribute{Still.said(): terminal.Red, Some.said(): terminal.Yellow, Next.said(): terminal.Yellow}
	verdictLooks = map[string]terminal.Attribute{"overdue": terminal.Red, "unsure": terminal.Yellow, "replaced": terminal.Yellow}
	signLooks    = map[string]terminal.Attribute{"+": terminal.Green, "-": terminal.Red}
)

// markdown is the report for a page or a pull request.
func (r *Report) markdown() string {
	var b strings.Builder
	for i, s := range r.sections() {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(plainly(s.title) + "\n" + strings.Repeat("-", len(plainly(s.title))) + "\n\n") // "##" is a command to some CIs
		if len(s.rows) == 0 {
			b.WriteString(s.none + "\n")
			continue
		}
		for j, row := range append([][]string{s.heads}, s.rows...) {
			for _, cell := range row {
				b.WriteString("| " + plainly(cell) + " ")
			}
			b.WriteString("|\n")
			if j == 0 {
				b.WriteString(strings.Repeat("|---", len(s.heads)) + "|\n")
			}
		}
	}
	return b.String() + "\n" + AgesMean + "\n"
}

// plainly writes a text so that it is nothing but text in Markdown: everything
// that could mean something there is a reference to its character.
func plainly(text string) string {
	var b strings.Builder
	for _, c := range problem.Shown(text) {
		if strings.ContainsRune("\\`*_{}[]<>()#|!@~&:$^", c) {
			fmt.Fprintf(&b, "&#%d;", c)
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// csv is the report as one list of facts, for a spreadsheet.
func (r *Report) csv() ([]byte, error) {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	write := func(cells ...string) {
		for i, c := range cells {
			cells[i] = inert(c)
		}
		_ = out.Write(cells) // into memory
	}
	write("kind", "environment", "registry", "name", "key", "detail", "status", "since", "days", "exact", "max days", "verdict")
	age := func(a Age) []string {
		cells := []string{"", "", "", "", a.verdict()}
		if a.Since != "" {
			copy(cells, []string{a.Since, fmt.Sprint(a.Days), map[bool]string{true: "yes", false: "no"}[a.Exact]})
		}
		if a.Limit > 0 {
			cells[3] = fmt.Sprint(a.Limit)
		}
		return cells
	}
	names := map[string]string{}
	for _, reader := range r.Readers {
		names[reader.Key] = reader.Name
	}
	for _, e := range r.Environments {
		for _, x := range e.Readers {
			for _, s := range []struct {
				files string
				Status
			}{{"credentials", x.Credentials}, {"sealed", x.Sealed}} {
				if s.Status != None {
					write("reader", e.Environment, e.Host, names[x.Key], x.Key, s.files, string(s.Status), "", "", "", "", "")
				}
			}
		}
		for _, u := range e.Users {
			write(append([]string{"user", e.Environment, e.Host, u.User, "", strings.Join(u.PullSecrets, " "), u.Password}, age(u.Age)...)...)
		}
		for _, c := range e.Credentials {
			write(append([]string{"credential", e.Environment, e.Host, c.Name, "", c.Type, ""}, age(c.Age)...)...)
		}
		for _, p := range e.PullSecrets {
			for _, ns := range p.Namespaces {
				write("pull secret", e.Environment, p.Server, p.Name, "", ns, p.User, "", "", "", "", "")
			}
		}
		for _, f := range e.Files {
			write(append([]string{"data key", e.Environment, e.Host, f.File, "", f.Kind, ""}, age(f.DataKey)...)...)
		}
	}
	for _, l := range r.changeLines() {
		write("change", l.Environment, "", l.Who, "", l.What, map[string]string{"+": "added", "-": "removed"}[l.sign()], "", "", "", "", "")
	}
	for _, u := range r.Unread {
		write("unread", "", "", u, "", "", "", "", "", "", "", "")
	}
	out.Flush()
	return b.Bytes(), out.Error()
}

// inert is a cell that no spreadsheet takes for a formula, in any script's width.
func inert(cell string) string {
	cell = problem.Shown(cell)
	if bare := []rune(strings.TrimSpace(cell)); len(bare) > 0 && strings.ContainsRune("=+-@\uff1d\uff0b\uff0d\uff20", bare[0]) {
		return "'" + cell
	}
	return cell
}
