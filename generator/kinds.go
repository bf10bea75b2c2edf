package generator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/refuse"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/values"
)

// kind is what every spec comes to before anything is rendered: a chart, a
// release of it and its values as a function of where secrets come from. What
// follows (placeholders, slots, sealed twins, records, rollouts) knows no kinds.
// A Chart says all of it; a Registry is a Chart whose values are derived.
type kind struct {
	source *spec.ChartSource // nil: the embedded chart
	name   string            // of the release
	values func(secret.Source) (map[string]any, error)
	needs  func() (map[secret.Ref]secret.Facets, []Pull, error)
	// derives says that the values follow from a spec, so that a chart has to
	// know them.
	derives bool
	// bare says that nothing is rendered: all there is are pull secrets.
	bare bool
}

func (p *Plan) kind() kind {
	if s := p.Spec.Images; s != nil {
		k := kind{name: s.Metadata.Name, bare: true, needs: p.imagesNeeds}
		if !s.Spec.Derives() {
			k.needs = p.takenNeeds
		}
		return k
	}
	if c := p.Spec.Chart; c != nil {
		k := kind{source: &c.Spec.Chart, name: c.Spec.Chart.ReleaseName, values: p.chartValues, needs: p.chartNeeds}
		if p.input.Recorded {
			k.needs = p.recordedChartNeeds
		}
		return k
	}
	r := p.Spec.Registry
	k := kind{source: r.Spec.Chart, name: r.Metadata.Name, needs: p.needs, derives: true,
		values: func(src secret.Source) (map[string]any, error) { return values.From(r, src) }}
	if r.Spec.Chart != nil {
		k.name = r.Spec.Chart.ReleaseName
	}
	if p.input.Recorded {
		k.needs = p.recordedNeeds
	}
	return k
}

// chartValues are a Chart's values with the secret ones in them.
func (p *Plan) chartValues(src secret.Source) (map[string]any, error) {
	c := p.Spec.Chart
	if l := refuse.Readable(c); len(l) > 0 {
		return nil, l
	}
	out := map[string]any(object.Object(c.Spec.Values).Copy())
	var l problem.List
	for _, path := range slices.Sorted(maps.Keys(c.Spec.SecretValues)) {
		v := c.Spec.SecretValues[path]
		text, set := src.Value(secret.FieldRef(v.Credential, v.Field))
		if !set {
			continue // told where needs are found
		}
		l.Join(chart.Set(out, path, text))
	}
	return out, l.Err()
}

// chartNeeds are the fields of credentials that secretValues name.
func (p *Plan) chartNeeds() (map[secret.Ref]secret.Facets, []Pull, error) {
	var l problem.List
	refs := map[secret.Ref]secret.Facets{}
	dir := p.credentialsDir()
	byName := map[string]credential.Public{}
	for _, c := range p.Credentials.All() {
		byName[c.Name] = c
	}
	for _, path := range slices.Sorted(maps.Keys(p.Spec.Chart.Spec.SecretValues)) {
		v := p.Spec.Chart.Spec.SecretValues[path]
		at := problem.Below("spec.secretValues", path)
		c, ok := byName[v.Credential]
		switch {
		case !ok:
			l.Add(problem.Problem{Path: at + ".credential", What: fmt.Sprintf("no credential %s in %s", problem.Quoted(v.Credential), dir),
				Near: problem.Nearest(v.Credential, sortedKeys(byName)), Next: "reggen credential set " + problem.QuoteArg(v.Credential) + " --field " + problem.QuoteArg(v.Field) + " --generate"})
		case c.Type == credential.Machine:
			l.Add(problem.Problem{Path: at + ".credential", What: "is the machine credential, whose values are reggen's own", Want: "a credential of type generic"})
		case !c.Has(v.Field):
			l.Add(problem.Problem{File: c.File, Path: "stringData." + v.Field, What: "is missing, and " + at + " names it",
				Near: problem.Nearest(v.Field, sortedKeys(c.Fields)), Next: "reggen credential set " + problem.QuoteArg(v.Credential) + " --field " + problem.QuoteArg(v.Field) + " --generate"})
		default:
			refs[secret.FieldRef(v.Credential, v.Field)] = secret.Facets{"from": c.Fingerprint(v.Field)}
		}
	}
	if p.Credentials.Machine == nil {
		missing := noMachine(dir)
		missing.What = "no machine credential (the seed of rollout digests and of what the chart draws)"
		l.Add(missing)
	}
	return refs, nil, l.Err()
}

// recordedChartNeeds is recordedNeeds for a Chart.
func (p *Plan) recordedChartNeeds() (map[secret.Ref]secret.Facets, []Pull, error) {
	var l problem.List
	refs := p.recorded()
	for _, path := range slices.Sorted(maps.Keys(p.Spec.Chart.Spec.SecretValues)) {
		v := p.Spec.Chart.Spec.SecretValues[path]
		if refs[secret.FieldRef(v.Credential, v.Field)] == nil {
			l.Add(problem.Problem{What: fmt.Sprintf("no sealed Secret among the items holds the field %s of %s", v.Field, problem.Quoted(v.Credential)),
				Want: "every file of the sealed folder, or the credentials as well"})
		}
	}
	return refs, nil, l.Err()
}

func noMachine(dir string) problem.Problem {
	return problem.Problem{File: dir, What: "no machine credential (the registry's http secret and the seed of its rollout digests)",
		Next: "reggen seal makes one in a new environment; in an old one restore the file from git"}
}

// credentialsDir is the first folder of credentials, as errors name it.
func (p *Plan) credentialsDir() string {
	dirs := p.Spec.Secrets.Credentials
	if p.credentials == "" && len(dirs) > 0 { // nothing read them
		p.credentials, _, _ = p.input.Folder(dirs[0])
	}
	return cmp.Or(p.credentials, strings.Join(dirs, ", "))
}
