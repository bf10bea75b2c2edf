package generator

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/codec"
	"github.com/reggen/reggen/generator/secret"
)

// encodings are what templates do to a secret that stands in a text of a form:
// an address, JSON, YAML or TOML in quotes, HTML. None of them loses a letter.
func encodings(text string) []string {
	body := func(quoted string) string { return strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`) }
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	plain := text
	if e.Encode(text) == nil {
		plain = body(strings.TrimSuffix(b.String(), "\n"))
	}
	escaped, err := json.Marshal(text)
	if err != nil {
		escaped = []byte(text)
	}
	all := []string{
		text, url.QueryEscape(text), url.PathEscape(text), plain, body(string(escaped)), body(strconv.Quote(text)),
		strings.ReplaceAll(text, "'", "''"), html.EscapeString(text),
		base64.StdEncoding.EncodeToString([]byte(text)),
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// replaced says whether got is text with the real value, or an encoding of it, in
// the place of each placeholder. found says whether there is a placeholder.
func (p Plan) replaced(text, got string, vals map[secret.Ref]string) (same, found bool) {
	at, of := -1, secret.Ref("")
	for ref := range vals {
		ph := p.placeholder(ref)
		if ph == "" {
			continue
		}
		if i := strings.Index(text, ph); i >= 0 && (at < 0 || i < at) {
			at, of = i, ref
		}
	}
	if at < 0 {
		return text == got, false
	}
	if !strings.HasPrefix(got, text[:at]) {
		return false, true
	}
	rest := text[at+len(p.placeholder(of)):]
	for _, e := range encodings(vals[of]) {
		if after, is := strings.CutPrefix(got[at:], e); is {
			if same, _ := p.replaced(rest, after, vals); same {
				return true, true
			}
		}
	}
	return false, true
}

// sameAsYAML says whether what reads text and got as YAML or JSON gets the same,
// with the real values in the place of the placeholders: a value of several lines
// may stand in a block of its own, at any depth.
func (p Plan) sameAsYAML(text, got string, vals map[secret.Ref]string) bool {
	a, err := codec.Unmarshal([]byte(text))
	b, other := codec.Unmarshal([]byte(got))
	if err != nil || other != nil {
		return false
	}
	switch a.(type) {
	case map[string]any, []any:
	default:
		return false
	}
	a = rewrite(a, func(s string) string {
		for ref, v := range vals {
			if ph := p.placeholder(ref); ph != "" {
				s = strings.ReplaceAll(s, ph, v)
			}
		}
		return s
	})
	trim := func(s string) string { return strings.TrimRight(s, "\n") } // a block's last lines
	return reflect.DeepEqual(rewrite(a, trim), rewrite(b, trim))
}
