package chart

import (
	"crypto/sha1" // what templates call sha1sum
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/reggen/reggen/generator/secret"
)

// mask knows the secrets of a render by their texts.
type mask []masked

type masked struct {
	text string
	ref  secret.Ref
}

func (m *mask) add(text string, ref secret.Ref) {
	if text == "" || slices.Contains(*m, masked{text, ref}) {
		return
	}
	*m = append(*m, masked{text, ref})
	slices.SortStableFunc(*m, func(a, b masked) int {
		if n := len(b.text) - len(a.text); n != 0 {
			return n
		}
		return strings.Compare(string(a.ref), string(b.ref))
	})
}

// short is how long a secret is that is only looked for as a whole: fewer
// letters stand in other texts by chance.
const short = 8

// name writes the secrets in a text as their names.
func (m mask) name(text string) string {
	for _, e := range m {
		switch {
		case text == e.text:
			return "{{" + string(e.ref) + "}}"
		case len(e.text) >= short:
			text = strings.ReplaceAll(text, e.text, "{{"+string(e.ref)+"}}")
			encoded := base64.StdEncoding.EncodeToString([]byte(e.text))
			text = strings.ReplaceAll(text, encoded, "{{base64 "+string(e.ref)+"}}")
		}
	}
	return text
}

// in are the secrets in a text, as they are or in base64.
func (m mask) in(text string) []secret.Ref {
	var out []secret.Ref
	for _, e := range m {
		plain := strings.TrimSpace(e.text)
		if text == e.text || len(plain) >= short && (strings.Contains(text, plain) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(e.text)))) {
			out = append(out, e.ref)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sumOf(name, text string) string {
	switch name {
	case "sha1sum":
		sum := sha1.Sum([]byte(text))
		return hex.EncodeToString(sum[:])
	case "sha512sum":
		sum := sha512.Sum512([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// dates are sprig's functions that write a time, in UTC wherever they run, and
// without the clock where they are given no time.
func (f *functions) dates() template.FuncMap {
	in := func(name string, layout string, date any) (string, error) {
		var t time.Time
		switch d := date.(type) {
		case time.Time:
			t = d
		case *time.Time:
			t = *d
		case int64:
			t = time.Unix(d, 0)
		case int:
			t = time.Unix(int64(d), 0)
		case int32:
			t = time.Unix(int64(d), 0)
		default: // sprig takes the clock
			f.refused = name
			return "", errRefused
		}
		return t.UTC().Format(layout), nil
	}
	zoned := func(name string) func(string, any, string) (string, error) {
		return func(layout string, date any, zone string) (string, error) {
			if zone != "UTC" && zone != "" && zone != "GMT" {
				f.refused = name + " with a time zone"
				return "", errRefused
			}
			return in(name, layout, date)
		}
	}
	parse := func(layout, text string) (time.Time, error) { return time.Parse(layout, text) }
	modify := func(by string, date time.Time) (time.Time, error) {
		d, err := time.ParseDuration(by)
		return date.Add(d), err
	}
	lenient := func(by string, date time.Time) time.Time {
		d, err := time.ParseDuration(by)
		if err != nil {
			return date
		}
		return date.Add(d)
	}
	return template.FuncMap{
		"date":           func(layout string, date any) (string, error) { return in("date", layout, date) },
		"htmlDate":       func(date any) (string, error) { return in("htmlDate", "2006-01-02", date) },
		"dateInZone":     zoned("dateInZone"),
		"date_in_zone":   zoned("date_in_zone"),
		"htmlDateInZone": func(date any, zone string) (string, error) { return zoned("htmlDateInZone")("2006-01-02", date, zone) },
		"dateModify":     lenient, "date_modify": lenient, "mustDateModify": modify, "must_date_modify": modify,
		"toDate":     func(layout, text string) time.Time { t, _ := parse(layout, text); return t },
		"mustToDate": parse,
	}
}
