package access

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/release"
	"github.com/reggen/reggen/internal/sarif"
	"github.com/reggen/reggen/internal/terminal"
)

var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageCSS string
	//go:embed page/page.js
	pageJS string
)

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// policy lets the page use its own style and script, known by their hashes, and
// nothing else: it loads nothing, sends nothing, and what got into it as text by a
// mistake of ours would not run.
func policy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(pageCSS) + "; script-src " + hash(pageJS) + "; img-src data:; base-uri 'none'; form-action 'none'"
}

// page is the report as one HTML page. Every text in it that comes from the
// repository went through problem.Shown; the template escapes it.
func (r *Report) page() ([]byte, error) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, r.view()); err != nil {
		return nil, problem.Problem{What: "the page can't be written"} // can't be: its data is ours
	}
	return b.Bytes(), nil
}

// The page's parts, as the template takes them.
type (
	view struct {
		Policy, Version, Lead, Made, Source, From, AgesMean, About, Found, Summary string
		CSS                                                                        template.CSS
		JS                                                                         template.JS
		Unread                                                                     []string
		Changes                                                                    []viewChange
		People                                                                     []viewPerson
		Columns                                                                    []viewColumn
		Rows                                                                       []viewRow
		Users                                                                      []viewUser
		Pulls                                                                      []viewPull
		Keys                                                                       []viewKey
		Findings                                                                   []viewFinding
	}
	viewChange struct {
		What, Who, Word, Class string
		Where                  places
	}
	viewPerson struct {
		Name, Key           string
		Credentials, Sealed places
	}
	viewColumn struct{ Label, Key string }
	viewRow    struct {
		Environment, Host, Others, More string
		Together                        []string
		Cells                           []viewCell
	}
	viewCell struct{ Mark, Class, Title string }
	viewUser struct {
		Environment, User, Note, Pulls string
		Age                            viewAge
	}
	viewPull struct{ Namespace, Name, User, Server, Environment string }
	viewKey  struct {
		File, Written string
		Age           viewAge
	}
	viewFinding struct {
		Rule, Severity, Link, Message, Next string
		Where                               places
	}
	viewAge struct {
		Known            bool
		Level            int
		Words, Day, From string
	}
	// places are where something is: many are folded.
	places struct {
		All   []string
		Many  bool
		Count string
	}
)

const mostPlaces = 4

func placesOf(all []string, what string) places {
	return places{all, len(all) > mostPlaces, fmt.Sprintf("%d %s", len(all), what)}
}

func (a Age) view() viewAge {
	if !a.Known() {
		return viewAge{}
	}
	level := 1
	for _, d := range []int{30, 90, 365, 730} {
		if a.Days >= d {
			level++
		}
	}
	return viewAge{true, level, days(a.Days) + " or more", a.Since.Format(time.DateOnly), map[string]string{"git": "by git", "file": "by the file"}[a.From]}
}

func (r *Report) view() view {
	shown := problem.Shown
	v := view{Policy: policy(), CSS: template.CSS(pageCSS), JS: template.JS(pageJS), Version: shown(release.Version()), Made: r.Made.Format("2006-01-02 15:04 UTC"),
		Source: "the files and git's history of them", From: shown(r.From), AgesMean: AgesMean, About: r.about(), Unread: r.Unread, Found: "-"}
	if r.History != "git" {
		v.Source = "the files"
	}
	r.viewChanges(&v)
	people := r.viewPeople(&v)
	for _, e := range r.Environments {
		for _, u := range e.Users {
			note := ""
			if u.Password != "known" {
				note = "known by its hash alone"
			}
			v.Users = append(v.Users, viewUser{shown(e.Environment), shown(u.User), note, shown(strings.Join(u.PullSecrets, ", ")), u.Age.view()})
		}
		for _, p := range e.PullSecrets {
			for _, ns := range p.Namespaces {
				v.Pulls = append(v.Pulls, viewPull{shown(ns), shown(p.Name), shown(p.User), shown(p.Server), shown(e.Environment)})
			}
		}
		for _, f := range e.Files {
			v.Keys = append(v.Keys, viewKey{shown(f.File), f.written(), f.DataKey.view()})
		}
	}
	slices.SortStableFunc(v.Pulls, func(a, b viewPull) int { return strings.Compare(a.Namespace, b.Namespace) })
	v.Lead = fmt.Sprintf("%d environment%s, %d recipient%s of whom %d can open credentials, %d user%s.", len(r.Environments), terminal.Plural(len(r.Environments)),
		len(r.Readers), terminal.Plural(len(r.Readers)), people, len(v.Users), terminal.Plural(len(v.Users)))
	r.viewFindings(&v)
	return v
}

// viewChanges tells the same change in several environments once.
func (r *Report) viewChanges(v *view) {
	at, where := map[changeLine]int{}, [][]string{}
	for _, l := range r.changeLines() {
		in := problem.Shown(l.Environment)
		if l.Environment = ""; l.What == "environment" {
			in = ""
		}
		i, known := at[l]
		if !known {
			i = len(v.Changes)
			at[l] = i
			class := map[string]string{"+": "plus", "-": "minus"}[l.sign()]
			v.Changes = append(v.Changes, viewChange{What: l.What, Who: problem.Shown(l.Who), Word: map[string]string{"+": "added", "-": "removed"}[l.sign()], Class: class})
			where = append(where, nil)
		}
		if in != "" {
			where[i] = append(where[i], in)
		}
	}
	var out []viewChange
	for i, c := range v.Changes {
		j := slices.IndexFunc(out, func(o viewChange) bool {
			return o.What == "opens credentials" && c.What == "opens sealed files" && o.Who == c.Who && o.Word == c.Word && slices.Equal(o.Where.All, where[i])
		})
		if j >= 0 {
			out[j].What = "opens credentials and sealed files"
			continue
		}
		c.Where = placesOf(where[i], "environments")
		out = append(out, c)
	}
	v.Changes = out
}

