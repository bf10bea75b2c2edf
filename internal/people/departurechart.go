package people

import (
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/internal/repository"
)

// chartValues are the fields of credentials that a Chart's values come from,
// where their file, or a Secret that they went into, could be read.
func (d *departure) chartValues(e repository.Environment, set credential.Set, known map[secret.Ref]bool) {
	if e.Spec.Chart == nil {
		return
	}
	named := map[secret.Ref][]string{} // by the values that it is for
	for _, path := range repository.SortedKeys(e.Spec.Chart.Spec.SecretValues) {
		v := e.Spec.Chart.Spec.SecretValues[path]
		ref := secret.FieldRef(v.Credential, v.Field)
		named[ref] = append(named[ref], path)
	}
	for _, c := range set.All() {
		if c.Type == credential.Machine {
			continue
		}
		opened := slices.ContainsFunc(d.Readable, func(r readable) bool { return r.Name == c.Name && r.Type == string(c.Type) })
		for _, field := range repository.SortedKeys(c.Fields) {
			ref := secret.FieldRef(c.Name, field)
			if !opened && !known[ref] {
				continue
			}
			why := "no value of the chart comes from it: change it where it counts, then here"
			if l := named[ref]; len(l) > 0 {
				why = "it is the chart's " + strings.Join(l, " and ") + ": a new one rolls the pods; where the application keeps its own copy (a database's user), change it there, too"
			}
			d.ByHand = append(d.ByHand, byHand{"the field " + field + " of credential " + problem.Quoted(c.Name), why,
				"reggen credential set " + problem.QuoteArg(c.Name) + " --field " + problem.QuoteArg(field) + " --dir DIR"})
		}
	}
}

// drawn is what the templates of a chart drew: certificates, keys and hashes that
// the machine credential keeps, and random values that follow from its seed.
func (d *departure) drawn(set credential.Set, known map[secret.Ref]bool, machine bool) {
	var kept map[secret.Ref]credential.KeptField
	if set.Machine != nil {
		kept = set.Machine.Kept()
	}
	ofKept := map[secret.Ref]bool{}
	for _, ref := range slices.Sorted(maps.Keys(kept)) {
		key := secret.PartRef(ref, secret.PartKey)
		ofKept[ref], ofKept[key], ofKept[secret.PartRef(ref, secret.PartCert)] = true, true, true
		if !machine && !known[ref] && !known[key] {
			continue
		}
		address := strings.TrimPrefix(string(ref), string(secret.DrawRef("")))
		d.ByHand = append(d.ByHand, byHand{"what the chart made at " + address, "a key, a certificate's or a hash, kept since it was made; a new one rolls the pods",
			"reggen seal --renew " + problem.QuoteArg(address) + " DIR"})
	}
	random := false
	for ref := range known {
		random = random || secret.IsDraw(ref) && !ofKept[ref]
	}
	switch {
	case machine:
		d.ByHand = append(d.ByHand, byHand{"the seed", "the chart's random values follow from it, and with it a guess at a secret can be tested against the digest that the pod template shows; a new one changes them all and rolls the pods", newSeed})
	case random:
		d.ByHand = append(d.ByHand, byHand{"the chart's random values", "they follow from the seed: a new one changes them all and rolls the pods", newSeed})
	}
}
