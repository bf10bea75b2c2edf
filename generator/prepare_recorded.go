package generator

import (
	"fmt"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
)

// recordedNeeds takes what is public about the secrets from the records of the
// sealed files, where the credentials are not at hand. Whether they have moved
// on since nobody can tell then; what the spec itself says still counts. A
// secret without which the registry would be another one (open to all, without
// its storage) has to be there.
func (p *Plan) recordedNeeds() (map[secret.Ref]secret.Facets, []Pull, error) {
	var l problem.List
	refs := p.recorded()
	need := func(ref secret.Ref, what string) {
		if refs[ref] == nil {
			l.Add(problem.Problem{What: fmt.Sprintf("no sealed Secret among the items holds %s of the Registry %s", what, p.Owner),
				Want: "every file of the sealed folder, or the credentials as well"})
		}
	}
	reg := p.Spec.Registry.Spec
	if !reg.Auth.Anonymous && reg.Auth.ExistingSecret == nil {
		need(secret.HTPasswd, "the users")
	}
	if kind, own := reg.Storage.Keys(); own {
		for _, v := range credential.Fixed(credential.Type(kind)) {
			need(v.Ref, "the "+v.Field+" of the storage")
		}
	}
	need(secret.HTTPSecret, "the http secret")
	var pulls []Pull
	for _, name := range sortedKeys(reg.PullSecrets) {
		pull, ref := Pull{name, reg.PullSecrets[name]}, secret.PullRef(name)
		need(ref, "the pull secret "+name)
		refs[ref] = secret.Facets{"server": pull.Server, "user": pull.User, "email": pull.Email, "from": refs[ref]["from"]}
		pulls = append(pulls, pull)
	}
	return refs, pulls, l.Err()
}

// recorded is what the records of the sealed files say of each secret.
func (p *Plan) recorded() map[secret.Ref]secret.Facets {
	refs := map[secret.Ref]secret.Facets{}
	for _, f := range p.sealed {
		file, err := sealed.Parse(f.Path, f.Data)
		if err != nil || file.Record.Owner != p.Owner {
			continue // told slot by slot
		}
		for _, fact := range file.Record.Facts {
			if refs[fact.Ref] == nil {
				refs[fact.Ref] = secret.Facets{}
			}
			refs[fact.Ref][fact.Name] = fact.Value
		}
	}
	return refs
}