// viewPeople makes the list of recipients and the matrix, which has a column for
// whoever opens the credentials of an environment, or something of several. It
// returns how many open credentials.
func (r *Report) viewPeople(v *view) (openers int) {
	type where struct {
		credentials, sealed []string
		opens               bool
		environments        int
	}
	by := map[string]*where{}
	for _, e := range r.Environments {
		for _, x := range e.Readers {
			if by[x.Key] == nil {
				by[x.Key] = &where{}
			}
			w, dir := by[x.Key], problem.Shown(e.Environment)
			w.environments++
			if x.Credentials != None {
				w.opens = true
				w.credentials = append(w.credentials, dir+x.Credentials.aside())
			}
			if x.Sealed != None {
				w.sealed = append(w.sealed, dir+x.Sealed.aside())
			}
		}
	}
	twice := map[string]int{}
	for _, p := range r.Readers {
		twice[p.Name]++
	}
	column := map[string]int{}
	for _, p := range r.Readers {
		w := by[p.Key]
		v.People = append(v.People, viewPerson{problem.Shown(p.Name), problem.Shown(p.Key), placesOf(w.credentials, "environments"), placesOf(w.sealed, "environments")})
		if w.opens {
			openers++
		}
		if w.opens || w.environments > 1 {
			label := p.Name
			if label == "" || twice[label] > 1 {
				label = p.label()
			}
			column[p.Key] = len(v.Columns)
			v.Columns = append(v.Columns, viewColumn{problem.Shown(label), problem.Shown(p.Key)})
		}
	}
	labels := map[string]string{}
	for _, p := range r.Readers {
		labels[p.Key] = problem.Shown(p.label())
	}
	for _, e := range r.Environments {
		row := viewRow{Environment: problem.Shown(e.Environment), Host: problem.Shown(e.Host), Cells: make([]viewCell, len(v.Columns))}
		var others, users []string
		for _, x := range e.Readers {
			if i, is := column[x.Key]; is {
				row.Cells[i] = x.cell()
			} else {
				others = append(others, labels[x.Key]+x.Sealed.aside())
			}
		}
		for _, u := range e.Users {
			users = append(users, problem.Shown(u.User))
		}
		if t := e.Together.Credentials; t != "" {
			row.Together = append(row.Together, problem.Shown("credentials together: "+t))
		}
		if t := e.Together.Sealed; t != "" {
			row.Together = append(row.Together, problem.Shown("sealed files together: "+t))
		}
		row.Others, row.More = strings.Join(others, ", "), strings.Join(append(users, problem.Shown(e.Name)), " ")
		v.Rows = append(v.Rows, row)
	}
	return openers
}

// aside is a status that is not as it should be, in brackets.
func (s Status) aside() string {
	if s == None || s == Reads {
		return ""
	}
	return " (" + s.said() + ")"
}

func (x Reading) cell() viewCell {
	c := viewCell{Mark: "C", Class: "c"}
	if x.Credentials == None {
		c = viewCell{Mark: "S", Class: "s"}
	}
	if x.Credentials.aside()+x.Sealed.aside() != "" {
		c.Mark, c.Class = c.Mark+"*", "w"
		c.Title = "credentials: " + x.Credentials.said() + ", sealed files: " + x.Sealed.said()
	}
	return c
}

// viewFindings tells what was found in several places alike once, the worst first.
func (r *Report) viewFindings(v *view) {
	if r.Check == nil {
		v.Summary = "It was not run."
		return
	}
	c := r.Check
	v.Found = fmt.Sprint(c.Error + c.Warning + c.Info)
	v.Summary = fmt.Sprintf("%d error%s, %d warning%s and %d note%s, without a key: what only a key can prove was not looked at.", c.Error, terminal.Plural(c.Error), c.Warning, terminal.Plural(c.Warning), c.Info, terminal.Plural(c.Info))
	if c.Silenced > 0 {
		v.Summary += fmt.Sprintf(" %d silenced in the spec.", c.Silenced)
	}
	at, where := map[viewFindingKey]int{}, [][]string{}
	for _, f := range c.Findings {
		message := problem.Problem{Path: f.Path, What: f.Message, Want: f.Expected, Near: f.Near}
		if f.Object != "" {
			message.What = f.Object + ": " + f.Message
		}
		key := viewFindingKey{f.Rule, f.Severity, message.Error()}
		if f.Silenced != "" {
			key.severity, key.message = "silenced", key.message+" (silenced: "+f.Silenced+")"
		}
		i, known := at[key]
		if !known {
			i = len(v.Findings)
			at[key] = i
			v.Findings = append(v.Findings, viewFinding{Rule: problem.Shown(f.Rule), Severity: key.severity, Link: sarif.Docs + "reference/rules.md#" + f.Rule, Message: problem.Shown(key.message), Next: problem.Shown(f.Next)})
			where = append(where, nil)
		}
		place := f.File
		if place == "" {
			place = f.Environment
		}
		if place = problem.Shown(place); place != "" && !slices.Contains(where[i], place) {
			where[i] = append(where[i], place)
		}
	}
	for i := range v.Findings {
		if v.Findings[i].Where = placesOf(where[i], "places"); len(where[i]) > 1 {
			v.Findings[i].Next = ""
		}
	}
	worst := func(f viewFinding) int {
		if i := slices.Index(check.Severities, check.Severity(f.Severity)); i >= 0 {
			return i
		}
		return len(check.Severities)
	}
	slices.SortStableFunc(v.Findings, func(a, b viewFinding) int { return worst(a) - worst(b) })
}

type viewFindingKey struct{ rule, severity, message string }
