package access

import (
	"fmt"
	"time"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/age"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/inspect"
	"github.com/reggen/reggen/internal/repository"
)

// Age is how old a secret is, by the public side of its file, and what its spec
// says to that. Both are package age's to say, as in reggen check: a secret has one
// age, whoever tells it.
type Age struct {
	Since   string `json:"since,omitempty"`   // the day; "": nothing says one
	Days    int    `json:"days"`              // since then
	Exact   bool   `json:"exact"`             // false: at least so old, for nothing notes the day
	Limit   int    `json:"limit,omitempty"`   // the greatest age that the spec allows, in days; 0: any
	Overdue string `json:"overdue,omitempty"` // in words that it is older than that
	Unsure  string `json:"unsure,omitempty"`  // in words that nobody can know whether it is

	Replaced string `json:"replaced,omitempty"` // in words that it is older than that, and that another took the place so lately that both have to work
}

// AgesMean is said wherever ages are.
const AgesMean = "The day on which a value was set is the one that its file notes, as reggen check has it. Where it notes none, the value is at least as old as its file."

func ageOf(d spec.Decoded, s age.Secret, now time.Time) Age {
	a := Age{}
	if since := s.Since(); !since.IsZero() {
		a.Since = since.Format(time.DateOnly)
	}
	a.Days, a.Exact = s.Days(now)
	a.Limit, _ = age.Limit(d, s.Kind)
	a.Overdue, a.Unsure = age.Overdue(d, s, now)
	return a
}

// ages gives each secret of an environment its age, and lists what a chart made
// once among the credentials.
func (c *collection) ages(e repository.Environment, at int, credentials, sealed []generator.File) {
	type secret struct {
		kind age.Kind
		file string
	}
	env, known := &c.all[at], map[secret]Age{}
	for _, s := range inspect.Ages(credentials, sealed) {
		a := ageOf(e.Spec, s, c.now)
		if s.Kind == age.DataKey && !e.Spec.Seals() {
			a.Limit, a.Overdue, a.Unsure = 0, "", "" // they are another's
		}
		if known[secret{s.Kind, s.File}] = a; s.Kind == age.Certificate {
			env.Credentials = append(env.Credentials, Credential{Name: s.Name, Type: "made by the chart", File: s.File, Age: a})
		}
	}
	var replaced map[string]string
	if c.replaced != nil {
		replaced = c.replaced(e, c.now)
	}
	for i, u := range env.Users {
		a := known[secret{age.Password, u.File}]
		if why := replaced[u.User]; why != "" && a.Overdue != "" {
			a.Overdue, a.Replaced = "", a.Overdue+"; "+why
		}
		env.Users[i].Age = a
	}
	for i, x := range env.Credentials {
		if a, is := known[secret{age.Values, x.File}]; is {
			env.Credentials[i].Age = a
		}
	}
	for i, f := range env.Files {
		env.Files[i].DataKey = known[secret{age.DataKey, f.File}]
	}
}

// said is an age in words.
func (a Age) said() string {
	switch {
	case a.Since == "":
		return "not known"
	case a.Exact:
		return days(a.Days) + " (" + a.Since + ")"
	}
	return "at least " + days(a.Days) + " (" + a.Since + ")"
}

// verdict is what the spec says to an age, in a word; "" where it says nothing.
func (a Age) verdict() string {
	switch {
	case a.Overdue != "":
		return "overdue"
	case a.Replaced != "":
		return "replaced"
	case a.Unsure != "":
		return "unsure"
	case a.Limit > 0:
		return "in time"
	}
	return ""
}

// judged is the verdict with what it goes by.
func (a Age) judged() string {
	if v := a.verdict(); v != "" {
		return fmt.Sprintf("%s (%s)", v, days(a.Limit))
	}
	return ""
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
