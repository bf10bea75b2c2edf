package generator

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/reggen/reggen/generator/chart"
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
// must give the real render.
func (p Plan) Compose(r Revealed) (Composition, error) {
	var out Composition
	vals := maps.Clone(r.Values)
	if vals == nil {
		vals = map[secret.Ref]string{}
	}
	var done chart.Outcome
	var real []object.Object
	var err error
	if !p.kinded.bare {
		done, err = p.run(secret.Real(r.Values), secret.Draws{Real: true, Seed: r.Seed, Kept: r.Kept, Now: p.input.Now}, r.Values)
		if err == nil {
			real, _, err = p.objects(done.Files)
		}
	}
	if err != nil {
		var l problem.List
		l.Join(err)
		for i := range l {
			l[i].What += " (only with the real secrets; with placeholders it renders)"
		}
		return out, l
	}
	var l problem.List
	out.keep(done.Draws)
	for ref, d := range done.Draws {
		for part, text := range d.Parts {
			vals[secret.PartRef(ref, part)] = text
		}
	}
	if p.Spec.Registry != nil {
		real = append(real, pullers(p.Spec.Registry)...)
	}
	told := p.realNames(vals, done.Sums)
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
			l.Add(problem.Problem{File: p.from[o.ID()], What: fmt.Sprintf("the %s exists only without the real secrets: the chart decides by a secret's value", o.ID())})
			continue
		}
		if !isSlot {
			if len(told) > 0 {
				twin = rewritten(twin, told.in)
			}
			if !object.Equal(o, twin) {
				l.Add(problem.Problem{File: p.from[o.ID()], What: fmt.Sprintf("the %s depends on a secret at %s, outside a Secret", o.ID(), firstDifference(o, twin)),
					Next: "change the chart's template: refer to the Secret by secretKeyRef or mount it"})
			}
			continue
		}
		data, what := p.compareSecret(s, o, twin, vals, told)
		for _, w := range what {
			l.Add(problem.Problem{File: p.from[o.ID()], What: w})
		}
		contents[s.Expected.Name] = data
	}
	if len(real) != rendered && len(l) == 0 {
		l.Add(problem.Problem{What: "the chart renders more objects with the real secrets than without: it decides by a secret's value; more is " + p.unknown(real)})
	}
	if err := l.Err(); err != nil {
		return out, err
	}
	for _, s := range p.Slots {
		name := s.Expected.Name
		record := sealed.Record{Owner: p.Owner, Digest: s.Expected.Digest(), Facts: s.Expected.Facts, Rollout: map[string]string{}}
		for key, value := range contents[name] {
			if record.Rollout[key], err = secret.Rollout(r.Seed, name, key, value); err != nil {
				return out, err
			}
		}
		for ref := range p.public {
			if p.home(ref) == name {
				if record.Public == nil {
					record.Public = map[secret.Ref]string{}
				}
				record.Public[ref] = vals[ref]
			}
		}
		out.Sealings = append(out.Sealings, Sealing{secret.Plain{Name: name, Type: s.Expected.Type, Data: contents[name]}, record})
	}
	return out, nil
}

// unknown is an object that the placeholder render lacks.
func (p Plan) unknown(real []object.Object) string {
	have := map[object.ID]bool{}
	for _, o := range p.Objects {
		have[o.ID()] = true
	}
	for _, o := range real {
		if !have[o.ID()] {
			return "the " + o.ID().String()
		}
	}
	return "one of a name that is there already"
}

// home is the Secret whose record says a public certificate: the first that has the
// certificate, or else the first of all.
func (p Plan) home(ref secret.Ref) string {
	for _, s := range p.Slots {
		if slices.ContainsFunc(s.Expected.Facts, func(f sealed.Fact) bool { return f.Ref == ref }) {
			return s.Expected.Name
		}
	}
	return p.Slots[0].Expected.Name
}

// Composition is what a seal makes of a plan.
type Composition struct {
	Sealings []Sealing // one a slot, sorted by name
	// Kept is all that was made once, for the machine credential to keep; New
	// are those that this composition made.
	Kept map[secret.Ref]secret.Kept
	New  []secret.Ref
}

func (c *Composition) keep(draws map[secret.Ref]secret.Drawn) {
	c.Kept = map[secret.Ref]secret.Kept{}
	for _, ref := range sortedRefs(draws) {
		if d := draws[ref]; d.Kept != nil {
			c.Kept[ref] = *d.Kept
			if d.New {
				c.New = append(c.New, ref)
			}
		}
	}
}

// realNames write what a build puts right by itself, checksums over secrets and
// public certificates, as the placeholder render has it.
func (p Plan) realNames(vals map[secret.Ref]string, sums []chart.Sum) names {
	var out names
	byAt := map[string]string{}
	for _, s := range p.sums {
		byAt[s.At] = s.Text
	}
	for _, s := range sameSums(p.sums, sums) {
		out = append(out, named{s.Text, byAt[s.At]})
	}
	for ref := range p.public {
		encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
		out = append(out, named{vals[ref], p.texts[ref]}, named{encode(vals[ref]), encode(p.texts[ref])})
	}
	slices.SortFunc(out, func(a, b named) int { return len(b.text) - len(a.text) })
	return out
}

func (p Plan) compareSecret(s Slot, o, twin object.Object, vals map[secret.Ref]string, told names) (map[string][]byte, []string) {
	var what []string
	a, b := o.Copy(), twin.Copy()
	for _, k := range []string{"data", "stringData"} {
		delete(a, k)
		delete(b, k)
	}
	if len(told) > 0 {
		b = rewritten(b, told.in)
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
		if s.loose[key] {
			continue // its placeholders can't be told from other text
		}
		if same, found := p.replaced(string(s.placeholder[key]), string(got), vals); found && !same && !p.sameAsYAML(string(s.placeholder[key]), string(got), vals) {
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
