package access

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/release"
	"github.com/reggen/reggen/internal/terminal"
)

const (
	mostPlaces   = 4   // are shown; more are folded
	mostClusters = 12  // likewise
	mostPaper    = 150 // of what is folded are printed one by one
)

func placesOf(all []string, what string) places {
	return places{all, len(all) > mostPlaces, fmt.Sprintf("%d %s", len(all), what)}
}

func (a Age) view() viewAge {
	v := viewAge{Words: "not known", Class: map[string]string{"overdue": "error", "unsure": "warning", "replaced": "warning"}[a.verdict()]}
	if a.Since != "" {
		v.Day = "since " + a.Since
		if v.Words = days(a.Days); !a.Exact {
			v.Words = "at least " + v.Words
		}
	}
	if a.Limit > 0 {
		v.Verdict = a.verdict() + ": limit " + days(a.Limit)
	}
	return v
}

func (r *Report) view() view {
	shown := problem.Shown
	v := view{Policy: policy(), CSS: template.CSS(pageCSS), JS: template.JS(pageJS), Version: shown(release.Version()), Title: "Who can read what, " + r.Made.Format(time.DateOnly),
		Made: r.made(), From: shown(r.From), AgesMean: AgesMean, Unread: r.Unread, Found: "-"}
	r.viewChanges(&v)
	openers := r.viewPeople(&v)
	for _, e := range r.Environments {
		for _, u := range e.Users {
			note := ""
			if u.Password != "known" {
				note = "known by its hash alone"
			}
			v.Users = append(v.Users, viewUser{shown(e.Environment), shown(e.Host), shown(u.User), note, shown(strings.Join(u.PullSecrets, ", ")), u.Age.view()})
		}
		for _, c := range e.Credentials {
			v.Others = append(v.Others, viewOther{shown(e.Environment), shown(c.Name), shown(c.Type), c.Age.view()})
		}
		for _, p := range e.PullSecrets {
			for _, ns := range p.Namespaces {
				v.Pulls = append(v.Pulls, viewPull{shown(ns), shown(p.Name), shown(p.User), shown(p.Server), shown(e.Environment)})
			}
		}
		r.viewKeys(&v, e)
	}
	slices.SortStableFunc(v.Pulls, func(a, b viewPull) int { return strings.Compare(a.Namespace, b.Namespace) })
	v.Lead = fmt.Sprintf("%s, %s of whom %d can open credentials, %s.", many(len(r.Environments), "environment"), many(len(r.Readers), "recipient"), openers, many(len(v.Users), "user"))
	r.viewFindings(&v)
	r.glance(&v)
	return v
}

func many(n int, what string) string { return fmt.Sprintf("%d %s%s", n, what, terminal.Plural(n)) }

// made says when, by what and from what the report was made.
func (r *Report) made() string {
	of := "of every environment in its folder"
	if !slices.Equal(r.Of, []string{"."}) {
		of = "of " + strings.Join(r.Of, ", ")
	}
	text := "Made " + r.Made.Format("2006-01-02 15:04 UTC") + " by reggen " + release.Version() + ", " + of + ", from the files as they were then"
	if r.Commit != "" {
		text += ", committed or not, on top of commit " + abbreviated(r.Commit)
	}
	if text += "."; r.From != "" {
		text += " Compared with " + r.From + ", commit " + abbreviated(r.FromCommit) + "."
	}
	return problem.Shown(text)
}

// abbreviated is a commit as git shows it to people.
func abbreviated(id string) string { return id[:min(len(id), 12)] }

// viewKeys tells the data keys of an environment in a row, the oldest first.
func (r *Report) viewKeys(v *view, e Environment) {
	if len(e.Files) == 0 {
		return
	}
	files := slices.Clone(e.Files)
	slices.SortStableFunc(files, func(a, b File) int {
		if d := cmp.Compare(len(b.DataKey.Overdue), len(a.DataKey.Overdue)); (a.DataKey.Overdue == "") != (b.DataKey.Overdue == "") {
			return d
		}
		return cmp.Compare(b.DataKey.Days, a.DataKey.Days)
	})
	row := viewKeys{Environment: problem.Shown(e.Environment), Oldest: files[0].DataKey.view(), Count: many(len(files), "file"), Many: len(files) > mostPlaces}
	overdue := 0
	for _, f := range files {
		row.Files = append(row.Files, viewKey{problem.Shown(f.File), f.written(), f.DataKey.view()})
		if f.DataKey.Overdue != "" {
			overdue++
		}
	}
	if overdue > 0 {
		row.Count += fmt.Sprintf(", %d overdue", overdue)
	}
	v.Keys = append(v.Keys, row)
	n := 0
	for _, k := range v.Keys {
		n += len(k.Files)
	}
	v.LongKeys = n > mostPaper
}

