package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/reggen/reggen/generator/problem"
)

// front tries what stands before the registry and its first answer, each step
// only when the one before held. It says why the rest can't be tried, or "".
func (p *probing) front(c *client, on string) (why string) {
	addresses, why := p.dns(c, on)
	for _, next := range []struct {
		check string
		try   func() string
	}{
		{checkTCP, func() string { return p.tcp(c, on, addresses) }},
		{checkTLS, func() string { return p.tls(c, on) }},
		{checkChallenge, func() string { return p.challenge(c, on) }},
	} {
		if why != "" {
			p.r.untried(next.check, on, why)
			continue
		}
		why = next.try()
	}
	return why
}

func (p *probing) dns(c *client, on string) (addresses []string, why string) {
	name, port, _ := net.SplitHostPort(c.dial)
	if net.ParseIP(name) != nil {
		p.r.ok(checkDNS, on, "%s is an address, no name to look up", name)
		return []string{c.dial}, ""
	}
	ctx, cancel := context.WithTimeout(p.ctx, c.timeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil || len(found) == 0 {
		p.r.failed(checkDNS, on, name+": "+broken(err), "an address of the load balancer", p.kubectl("get ingress,httproute,service")+"\nthen make the DNS record; --url probes an address without one")
		return nil, "the name has no address"
	}
	const most = 8
	if len(found) > most {
		found = found[:most]
	}
	for _, a := range found {
		addresses = append(addresses, net.JoinHostPort(a, port))
	}
	p.r.ok(checkDNS, on, "%s is %s", name, strings.Join(found, ", "))
	return addresses, ""
}

// tcp connects to each address: a client takes any of them.
func (p *probing) tcp(c *client, on string, addresses []string) string {
	ctx, cancel := context.WithTimeout(p.ctx, c.timeout)
	defer cancel()
	errs := make([]error, len(addresses))
	var all sync.WaitGroup
	for i, a := range addresses {
		all.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", a)
			if errs[i] = err; err == nil {
				conn.Close()
			}
		})
	}
	all.Wait()
	var open, shut []string
	for i, a := range addresses {
		switch err := errs[i]; {
		case err == nil:
			open = append(open, a)
		case len(addresses) > 1 && (errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL)):
			// This machine has no such network, for instance no IPv6.
		default:
			shut = append(shut, a+" "+broken(err))
		}
	}
	switch {
	case len(open) == 0 && len(shut) == 0:
		p.r.failed(checkTCP, on, "there is no way from here to any address", "", "")
	case len(open) == 0:
		p.r.failed(checkTCP, on, strings.Join(shut, "; "), "something that listens", p.kubectl("get pods,service,endpointslices"))
	case len(shut) > 0:
		p.r.add(Step{Check: checkTCP, On: on, Outcome: Warning, Saw: strings.Join(open, ", ") + " takes connections, and " + strings.Join(shut, "; "), Expected: "each address that the name has", Next: "take the address out of DNS, or look at the host behind it"})
	default:
		p.r.ok(checkTCP, on, "%s takes connections", strings.Join(open, ", "))
	}
	if len(open) == 0 {
		return "nothing takes connections"
	}
	return ""
}

// tls makes a handshake that takes any certificate, so that it can say what is
// wrong with it, and sends nothing over it.
func (p *probing) tls(c *client, on string) string {
	if c.scheme == "http" {
		p.r.untried(checkTLS, on, "--url is plain HTTP")
		return ""
	}
	ctx, cancel := context.WithTimeout(p.ctx, c.timeout)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: c.name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(ctx, "tcp", c.dial)
	const why = "TLS does not hold"
	if err != nil {
		p.r.failed(checkTLS, on, broken(err), "a server that speaks TLS 1.2 or newer", "where TLS ends before it, probe that; a forwarded port without TLS: --url http://...")
		return why
	}
	state := conn.(*tls.Conn).ConnectionState()
	conn.Close()
	leaf := state.PeerCertificates[0]
	between := x509.NewCertPool()
	for _, other := range state.PeerCertificates[1:] {
		between.AddCert(other)
	}
	now := p.w.Tell.Now()
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: between, DNSName: c.name, CurrentTime: now}); err != nil {
		next := p.kubectl("describe certificate")
		var authority x509.UnknownAuthorityError
		if errors.As(err, &authority) {
			next = "an authority of your own: --ca FILE; the ingress controller's own certificate stands in for one that is not there yet: " + next
		}
		p.r.failed(checkTLS, on, certificateFault(err, leaf, now), "one for "+c.name+" that clients trust", next)
		return why
	}
	left, life := leaf.NotAfter.Sub(now), leaf.NotAfter.Sub(leaf.NotBefore)
	saw := fmt.Sprintf("%s, a certificate for %s until %s", tls.VersionName(state.Version), names(leaf), day(leaf.NotAfter))
	if left < min(14*24*time.Hour, life/4) {
		p.r.add(Step{Check: checkTLS, On: on, Outcome: Warning, Saw: saw + ", " + soon(left), Expected: "a new one by now", Next: p.kubectl("describe certificate")})
		return ""
	}
	p.r.ok(checkTLS, on, "%s, %s", saw, soon(left))
	return ""
}

