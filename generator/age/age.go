// Package age says how old secrets are, as far as the public side of files tells
// without a key, and which are older than a spec has them.
//
// The day on which a value was set stands in its file, readable. Files of an
// older reggen, or of another program, have none: then all that is known is that
// the value was there when the file was encrypted.
package age

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/syntax"
)

// Kind says what is old.
type Kind string

// The kinds.
const (
	Password    Kind = "password"    // a user's
	Values      Kind = "values"      // those of any other credential that a person sets
	DataKey     Kind = "data key"    // of a credential or a sealed file
	Certificate Kind = "certificate" // or what else a chart's templates made once
)

// Secret is one, and since when it is there.
type Secret struct {
	Kind Kind
	File string
	Path string // of the field that it is about, in the file
	Name string // the user; the credential, the Secret; where a template made it

	Made time.Time // the day; zero: nothing says it
	On   time.Time // when the file was encrypted: it was there then; zero: not known either
}

// Since is the day since when it is there: exactly where one is noted, at least
// otherwise; zero where nothing says one.
func (s Secret) Since() time.Time {
	if !s.Made.IsZero() {
		return s.Made
	}
	return day(s.On)
}

// Days is how many days old it is. Where exact is false it is at least that.
func (s Secret) Days(now time.Time) (days int, exact bool) {
	from := s.Since()
	if from.IsZero() {
		return 0, false
	}
	return max(0, int(day(now).Sub(from)/(24*time.Hour))), !s.Made.IsZero()
}

func day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(24 * time.Hour)
}

// Of are the secrets of an environment, by its credentials and its sealed files.
func Of(credentials []credential.Public, files []sealed.File) []Secret {
	var out []Secret
	add := func(s Secret, text string) {
		// A day behind that of the file says nothing: it was written by hand.
		if made, err := time.Parse(time.DateOnly, text); err == nil && !made.After(s.On) {
			s.Made = made
		}
		out = append(out, s)
	}
	for _, p := range credentials {
		base := Secret{File: p.File, Name: p.Name, On: p.On}
		s := base
		switch s.Kind, s.Path = Values, "stringData"; p.Type {
		case credential.User:
			s.Kind, s.Name, s.Path = Password, p.User, "stringData.password"
			if !p.Has(credential.Password) {
				s.Path = "stringData.hash"
			}
			fallthrough
		default:
			add(s, p.Notes[spec.SetOn])
		case credential.Machine:
			since := Since(p.Notes[spec.KeptSince])
			for ref, k := range p.Kept() {
				s := base
				s.Kind, s.Name, s.Path = Certificate, strings.TrimPrefix(string(ref), "draw/"), "stringData."+k.Field
				add(s, since[s.Name])
			}
		}
		base.Kind, base.Path = DataKey, "sops"
		add(base, p.Notes[spec.DataKeyMade])
	}
	for _, f := range files {
		on, _ := f.SOPS["lastmodified"].(string)
		s := Secret{Kind: DataKey, File: f.Path, Path: "sops", Name: f.Name}
		s.On, _ = time.Parse(time.RFC3339, on)
		add(s, f.Made)
	}
	slices.SortStableFunc(out, func(a, b Secret) int {
		return strings.Compare(a.File+"\x00"+a.Path, b.File+"\x00"+b.Path)
	})
	return out
}

// Since reads spec.KeptSince: address -> day.
func Since(text string) map[string]string {
	out := map[string]string{}
	for entry := range strings.SplitSeq(text, ",") {
		if address, on, found := strings.Cut(entry, "="); found {
			out[address] = on
		}
	}
	return out
}

// Limit is the greatest age that a spec gives secrets of a kind, in days, and
// the field that says so; 0 for any.
func Limit(d spec.Decoded, k Kind) (days int, field string) {
	m := d.Secrets.MaxAge
	switch {
	case k == Password:
		return syntax.DaysOf(d.Auth().MaxAge), "spec.auth.maxAge"
	case k == DataKey && m != nil:
		return syntax.DaysOf(m.DataKeys), "spec.secrets.maxAge.dataKeys"
	case k == Certificate && m != nil:
		return syntax.DaysOf(m.Certificates), "spec.secrets.maxAge.certificates"
	}
	return 0, ""
}

// Overdue says in words that a secret is older than the spec has it, "" where it
// is not or nobody can know. unsure says in words that nobody can, "" otherwise.
func Overdue(d spec.Decoded, s Secret, now time.Time) (overdue, unsure string) {
	most, field := Limit(d, s.Kind)
	if most == 0 {
		return "", ""
	}
	switch days, exact := s.Days(now); {
	case days > most && exact:
		return fmt.Sprintf("is %d days old, and %s is %dd", days, field, most), ""
	case days > most:
		return fmt.Sprintf("is at least %d days old, and %s is %dd", days, field, most), ""
	case !exact && s.On.IsZero():
		return "", "nothing says how old it is"
	case !exact:
		return "", "nothing says how old it is: at least " + fmt.Sprint(days) + " days, since its file was encrypted on " + s.On.UTC().Format(time.DateOnly)
	}
	return "", ""
}
