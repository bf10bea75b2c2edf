package probe

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// once tries everything once. What was pushed is removed, whatever happens.
func (p *probing) once(ctx context.Context) Report {
	p.ctx, p.left = ctx, nil
	p.c.kept.CloseIdleConnections() // the one before may lead to what is gone
	p.r = &Report{Environment: p.r.Environment, Host: p.r.Host, Address: p.r.Address, Steps: []Step{}}
	bar := p.w.Tell.Progress("probing "+p.spec.Host, 4)
	defer bar.Done()
	why := p.front(p.c, "")
	bar.Step()
	if why == "" || why == openToAll {
		p.strangers()
	} else {
		p.r.untried(checkStrangers, "", why)
	}
	bar.Step()
	people := p.people(why)
	p.behind(people, why)
	bar.Step()
	p.pullHost(people, why)
	bar.Step()
	return *p.r
}

// openToAll says why no password is sent to a registry that asks for none.
const openToAll = "it asks nobody for a password"

// behind tries what needs somebody who can log in.
func (p *probing) behind(people []*person, why string) {
	defer p.remove()
	later := []string{checkLayers, checkReplicas, checkBody}
	by, why := p.pusher(people, why)
	begun := false
	if why == "" {
		why, begun = p.push(by)
	} else {
		p.r.untried(checkPush, "", why)
	}
	p.tellPeople(people, begun)
	if !begun {
		for _, c := range later {
			p.r.untried(c, "", why)
		}
		return
	}
	p.layers(by)
	p.replicas(by)
	p.body(by)
}

// pusher is who pushes: somebody who can log in, people before the users of pull
// secrets; nobody in particular where everybody may.
func (p *probing) pusher(people []*person, front string) (*login, string) {
	if p.spec.Auth.Anonymous || front != "" {
		return nil, front
	}
	for _, pulls := range []bool{false, true} {
		for _, u := range people {
			if u.in && (len(u.pulls) > 0) == pulls {
				return u.login, ""
			}
		}
	}
	return nil, "nobody is logged in"
}

// pullHost tries the second host, which lets nobody push.
func (p *probing) pullHost(people []*person, front string) {
	if p.spec.Gateway == nil || p.spec.Gateway.PullHost == "" {
		return
	}
	host := p.spec.Gateway.PullHost
	if p.r.Address != "" {
		p.r.untried(checkPullHost, host, "--url is the address of "+p.spec.Host)
		return
	}
	t, _, _ := targetOf(host, Options{})
	c := newClient(t, p.c.roots, p.c.timeout)
	if why := p.front(c, host); why != "" {
		p.r.untried(checkPullHost, host, why)
		return
	}
	by, why := p.pusher(people, front)
	if by != nil { // somebody can log in; who may do so here is another question
		why, by = unvouched(host), nil
		if i := slices.IndexFunc(people, func(u *person) bool { return u.in && p.vouched(host, u) }); i >= 0 {
			why, by = "", people[i].login
		}
	}
	if why != "" {
		p.r.untried(checkPullHost, host, why)
		return
	}
	p.refusesPushes(c, host, by)
}

// refusesPushes tries to push where only pulls should get through.
func (p *probing) refusesPushes(c *client, host string, by *login) {
	in := c.ask(p.ctx, question{method: http.MethodGet, path: "/v2/", as: by})
	a := c.ask(p.ctx, question{method: http.MethodPost, path: uploads, as: by, body: http.NoBody})
	switch {
	case !in.is(200):
		p.r.failed(checkPullHost, host, "the login that "+p.spec.Host+" takes gets "+in.said(), "200", p.lookAtFront())
	case a.is(202):
		p.cancelAt(c, a, by)
		p.r.failed(checkPullHost, host, "takes a push", "GET and HEAD alone to get through", p.lookAtFront())
	case a.err != nil || a.status >= 500:
		p.r.failed(checkPullHost, host, "a push gets "+a.said(), "a refusal", p.lookAtFront())
	default:
		p.r.ok(checkPullHost, host, "lets users log in and refuses a push: %s", a.said())
	}
}

// aside is a context for what has to be done even when the probe was stopped.
func (p *probing) aside() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(p.ctx), max(p.c.timeout, 10*time.Second))
}