func soon(left time.Duration) string {
	if days := int(left.Hours() / 24); days != 1 {
		return fmt.Sprintf("%d days from now", days)
	}
	return "1 day from now"
}

// challenge asks for nothing, as nobody.
func (p *probing) challenge(c *client, on string) string {
	a := c.ask(p.ctx, question{method: http.MethodGet, path: "/v2/"})
	anonymous, realm := p.spec.Auth.Anonymous, p.spec.Auth.Realm
	registry := a.code != "" || strings.HasPrefix(a.header.Get("Docker-Distribution-Api-Version"), "registry/2")
	want := fmt.Sprintf("401 and Basic realm=%q", realm)
	if anonymous {
		want = "200 from a registry, to everybody: spec.auth.anonymous"
	}
	fail := func(saw, next, why string) string {
		p.r.failed(checkChallenge, on, saw, want, next)
		return why
	}
	const noRegistry = "no registry answers there"
	switch {
	case a.err != nil:
		return fail("/v2/ "+a.said(), p.kubectl("logs deploy/"+p.name), noRegistry)
	case a.is(502, 503, 504):
		return fail("/v2/ answers "+a.said()+": the front is there and nothing behind it is ready", p.kubectl("get pods")+"\n"+p.kubectl("logs deploy/"+p.name), noRegistry)
	case a.status >= 300 && a.status < 400:
		return fail("/v2/ sends clients on"+to(a), p.lookAtFront(), noRegistry)
	case a.is(200) && registry && anonymous:
		p.r.ok(checkChallenge, on, "/v2/ answers 200 to everybody, as spec.auth.anonymous says")
		return ""
	case a.is(200) && registry:
		return fail("/v2/ answers 200 to everybody: this registry is open", "reggen check "+problem.QuoteArg(p.r.Environment)+"   # rule open-registry\n"+p.kubectl("get configmap "+p.name+"-config -o yaml"), openToAll)
	case a.is(401) && anonymous:
		return fail("/v2/ answers 401", "apply the build", "it asks for a password that the spec does not know")
	case !a.is(401):
		return fail("/v2/ answers "+a.said()+", and not as a registry", p.lookAtFront(), noRegistry)
	}
	scheme, has := challenged(a.header.Get("WWW-Authenticate"))
	switch {
	case scheme == "":
		return fail("/v2/ answers 401 and does not say how to log in", p.lookAtFront(), "it does not say how to log in")
	case scheme != "basic":
		return fail(fmt.Sprintf("/v2/ asks for %s, a way to log in that the spec does not make", problem.Quoted(scheme)), p.lookAtFront(), "it asks for something else than a password")
	case has != realm:
		return fail("/v2/ answers 401 with the realm "+problem.Quoted(has), "another registry, or an old configuration: apply the build\n"+p.kubectl("rollout status deploy/"+p.name), "another realm than the spec's asks for a password")
	}
	p.r.ok(checkChallenge, on, "/v2/ answers 401, Basic realm=%q", realm)
	return ""
}

func to(a answer) string {
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return " to " + u.Scheme + "://" + problem.Shown(u.Host)
}

// challenged takes a challenge apart: its scheme in small letters, and its realm.
func challenged(header string) (scheme, realm string) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	for part := range strings.SplitSeq(rest, ",") {
		key, value, is := strings.Cut(strings.TrimSpace(part), "=")
		if is && strings.EqualFold(key, "realm") {
			return strings.ToLower(scheme), strings.Trim(value, `"`)
		}
	}
	return strings.ToLower(scheme), ""
}

// strangers tries to get in without a password, and with an invented one.
func (p *probing) strangers() {
	if p.spec.Auth.Anonymous {
		p.r.untried(checkStrangers, "", "spec.auth.anonymous lets everybody in")
		return
	}
	invented := &login{"reggen-probe", p.made()}
	var in, unclear []string
	for _, try := range []struct {
		what string
		q    question
	}{
		{"the list of repositories", question{method: http.MethodGet, path: "/v2/_catalog?n=1"}},
		{"a pull", question{method: http.MethodGet, path: manifest(keptTag), accept: manifestType}},
		{"a push", question{method: http.MethodPost, path: uploads, body: http.NoBody}},
		{"a login with an invented password", question{method: http.MethodGet, path: "/v2/", as: invented}},
	} {
		a := p.c.ask(p.ctx, try.q)
		switch {
		case a.err != nil || a.status >= 500:
			unclear = append(unclear, try.what+": "+a.said())
		case a.status < 300, a.code == "MANIFEST_UNKNOWN", a.code == "NAME_UNKNOWN":
			in = append(in, try.what)
		}
		if a.is(202) {
			p.cancel(a, nil)
		}
	}
	const want = "401 to all of it"
	switch {
	case len(in) > 0:
		p.r.failed(checkStrangers, "", "let in without being known: "+strings.Join(in, ", "), want, "reggen check "+problem.QuoteArg(p.r.Environment)+"   # rule open-registry")
	case len(unclear) > 0:
		p.r.failed(checkStrangers, "", strings.Join(unclear, "; "), want, p.kubectl("logs deploy/"+p.name))
	default:
		p.r.ok(checkStrangers, "", "get nothing: no list, no pull, no push, no login with an invented password")
	}
}
