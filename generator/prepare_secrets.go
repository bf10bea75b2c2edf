package generator

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
)

// DockerConfigKey and DockerConfigType are what Kubernetes asks of a pull
// secret.
const (
	DockerConfigKey  = ".dockerconfigjson"
	DockerConfigType = "kubernetes.io/dockerconfigjson"
)

// secretName is a DNS subdomain, which Kubernetes asks of a Secret's name; it
// becomes a file's name too.
var secretName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// findSlots finds the Secrets among the rendered objects, appends the pull
// secrets, and refuses a placeholder anywhere else.
func (p *Plan) findSlots(pulls []Pull, second *twin) error {
	var l problem.List
	mine := p.namesOf(p.draws, p.sums)
	p.public = map[secret.Ref]bool{}
	loose := p.untold(mine, second, &l)
	forms := p.forms()
	names := map[string]bool{}
	for i, o := range p.Objects {
		if !o.IsSecret() {
			p.findStrays(o, forms, mine, &l)
			continue
		}
		if o.Map("metadata", "labels")["data"] != nil || o.Map("metadata", "annotations")["data"] != nil {
			l.Add(problem.Problem{What: fmt.Sprintf("%s has a label or annotation named data, which SOPS would encrypt too", o.ID())})
		}
		bare := o.Copy()
		delete(bare, "data")
		delete(bare, "stringData")
		p.findStrays(bare, forms, mine, &l)
		data, err := secretData(o)
		if err != nil {
			var told problem.List
			told.Join(err)
			told[0].File = p.from[o.ID()]
			l = append(l, told...)
			continue
		}
		if len(data) == 0 {
			continue // a Secret without data passes through
		}
		if !secretName.MatchString(o.Name()) {
			l.Add(problem.Problem{What: "the chart renders a Secret whose name is none that Kubernetes takes", Want: "lower-case letters, digits, - and .",
				Next: "look at what spec.values says about names"})
			continue
		}
		if ns := o.Namespace(); ns != "" && ns != p.Spec.Metadata.Namespace && p.Spec.Chart == nil {
			l.Add(problem.Problem{What: fmt.Sprintf("the chart renders %s outside the registry's namespace", o.ID())})
		}
		if names[o.Name()] {
			l.Add(problem.Problem{What: fmt.Sprintf("the chart renders two Secrets named %q", o.Name())})
		}
		names[o.Name()] = true
		p.Slots = append(p.Slots, p.slot(o.Name(), secretType(o), data, loose[i], []int{i}, nil))
	}
	for _, pull := range pulls {
		if names[pull.Name] {
			l.Add(problem.Problem{Path: "spec.pullSecrets." + pull.Name, What: "the chart renders a Secret of that name too"})
			continue
		}
		names[pull.Name] = true
		var at []int
		for _, ns := range pull.Namespaces {
			at = append(at, len(p.Objects))
			p.Objects = append(p.Objects, pullObject(p.Spec.Metadata.Name, pull, ns))
		}
		data := map[string][]byte{DockerConfigKey: []byte(secret.Placeholder(secret.PullRef(pull.Name)))}
		pull := pull
		p.Slots = append(p.Slots, p.slot(pull.Name, DockerConfigType, data, nil, at, &pull))
	}
	if len(p.Slots) == 0 {
		for _, ref := range slices.Sorted(maps.Keys(p.public)) {
			l.Add(problem.Problem{What: fmt.Sprintf("the chart makes the certificate %s and has no Secret, whose sealed file would say it", ref), Want: "a certificate of yours, under spec.values"})
		}
	}
	sort.SliceStable(p.Slots, func(i, j int) bool { return p.Slots[i].Expected.Name < p.Slots[j].Expected.Name })
	return l.Err()
}

func pullObject(partOf string, pull Pull, namespace string) object.Object {
	meta := map[string]any{
		"name": pull.Name,
		"labels": map[string]any{
			"app.kubernetes.io/managed-by": "reggen",
			"app.kubernetes.io/part-of":    partOf,
		},
	}
	if namespace != "" {
		meta["namespace"] = namespace
	}
	return object.Object{"apiVersion": "v1", "kind": "Secret", "type": DockerConfigType, "metadata": meta, "data": map[string]any{}}
}

func (p *Plan) slot(name, kind string, data map[string][]byte, loose map[string]bool, at []int, pull *Pull) Slot {
	e := sealed.Expected{Owner: p.Owner, Name: name, Type: kind, Data: map[string]string{}}
	used := map[secret.Ref]secret.Facets{}
	for key, value := range data {
		text := string(value)
		for ref, facets := range p.Refs {
			if ph := p.placeholder(ref); ph != "" && strings.Contains(text, ph) {
				used[ref] = facets
				text = strings.ReplaceAll(text, ph, "{{"+string(ref)+"}}")
			}
		}
		e.Data[key] = text
	}
	if len(loose) > 0 { // it holds some of what was drawn, and which can't be told
		told := true
		for _, d := range p.draws {
			told = told && !d.Loose
		}
		for ref, d := range p.draws {
			for part := range d.Parts {
				if !told && !d.Loose {
					continue
				}
				used[secret.PartRef(ref, part)] = p.Refs[secret.PartRef(ref, part)]
			}
		}
	}
	p.addArguments(used)
	if len(used) == 0 {
		// The template transforms what it is given beyond recognition: then
		// the Secret may depend on any of the chart's refs.
		for ref, facets := range p.Refs {
			if !strings.HasPrefix(string(ref), "pull/") {
				used[ref] = facets
			}
		}
	}
	e.Facts = sealed.Facts(used)
	return Slot{Expected: e, Objects: at, Pull: pull, placeholder: data, loose: loose}
}

// addArguments adds to the secrets that a Secret holds those that what it holds was
// drawn from: a hash is old when its password is another one.
func (p *Plan) addArguments(used map[secret.Ref]secret.Facets) {
	for again := true; again; {
		again = false
		for ref, d := range p.draws {
			held := false
			for part := range d.Parts {
				held = held || used[secret.PartRef(ref, part)] != nil
			}
			for _, of := range d.Of {
				if held && used[of] == nil && p.Refs[of] != nil {
					used[of], again = p.Refs[of], true
				}
			}
		}
	}
}

func secretType(o object.Object) string {
	if t, _ := o["type"].(string); t != "" {
		return t
	}
	return "Opaque"
}

// secretData decodes data and stringData of a Secret; stringData wins, as in
// the API server.
func secretData(o object.Object) (map[string][]byte, error) {
	out := map[string][]byte{}
	for k, v := range o.Map("data") {
		text, ok := v.(string)
		raw, err := base64.StdEncoding.DecodeString(text)
		if (!ok && v != nil) || err != nil {
			return nil, problem.Problem{What: fmt.Sprintf("%s: data.%s is not base64 text", o.ID(), k)}
		}
		out[k] = raw
	}
	for k, v := range o.Map("stringData") {
		text, ok := v.(string)
		if !ok && v != nil {
			return nil, problem.Problem{What: fmt.Sprintf("%s: stringData.%s is not text; quote it in the template", o.ID(), k)}
		}
		out[k] = []byte(text)
	}
	return out, nil
}
