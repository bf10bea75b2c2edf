package generator

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
)

// imagesNeeds is the pull secret that an ImagePullSecrets makes.
func (p *Plan) imagesNeeds() (map[secret.Ref]secret.Facets, []Pull, error) {
	name := p.Spec.Metadata.Name
	pull := Pull{name, p.Spec.Pulls()[name]}
	pull.Namespaces = p.input.namespaces()
	if p.input.Recorded {
		refs := p.recorded()
		ref := secret.PullRef(name)
		if refs[ref] == nil {
			return nil, nil, problem.List{{What: fmt.Sprintf("no sealed Secret among the items holds the pull secret %s", name), Want: "its sealed file, or the credentials as well"}}
		}
		refs[ref] = secret.Facets{"server": pull.Server, "user": pull.User, "email": pull.Email, "from": refs[ref]["from"]}
		return refs, []Pull{pull}, nil
	}
	var l problem.List
	refs := map[secret.Ref]secret.Facets{}
	if p.Credentials.Machine == nil {
		missing := noMachine(p.credentialsDir())
		missing.What = "no machine credential (the seed of digests)"
		l.Add(missing)
	}
	if facets := p.pullNeeds(pull, "spec.user", &l); facets != nil {
		refs[secret.PullRef(name)] = facets
	}
	return refs, []Pull{pull}, l.Err()
}

// takenNeeds is the pull secret that an ImagePullSecrets takes as another
// environment sealed it, or none where something else brings it.
func (p *Plan) takenNeeds() (map[secret.Ref]secret.Facets, []Pull, error) {
	s, name := p.Spec.Images.Spec, p.Spec.Metadata.Name
	if s.Existing {
		return nil, nil, nil
	}
	missing := problem.Problem{File: p.sealedPath(name), Path: "spec.secrets.sealed", What: fmt.Sprintf("is missing: the sealed file of the Secret %q", name),
		Want: "the folder of the registry's sealed files or a copy of that file; spec.user, and reggen seal makes it here; or spec.existing: true, if something else brings the Secret"}
	for _, f := range p.sealed {
		if filepath.Base(f.Path) != name+".yaml" {
			continue
		}
		file, err := sealed.Parse(f.Path, f.Data)
		if err != nil {
			var l problem.List
			l.Join(err)
			return nil, nil, sealedElsewhere(l)
		}
		p.Owner = file.Record.Owner
		refs, ref := p.recorded(), secret.PullRef(name)
		if refs[ref] == nil {
			return nil, nil, problem.List{{File: f.Path, What: "is no pull secret that reggen sealed", Want: "the sealed file of one of a registry's spec.pullSecrets"}}
		}
		server := refs[ref]["server"]
		if host, _, _ := strings.Cut(server, "/"); host != s.Host {
			return nil, nil, problem.List{{File: f.Path, Path: "spec.host", What: fmt.Sprintf("is %q, and this pull secret is for %q", s.Host, problem.Shown(server)), Want: "the registry's own pull secret"}}
		}
		return map[secret.Ref]secret.Facets{ref: refs[ref]}, []Pull{{name, spec.PullSecret{User: refs[ref]["user"], Server: server, Email: refs[ref]["email"], Namespaces: p.input.namespaces()}}}, nil
	}
	return nil, nil, problem.List{missing}
}

// sealedElsewhere says that a sealed file is made anew where it came from.
func sealedElsewhere(l problem.List) problem.List {
	for i := range l {
		l[i].Next = "reggen seal in the registry's environment; where this is a copy, copy it again"
	}
	return l
}

// namespaces are where pull secrets of an ImagePullSecrets go; a seal, which has
// no pods, asks for one.
func (in Input) namespaces() []string {
	if in.Namespaces == nil {
		return []string{""}
	}
	return in.Namespaces
}
