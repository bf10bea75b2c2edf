package chart

import (
	"errors"
	"sort"
	"text/template"

	"github.com/reggen/reggen/generator/secret"
)

// drawn are the functions that a secret.Source can answer: letters of a given
// number.
var drawn = []string{"randAlpha", "randAlphaNum", "randAscii"}

// impure are the functions, beyond drawn, whose result is not decided by their
// arguments: randomness, the clock, the time zone, the machine. What Helm
// itself answers with nothing when it has no cluster and no DNS (lookup,
// getHostByName) is decided and stays.
var impure = []string{
	"randBytes", "randInt", "randNumeric", "shuffle", "uuidv4",
	"genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey",
	"bcrypt", "htpasswd", "encryptAES",
	"now", "ago", "date", "dateInZone", "date_in_zone", "dateModify", "date_modify", "mustDateModify", "must_date_modify",
	"htmlDate", "htmlDateInZone", "toDate", "mustToDate", "durationRound",
	"env", "expandenv", "osBase", "osClean", "osDir", "osExt", "osIsAbs",
}

// functions are one render's template functions.
type functions struct {
	src     secret.Source
	stack   []call
	refused string // the impure function that ended the render
	failed  string // what a template passed to fail or required; may hold values
}

// call is one template being rendered: how many values it has drawn.
type call struct {
	file string
	n    int
}

func (f *functions) overrides() template.FuncMap {
	m := template.FuncMap{
		"reggenEnter": func(file string) string {
			f.stack = append(f.stack, call{file: file})
			return ""
		},
		"reggenLeave": func() string {
			f.stack = f.stack[:len(f.stack)-1]
			return ""
		},
		"fail": func(why string) (string, error) {
			f.failed = why
			return "", errors.New("refused")
		},
		"required": func(why string, v any) (any, error) {
			if text, is := v.(string); v == nil || is && text == "" {
				f.failed = why
				return nil, errors.New("refused")
			}
			return v, nil
		},
		"keys":   sortedKeys,
		"values": sortedValues,
	}
	for _, name := range drawn {
		m[name] = func(args ...any) (any, error) { return f.draw(name, args) }
	}
	for _, name := range impure {
		m[name] = func(...any) (any, error) {
			f.refused = name
			return nil, errors.New("refused")
		}
	}
	return m
}

func (f *functions) draw(name string, args []any) (any, error) {
	if len(f.stack) == 0 {
		f.refused = name
		return nil, errors.New("refused")
	}
	top := &f.stack[len(f.stack)-1]
	top.n++
	v, err := f.src.Draw(top.file, top.n, name, args)
	if err != nil {
		f.refused = name
		return nil, errors.New("refused")
	}
	return v, nil
}

// sortedKeys is sprig's keys in one order.
func sortedKeys(maps ...map[string]any) []string {
	out := []string{}
	for _, m := range maps {
		for k := range m {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

// sortedValues is sprig's values in the order of their keys.
func sortedValues(m map[string]any) []any {
	out := []any{}
	for _, k := range sortedKeys(m) {
		out = append(out, m[k])
	}
	return out
}
