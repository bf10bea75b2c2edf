package probe

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// person is a user of the spec's credentials, and how far they got.
type person struct {
	user  string
	pulls []string // the pull secrets that log in as this user
	login *login
	why   string // why nothing was tried, "" where it was
	in    bool   // logged in
	saw   answer // to the login
}

// people opens the credentials that can be opened and logs everybody in. why
// says why nobody can be.
func (p *probing) people(why string) []*person {
	if why == "" {
		why = p.keep
	}
	set, err := p.w.Repo.Credentials(p.e)
	if err != nil {
		p.r.failed(checkUser, "", "the credentials can't be read", "", "reggen check "+problem.QuoteArg(p.r.Environment))
		return nil
	}
	var out []*person
	for _, u := range set.Users {
		one := &person{user: u.User, why: why}
		out = append(out, one)
		if one.why == "" {
			one.login, one.why = p.open(u)
		}
	}
	p.vouch(out)
	for _, name := range repository.SortedKeys(p.spec.PullSecrets) {
		user := p.spec.PullSecrets[name].User
		i := slices.IndexFunc(out, func(o *person) bool { return o.user == user })
		if i < 0 {
			i = len(out)
			out = append(out, &person{user: user, why: "it has no credential"})
		}
		out[i].pulls = append(out[i].pulls, name)
	}
	if p.spec.Auth.Anonymous {
		for _, u := range out {
			u.why = "spec.auth.anonymous lets everybody in"
		}
	}
	for _, u := range out {
		if u.why == "" {
			u.saw = p.c.ask(p.ctx, question{method: http.MethodGet, path: "/v2/", as: u.login})
			u.in = u.saw.is(200)
		}
	}
	return out
}

// open is the login of a user whose password a key at hand opens.
func (p *probing) open(u credential.Public) (*login, string) {
	if !u.Has(credential.Password) {
		return nil, "only a hash of the password is known"
	}
	o, err := p.w.Keys.ReadCredential(p.ctx, p.w.Repo.Abs(u.File))
	switch {
	case errors.Is(err, sops.ErrNoKey):
		return nil, "no key: none at hand opens the password"
	case err != nil:
		return nil, "the credential can't be opened: reggen check says why"
	}
	return &login{u.User, o.Doc.StringData[credential.Password]}, ""
}

// tellPeople says of each user what they can do, and together of those of whom
// nothing was tried for the same reason. upload says that uploads can be begun.
func (p *probing) tellPeople(people []*person, upload bool) {
	untried := map[string][]string{}
	var reasons []string
	for _, u := range people {
		if u.why != "" {
			if untried[u.why] == nil {
				reasons = append(reasons, u.why)
			}
			untried[u.why] = append(untried[u.why], u.user)
			continue
		}
		p.tellPerson(u, upload)
	}
	for _, why := range reasons {
		p.r.untried(checkUser, strings.Join(untried[why], ", "), why)
	}
}

func (p *probing) tellPerson(u *person, upload bool) {
	dir := problem.QuoteArg(p.r.Environment)
	who := ""
	if len(u.pulls) > 0 {
		who = "; the user of the pull secret" + terminal.Plural(len(u.pulls)) + " " + strings.Join(u.pulls, ", ")
	}
	switch {
	case u.saw.is(401, 403):
		p.r.failed(checkUser, u.user, "can't log in: "+u.saw.said()+who, "this password to be known", "reggen user verify "+problem.QuoteArg(u.user)+" --dir "+dir+
			"\nif that is right, the cluster has an older Secret: apply the build, wait a minute or two")
		return
	case !u.in:
		p.r.failed(checkUser, u.user, "can't log in: "+u.saw.said()+who, "200", p.kubectl("logs deploy/"+p.name))
		return
	}
	can, cant := []string{"logs in"}, []string{}
	if upload {
		a := p.c.ask(p.ctx, question{method: http.MethodPost, path: uploads, as: u.login, body: http.NoBody})
		if a.is(202) {
			p.cancel(a, u.login)
			can = append(can, "pushes")
		} else {
			cant = append(cant, "can't push: "+a.said())
		}
	}
	switch a := p.pull(u.login); {
	case p.pushed() != nil && a.is(200):
		can = append(can, "pulls")
	case p.pushed() == nil && p.spec.Proxy != nil: // it would ask the registry behind it
	case p.pushed() == nil && (a.is(200) || a.code == "MANIFEST_UNKNOWN" || a.code == "NAME_UNKNOWN"):
		can = append(can, "may pull")
	default:
		cant = append(cant, "can't pull: "+a.said())
	}
	saw := strings.Join(append(can, cant...), ", ") + who
	if len(cant) > 0 {
		p.r.failed(checkUser, u.user, saw, "", p.kubectl("logs deploy/"+p.name))
		return
	}
	p.r.ok(checkUser, u.user, "%s", saw)
}

// pushed is the image that is there, nil where there is none.
func (p *probing) pushed() *image {
	if p.left != nil && p.left.pushed {
		return p.left
	}
	return nil
}

// pull asks for what was pushed, or for an image that nobody has.
func (p *probing) pull(by *login) answer {
	tag := keptTag
	if p.pushed() != nil {
		tag = p.left.tag
	} else if p.spec.Proxy != nil {
		return answer{}
	}
	return p.c.ask(p.ctx, question{method: http.MethodGet, path: manifest(tag), as: by, accept: manifestType})
}
