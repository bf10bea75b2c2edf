package generator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
)

// readChart brings the chart that the spec names, held against its SHA-256
// before anything reads it.
func (p *Plan) readChart() (chart.Source, error) {
	c := p.kinded.source
	if c == nil {
		return chart.Source{}, nil
	}
	if p.input.Chart == nil {
		return chart.Source{}, problem.List{{Path: "spec.chart.path", What: "can't be read here: a function gets no files", Want: "reggen build, or kustomize build --enable-alpha-plugins"}}
	}
	src, err := p.input.Chart(c.Path)
	if err != nil {
		return chart.Source{}, err
	}
	switch {
	case c.SHA256 == "":
	case src.Archive == nil:
		return chart.Source{}, problem.List{{Path: "spec.chart.sha256", What: "is of an archive, and spec.chart.path is a folder", Want: "the path of a .tgz, or no sha256"}}
	default:
		sum := sha256.Sum256(src.Archive)
		if got := hex.EncodeToString(sum[:]); got != c.SHA256 {
			return chart.Source{}, problem.List{{File: src.Path, Path: "spec.chart.sha256", What: "the archive is another one: its SHA-256 is " + got, Want: c.SHA256,
				Next: "see where the file came from; write the new sum into spec.chart.sha256 once the chart was reviewed"}}
		}
	}
	return src, nil
}

// run renders the chart with what src gives.
func (p *Plan) run(src secret.Source, draws secret.Draws, secrets map[secret.Ref]string) (chart.Outcome, error) {
	vals, err := p.kinded.values(src)
	if err != nil {
		return chart.Outcome{}, err
	}
	j := chart.Job{Chart: p.source, For: chart.Release{Name: p.kinded.name, Namespace: p.Spec.Metadata.Namespace}, Values: vals, Secrets: secrets, Draws: draws}
	if c := p.kinded.source; c != nil {
		j.For.KubeVersion, j.For.APIVersions, j.For.SkipCRDs = c.KubeVersion, c.APIVersions, c.SkipCRDs
		if p.kinded.derives {
			j.Derived = vals
		}
	}
	if j.Chart.Embedded() || p.input.Render == nil {
		out := j.Run()
		return out, out.Problems.Err()
	}
	out, err := p.input.Render(j)
	if err != nil {
		return out, err
	}
	return out, out.Problems.Err()
}

// renderPlaceholders renders the chart as a build does. second are the objects
// with other placeholders for what templates draw, where they draw anything.
func (p *Plan) renderPlaceholders() (second *twin, err error) {
	if p.kinded.bare {
		return nil, nil
	}
	if r := p.Spec.Registry; r != nil && r.Spec.Chart == nil && len(r.Spec.Values) > 0 {
		c, err := chart.Default()
		if err != nil {
			return nil, err
		}
		if err := c.CheckValues(r.Spec.Values).Err(); err != nil {
			return nil, err
		}
	}
	texts := map[secret.Ref]string{}
	for ref := range p.Refs {
		texts[ref] = secret.Placeholder(ref)
	}
	out, err := p.run(secret.Placeholders(p.Refs), secret.Draws{}, texts)
	if err != nil {
		return nil, err
	}
	p.draws, p.sums = out.Draws, tainted(out)
	if err := p.addDraws(); err != nil {
		return nil, err
	}
	if p.Objects, p.from, err = p.objects(out.Files); err != nil || out.Second == nil {
		return nil, err
	}
	other := twin{names: p.namesOf(out.Second.Draws, sameSums(p.sums, out.Second.Sums))}
	other.objects, _, err = p.objects(out.Second.Files)
	return &other, err
}

// tainted are the checksums over secrets: of those that can't be told from other
// text another render shows it.
func tainted(out chart.Outcome) []checksum {
	other := map[string]string{}
	if out.Second != nil {
		for _, s := range out.Second.Sums {
			other[s.At] = s.Text
		}
	}
	others := map[string]string{}
	for _, s := range out.Others {
		others[s.At] = s.Text
	}
	var sums []checksum
	for _, s := range out.Sums {
		text, is := other[s.At]
		loose := is && text != s.Text
		text, is = others[s.At]
		whole := is && text != s.Text && len(s.Refs) == 0
		if loose || whole || len(s.Refs) > 0 {
			sums = append(sums, checksum{s, loose, whole})
		}
	}
	return sums
}

