package generator

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
)

// Sealing is one Secret ready for encryption and the record that goes with it
// (its Cipher still empty).
type Sealing struct {
	Plain  secret.Plain
	Record sealed.Record
}

// Compose renders the chart with the real values and compares the result with
// the placeholder render: whatever is not the content of a Secret must be the
// same, and where a placeholder stands verbatim, putting the real value there
// must give the real render. It returns one Sealing a slot, sorted by name.
func (p Plan) Compose(vals map[secret.Ref]string, seed []byte) ([]Sealing, error) {
	real, err := render(p.chart, p.Registry, secret.Seeded(seed, vals))
	if err != nil {
		var l problem.List
		l.Join(err)
		for i := range l {
			l[i].What += " (only with the real secrets; with placeholders it renders)"
		}
		return nil, l
	}
	var l problem.List
	real = append(real, pullers(p.Registry)...)
	byID := map[object.ID]object.Object{}
	for _, o := range real {
		byID[o.ID()] = o
	}
	slotAt := map[int]Slot{}
	for _, s := range p.Slots {
		for _, i := range s.Objects {
			slotAt[i] = s
		}
	}
	contents := map[string]map[string][]byte{}
	rendered := 0
	for i, o := range p.Objects {
		s, isSlot := slotAt[i]
		if isSlot && s.Pull != nil {
			contents[s.Expected.Name] = map[string][]byte{DockerConfigKey: []byte(vals[secret.PullRef(s.Pull.Name)])}
			continue
		}
		rendered++
		twin, ok := byID[o.ID()]
		if !ok {
			l.Add(problem.Problem{What: fmt.Sprintf("the %s exists only without the real secrets: the chart decides by a secret's value", o.ID())})
			continue
		}
		if !isSlot {
			if !object.Equal(o, twin) {
				l.Add(problem.Problem{What: fmt.Sprintf("the %s depends on a secret at %s, outside a Secret", o.ID(), firstDifference(o, twin)),
					Next: "change the chart's template: refer to the Secret by secretKeyRef or mount it"})
			}
			continue
		}
		data, what := compareSecret(s, o, twin, vals)
		for _, w := range what {
			l.Add(problem.Problem{What: w})
		}
		contents[s.Expected.Name] = data
	}
	if len(real) != rendered && len(l) == 0 {
		l.Add(problem.Problem{What: "the chart renders more objects with the real secrets than without: it decides by a secret's value"})
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	var out []Sealing
	for _, s := range p.Slots {
		name := s.Expected.Name
		r := sealed.Record{Owner: p.Owner, Digest: s.Expected.Digest(), Facts: s.Expected.Facts, Rollout: map[string]string{}}
		for key, value := range contents[name] {
			if r.Rollout[key], err = secret.Rollout(seed, name, key, value); err != nil {
				return nil, err
			}
		}
		out = append(out, Sealing{secret.Plain{Name: name, Type: s.Expected.Type, Data: contents[name]}, r})
	}
	return out, nil
}

func compareSecret(s Slot, o, twin object.Object, vals map[secret.Ref]string) (map[string][]byte, []string) {
	var what []string
	a, b := o.Copy(), twin.Copy()
	for _, k := range []string{"data", "stringData"} {
		delete(a, k)
		delete(b, k)
	}
	if !object.Equal(a, b) {
		what = append(what, fmt.Sprintf("the %s depends on a secret at %s, outside its data", o.ID(), firstDifference(a, b)))
	}
	data, err := secretData(twin)
	if err != nil {
		return nil, append(what, fmt.Sprintf("the %s has invalid data with the real secrets; quote the value in the template", o.ID()))
	}
	for _, key := range sortedKeys(s.placeholder) {
		got, ok := data[key]
		if !ok {
			continue // told below: the key's name may be made from a secret
		}
		text, found := string(s.placeholder[key]), false
		for ref, v := range vals {
			if ph := secret.Placeholder(ref); strings.Contains(text, ph) {
				text, found = strings.ReplaceAll(text, ph, v), true
			}
		}
		if found && !bytes.Equal([]byte(text), got) {
			what = append(what, fmt.Sprintf("the template of the %s mangles the secret in key %q (an unquoted value?)", o.ID(), key))
		}
	}
	if !slices.Equal(sortedKeys(data), sortedKeys(s.placeholder)) {
		what = append(what, fmt.Sprintf("the %s has other keys with the real secrets than without: a key's name, or whether there is one, depends on a secret", o.ID()))
	}
	sort.Strings(what)
	return data, what
}

// firstDifference is the path at which two objects differ; never a value.
func firstDifference(a, b object.Object) string {
	collect := func(o object.Object) map[string]string {
		m := map[string]string{}
		o.Walk(func(path, text string) { m[path] += "\x00" + text })
		return m
	}
	x, y := collect(a), collect(b)
	for _, path := range sortedKeys(x) {
		if y[path] != x[path] {
			return path
		}
	}
	return "a key or number"
}
