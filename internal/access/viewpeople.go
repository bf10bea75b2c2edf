package access

import (
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

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
		person := viewPerson{problem.Shown(p.Name), problem.Shown(p.Key), placesOf(w.credentials, "environments"), placesOf(w.sealed, "environments")}
		if w.opens {
			openers++
		}
		if !w.opens && w.environments == 1 {
			v.Clusters = append(v.Clusters, person)
		} else {
			v.People = append(v.People, person)
			label := p.Name
			if label == "" || twice[label] > 1 {
				label = p.label()
			}
			column[p.Key] = len(v.Columns)
			v.Columns = append(v.Columns, viewColumn{problem.Shown(label), problem.Shown(p.Key)})
		}
	}
	n := 0
	for _, p := range v.People {
		n += len(p.Credentials.All) + len(p.Sealed.All)
	}
	v.LongPeople, v.OpenClusters = n > mostPaper, len(v.Clusters) <= mostClusters
	label := r.labels()
	for _, e := range r.Environments {
		row := viewRow{Environment: problem.Shown(e.Environment), Host: problem.Shown(e.Host), Cells: make([]viewCell, len(v.Columns))}
		var others, users []string
		for _, x := range e.Readers {
			if i, is := column[x.Key]; is {
				row.Cells[i] = x.cell()
			} else {
				others = append(others, problem.Shown(label(x.Key))+x.Sealed.aside())
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

// cell is a recipient's place in an environment: what it opens, and in a word
// where that is not as the rule says.
func (x Reading) cell() viewCell {
	c := viewCell{Mark: "C", Class: "c"}
	if x.Credentials == None {
		c = viewCell{Mark: "S", Class: "s"}
	}
	credentials, sealed := x.Credentials.aside(), x.Sealed.aside()
	switch {
	case credentials+sealed == "":
		return c
	case x.Credentials == None || sealed == credentials:
		c.Aside = x.Sealed.said()
	case sealed == "":
		c.Aside = x.Credentials.said()
	case credentials == "":
		c.Aside = "sealed " + x.Sealed.said()
	default:
		c.Aside = x.Credentials.said() + ", sealed " + x.Sealed.said()
	}
	c.Class = "w"
	return c
}