// sameSums are the checksums of another render that were taken where these were.
func sameSums(of []checksum, in []chart.Sum) (out []checksum) {
	byAt := map[string]chart.Sum{}
	for _, s := range in {
		byAt[s.At] = s
	}
	for _, s := range of {
		if other, is := byAt[s.At]; is {
			out = append(out, checksum{other, s.loose, s.whole})
		}
	}
	return out
}

// checksum is one over secrets.
type checksum struct {
	chart.Sum
	loose bool // over some that can't be told from other text, perhaps
	whole bool // over some of the values' in another form, whichever
}

// twin is another render of the same.
type twin struct {
	objects []object.Object
	names   names
}

// addDraws makes what templates drew secrets like others: of the seed, or of
// what the machine credential keeps.
func (p *Plan) addDraws() error {
	if len(p.draws) == 0 {
		return nil
	}
	p.texts = map[secret.Ref]string{}
	recorded := map[secret.Ref]secret.Facets{}
	kept := map[secret.Ref]credential.KeptField{}
	m := p.Credentials.Machine
	switch {
	case p.input.Recorded:
		recorded = p.recorded()
	case m == nil:
		return problem.List{noMachine(p.credentialsDir())}
	default:
		kept = m.Kept()
	}
	for ref, d := range p.draws {
		from := ""
		if m != nil {
			from = m.Fingerprint(credential.Seed)
			if d.Keepable() {
				from = m.Fingerprint(kept[ref].Field)
			}
		}
		for part, text := range d.Parts {
			r := secret.PartRef(ref, part)
			if p.input.Recorded {
				from = recorded[r]["from"]
			}
			p.Refs[r] = secret.Facets{"from": from}
			if !d.Loose {
				p.texts[r] = text
			}
		}
	}
	return nil
}

// placeholder is what stands for a secret in the render; "" for what can't be
// told from other text.
func (p *Plan) placeholder(ref secret.Ref) string {
	if secret.IsDraw(ref) {
		return p.texts[ref]
	}
	return secret.Placeholder(ref)
}

// objects parses what a render gave.
func (p *Plan) objects(files []chart.Rendered) ([]object.Object, map[object.ID]string, error) {
	var out []object.Object
	var l problem.List
	seen := map[object.ID]string{}
	for _, f := range files {
		parse := object.Parse
		if p.kinded.source != nil {
			parse = object.ParseAsHelm
		}
		objects, err := parse(f.File, f.Data)
		if err != nil {
			l.Join(err)
			continue
		}
		for _, o := range objects {
			if p.kinded.source != nil {
				if drop, err := hook(o, f.File, p.kinded.source.Hooks); err != nil {
					l.Join(err)
					continue
				} else if drop {
					continue
				}
			}
			if other, ok := seen[o.ID()]; ok && o.Kind() == "CustomResourceDefinition" && slices.ContainsFunc(out, func(had object.Object) bool { return object.Equal(had, o) }) {
				continue // a chart under two aliases brings it twice
			} else if ok {
				l.Add(problem.Problem{File: f.File, What: fmt.Sprintf("renders the %s that %s also renders", o.ID(), other)})
			}
			seen[o.ID()] = f.File
			out = append(out, o)
		}
	}
	if len(out) == 0 && len(l) == 0 {
		l.Add(problem.Problem{What: "the chart rendered no objects"})
	}
	return out, seen, l.Err()
}

// hookKey is the annotation by which Helm applies an object at a moment of its
// own. Source: Helm's documentation of hooks.
const hookKey = "helm.sh/hook"

// hook says whether an object is left out: a test always, another hook as the
// spec says.
func hook(o object.Object, file, treat string) (drop bool, err error) {
	text, is := o.Map("metadata", "annotations")[hookKey].(string)
	if !is {
		return false, nil
	}
	for _, event := range strings.Split(text, ",") {
		if e := strings.TrimSpace(event); e == "test" || e == "test-success" || e == "test-failure" {
			return true, nil
		}
	}
	switch treat {
	case spec.HooksKeep:
		return false, nil
	case spec.HooksDrop:
		return true, nil
	}
	return false, problem.Problem{File: file, What: fmt.Sprintf("renders the %s, a hook (%s), which Helm alone would run at its moment", o.ID(), problem.Shown(text)),
		Want: "spec.chart.hooks: keep, which applies all of them like any other object, those for a delete too (Argo CD runs them as hooks), or drop, which leaves them out"}
}
