package generator

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
)

// names are texts of a render with what stands for them in a comparison, the
// longest first.
type names []named

type named struct{ text, as string }

// tellable is how long a text has to be to be looked for in others.
const tellable = 16

// namesOf are the names of what a render drew, and of the checksums over
// secrets.
func (p *Plan) namesOf(draws map[secret.Ref]secret.Drawn, sums []checksum) names {
	var out names
	for ref, d := range draws {
		if d.Loose {
			continue
		}
		for part, text := range d.Parts {
			as := "{{" + string(secret.PartRef(ref, part)) + "}}"
			out = append(out, named{text, as}, named{base64.StdEncoding.EncodeToString([]byte(text)), "{{base64 " + as[2:]})
		}
	}
	for _, s := range sums {
		out = append(out, named{s.Text, "{{sum " + s.At + "}}"})
	}
	slices.SortFunc(out, func(a, b named) int {
		if n := len(b.text) - len(a.text); n != 0 {
			return n
		}
		return strings.Compare(a.text+a.as, b.text+b.as)
	})
	return out
}

func (n names) in(text string) string {
	for _, e := range n {
		switch {
		case e.text == "":
		case len(e.text) >= tellable:
			text = strings.ReplaceAll(text, e.text, e.as)
		case text == e.text: // a checksum that was cut off
			text = e.as
		}
	}
	return text
}

// untold finds, with another render's help, where what a template drew ended up
// without being told from other text: of Secrets the keys, by the object's
// place; outside Secrets it is a mistake.
func (p *Plan) untold(mine names, second *twin, l *problem.List) map[int]map[string]bool {
	if second == nil {
		return nil
	}
	byID := map[object.ID]object.Object{}
	for _, o := range second.objects {
		byID[o.ID()] = o
	}
	out := map[int]map[string]bool{}
	for i, o := range p.Objects {
		other, ok := byID[o.ID()]
		if !ok {
			l.Add(p.drawnOutside(o, "its name, or whether it is there"))
			continue
		}
		a, b := o, other
		if o.IsSecret() {
			x, err := secretData(o)
			y, err2 := secretData(other)
			if err != nil || err2 != nil {
				continue // told where slots are found
			}
			for key, value := range x {
				if mine.in(string(value)) != second.names.in(string(y[key])) {
					if out[i] == nil {
						out[i] = map[string]bool{}
					}
					out[i][key] = true
				}
			}
			if !slices.Equal(sortedKeys(x), sortedKeys(y)) {
				l.Add(p.drawnOutside(o, "the names of its keys"))
			}
			a, b = a.Copy(), b.Copy()
			for _, k := range []string{"data", "stringData"} {
				delete(a, k)
				delete(b, k)
			}
		}
		a, b = rewritten(a, mine.in), rewritten(b, second.names.in)
		if !object.Equal(a, b) {
			l.Add(p.drawnOutside(o, firstDifference(a, b)))
		}
	}
	return out
}

// drawnOutside says that something random stands outside the data of a Secret.
func (p *Plan) drawnOutside(o object.Object, path string) problem.Problem {
	file := p.from[o.ID()]
	var likely []secret.Drawn
	for _, ref := range sortedRefs(p.draws) {
		if d := p.draws[ref]; strings.Contains(d.Where, file+":") {
			likely = append(likely, d)
		}
	}
	if len(likely) == 0 {
		for _, ref := range sortedRefs(p.draws) {
			likely = append(likely, p.draws[ref])
		}
	}
	return outside(o, file, path, likely[0])
}

func outside(o object.Object, file, path string, d secret.Drawn) problem.Problem {
	_, line, _ := strings.Cut(d.Where, ": ")
	return problem.Problem{
		File: file, What: fmt.Sprintf("%s has at %s a value that the template draws by %s, outside a Secret: it would be another one with each render", o.ID(), path, d.Function),
		Want: "random values in Secrets alone; the line is: " + problem.Shown(line), Next: chart.ToSet(line),
	}
}