// glance is what an auditor looks at first.
func (r *Report) glance(v *view) {
	note := func(class, link, text string) { v.Glance = append(v.Glance, viewNote{class, text, link}) }
	if r.From != "" {
		switch n := len(v.Changes); n {
		case 0:
			note("good", "changed", "Nobody came and nobody went since "+v.From)
		default:
			note("warning", "changed", many(n, "change")+" since "+v.From+" in who reads what")
		}
	}
	if c := r.Check; c != nil {
		class := "good"
		if c.Error > 0 {
			class = "error"
		} else if c.Warning > 0 {
			class = "warning"
		}
		note(class, "findings", "check found "+r.Check.counted())
	}
	still, unsealed := 0, 0
	var overdue, replaced, limits [2]int // of passwords and of data keys
	made := 0                            // of other credentials, and what a chart made
	for _, e := range r.Environments {
		for _, x := range e.Readers {
			if x.Credentials == Still || x.Sealed == Still {
				still++
			}
			if x.Credentials == Next || x.Sealed == Next {
				unsealed++
			}
		}
		count := func(i int, a Age) {
			if a.Limit > 0 {
				limits[i]++
			}
			if a.Overdue != "" {
				overdue[i]++
			}
			if a.Replaced != "" {
				replaced[i]++
			}
		}
		for _, u := range e.Users {
			count(0, u.Age)
		}
		for _, f := range e.Files {
			count(1, f.DataKey)
		}
		for _, x := range e.Credentials {
			if x.Age.Overdue != "" {
				made++
			}
		}
	}
	if still > 0 {
		note("error", "matrix", "In "+many(still, "place")+" a key opens files still that no rule names")
	}
	if unsealed > 0 {
		note("warning", "matrix", "In "+many(unsealed, "place")+" a rule names a key for which no file is encrypted yet")
	}
	for i, x := range []struct{ what, link string }{{"password", "users"}, {"data key", "keys"}} {
		switch all := [2]int{len(v.Users), files(v.Keys)}[i]; {
		case all == 0:
		case limits[i] == 0:
			note("", x.link, "No "+x.what+" has a limit: no spec says how old one may become")
		case overdue[i] > 0:
			note("error", x.link, fmt.Sprintf("%s overdue, of %d with a limit", many(overdue[i], x.what), limits[i]))
		default:
			words := "No " + x.what + " is overdue, as far as files tell, of " + fmt.Sprint(limits[i]) + " with a limit"
			if replaced[i] > 0 {
				words += fmt.Sprintf(", %d replaced", replaced[i])
			}
			note("good", x.link, words)
		}
	}
	if made > 0 {
		note("error", "others", many(made, "other credential")+" overdue")
	}
	unnamed := 0
	for _, p := range v.People {
		if p.Name == "" {
			unnamed++
		}
	}
	if unnamed > 0 {
		note("warning", "people", many(unnamed, "recipient")+" of more than one cluster's files without a name in .sops.yaml")
	}
}

func files(keys []viewKeys) (n int) {
	for _, k := range keys {
		n += len(k.Files)
	}
	return n
}

// viewChanges tells the same change in several environments once.
func (r *Report) viewChanges(v *view) {
	at, where, label := map[changeLine]int{}, [][]string{}, r.labels()
	for _, l := range r.changeLines() {
		c := viewChange{What: l.What, Who: problem.Shown(l.Who), Word: map[string]string{"+": "added", "-": "removed"}[l.sign()], Class: map[string]string{"+": "plus", "-": "minus"}[l.sign()]}
		in := problem.Shown(l.Environment)
		if l.whole != nil {
			words, who := l.whole.whole(label)
			for i := range who {
				who[i] = problem.Shown(who[i])
			}
			if c.Who, c.What = in, "environment"; len(who) > mostPlaces {
				c.Where = placesOf(who, "readers")
			} else {
				c.Where = places{All: []string{problem.Shown(words)}}
			}
			v.Changes, where = append(v.Changes, c), append(where, nil)
			continue
		}
		l.Environment = ""
		i, known := at[l]
		if !known {
			i = len(v.Changes)
			at[l] = i
			v.Changes, where = append(v.Changes, c), append(where, nil)
		}
		where[i] = append(where[i], in)
	}
	var out []viewChange
	for i, c := range v.Changes {
		j := slices.IndexFunc(out, func(o viewChange) bool {
			rest, is := strings.CutPrefix(o.What, "opens credentials")
			return is && c.What == "opens sealed files"+rest && o.Who == c.Who && o.Word == c.Word && slices.Equal(o.Where.All, where[i])
		})
		if j >= 0 {
			out[j].What = "opens credentials and " + strings.TrimPrefix(c.What, "opens ")
			continue
		}
		if where[i] != nil {
			c.Where = placesOf(where[i], "environments")
		}
		out = append(out, c)
	}
	v.Changes = out
}