func sortedRefs(m map[secret.Ref]secret.Drawn) []secret.Ref {
	out := make([]secret.Ref, 0, len(m))
	for ref := range m {
		out = append(out, ref)
	}
	slices.Sort(out)
	return out
}

// rewritten is a copy of an object with its texts rewritten, keys too.
func rewritten(o object.Object, f func(string) string) object.Object {
	m, _ := rewrite(map[string]any(o), f).(map[string]any)
	return m
}

func rewrite(v any, f func(string) string) any {
	switch t := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(t))
		for k, e := range t {
			out[f(k)] = rewrite(e, f)
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = rewrite(e, f)
		}
		return out
	case string:
		return f(t)
	}
	return v
}

// form is one way in which a placeholder may stand in a text.
type form struct {
	ref   secret.Ref
	text  string
	names []string // what stands for a draw in a text that was rewritten
}

// forms are the placeholders of all secrets, plain and in base64.
func (p *Plan) forms() (out []form) {
	for ref := range p.Refs {
		text := strings.TrimSpace(p.placeholder(ref))
		if text == "" {
			continue
		}
		f := form{ref: ref, text: text}
		if secret.IsDraw(ref) {
			f.names = []string{"{{" + string(ref) + "}}", "{{base64 " + string(ref) + "}}"}
		}
		out = append(out, f)
		if len(text) < 24 {
			f.text = strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "=")
			out = append(out, f)
			continue
		}
		for shift := range 3 {
			// base64 of the text behind 0, 1 or 2 other bytes, less the
			// letters that those bytes and what follows decide.
			b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + text))
			f.text = b[4 : len(b)-8]
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b form) int { return strings.Compare(a.text, b.text) })
	return out
}

func (f form) in(text string) bool {
	return strings.Contains(text, f.text) || slices.ContainsFunc(f.names, func(name string) bool { return strings.Contains(text, name) })
}

// findStrays reports placeholders outside Secrets. A certificate that a template
// drew is public by nature.
func (p *Plan) findStrays(o object.Object, forms []form, mine names, l *problem.List) {
	o.Walk(func(path, text string) {
		if len(p.texts) > 0 {
			text = p.publish(mine.in(text))
		}
		i := slices.IndexFunc(forms, func(f form) bool { return f.in(text) })
		if i < 0 {
			return
		}
		if f := forms[i]; secret.IsDraw(f.ref) {
			l.Add(outside(o, p.from[o.ID()], path, p.drawnAs(f.ref)))
			return
		}
		l.Add(problem.Problem{
			File: p.from[o.ID()], What: fmt.Sprintf("%s holds the secret %s at %s, outside a Secret", o.ID(), forms[i].ref, path),
			Want: "secrets only in Secrets", Next: "change the chart's template: refer to the Secret by secretKeyRef or mount it",
		})
	})
}

// publish takes the certificates out of a text with names in it, and notes them:
// a certificate is public by nature, its key is not.
func (p *Plan) publish(text string) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	for ref, d := range p.draws {
		if d.Parts[secret.PartCert] == "" {
			continue
		}
		cert := secret.PartRef(ref, secret.PartCert)
		for _, name := range []string{"{{" + string(cert) + "}}", "{{base64 " + string(cert) + "}}"} {
			if strings.Contains(text, name) {
				p.public[cert] = true
				text = strings.ReplaceAll(text, name, "")
			}
		}
	}
	return text
}

// drawnAs is what was drawn, of a ref of one of its parts.
func (p *Plan) drawnAs(ref secret.Ref) secret.Drawn {
	if d, is := p.draws[ref]; is {
		return d
	}
	for r, d := range p.draws {
		for part := range d.Parts {
			if secret.PartRef(r, part) == ref {
				return d
			}
		}
	}
	return secret.Drawn{}
}
