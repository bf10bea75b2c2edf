package probe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"crypto/tls"

	"github.com/reggen/reggen/generator/problem"
)

// layers fetches the pushed layer from where the registry sends clients.
func (p *probing) layers(by *login) {
	i := p.pushed()
	if i == nil {
		p.r.untried(checkLayers, "", "no image was pushed")
		return
	}
	a := p.c.ask(p.ctx, question{method: http.MethodGet, path: blob(digest(i.layer)), as: by})
	switch {
	case a.is(200) && digest(a.body) == digest(i.layer):
		p.r.ok(checkLayers, "", "the registry serves them itself")
	case a.is(200):
		p.r.failed(checkLayers, "", "the registry serves other bytes than were pushed", "the same", p.kubectl("logs deploy/"+p.name))
	case a.status >= 300 && a.status < 400:
		p.follow(a, digest(i.layer))
	default:
		p.r.failed(checkLayers, "", "the pushed layer gets "+a.said(), "200 or a redirect", p.kubectl("logs deploy/"+p.name))
	}
}

// follow goes where a redirect leads, without a password. What stands behind the
// question mark there opens the layer, so it is not told.
func (p *probing) follow(a answer, want string) {
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		p.r.failed(checkLayers, "", "clients are sent to something that is no address", "the object store", p.kubectl("logs deploy/"+p.name))
		return
	}
	u.User = nil
	store := u.Scheme + "://" + u.Host
	next := "make it reachable for clients and nodes"
	if p.spec.Storage.S3 != nil {
		next += ", or set spec.storage.s3.redirect to false"
	}
	got := p.fetch(u.String())
	switch {
	case got.err != nil:
		p.r.failed(checkLayers, "", "clients are sent to "+problem.Shown(store)+", which "+which(got.err), "one that clients reach", next)
	case !got.is(200):
		p.r.failed(checkLayers, "", "clients are sent to "+problem.Shown(store)+", which answers "+got.said(), "200", "403: keys, or a clock that is wrong; else\n"+next)
	case digest(got.body) != want:
		p.r.failed(checkLayers, "", problem.Shown(store)+" has other bytes than were pushed", "the same", "")
	default:
		p.r.ok(checkLayers, "", "clients are sent to %s, which gives them", problem.Shown(store))
	}
}

// which is broken, behind the name of a host.
func which(err error) string {
	text := broken(err)
	switch {
	case strings.HasPrefix(text, "there is no such name"):
		return "has no address here"
	case strings.HasPrefix(text, "there is no way"):
		return "can't be reached from here"
	case strings.HasPrefix(text, "the "):
		return "can't be asked: " + text
	}
	return text
}

// fetch gets an address as anybody would, a few redirects further at most.
func (p *probing) fetch(address string) answer {
	ctx, cancel := context.WithTimeout(p.ctx, p.c.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{err: err}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.c.roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
	by := http.Client{Transport: transport, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) >= 3 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := by.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostRead))
	return answer{status: res.StatusCode, header: res.Header, body: body, err: err}
}

// times is how often replicas are asked, each time over another connection.
const times = 8

// replicas asks for the same image again and again, and continues an upload over
// one connection after another.
func (p *probing) replicas(by *login) {
	next := p.kubectl("get pods -o wide") + "\n" + p.kubectl("get deploy "+p.name+" -o yaml | grep reggen.dev/rollout")
	if i := p.pushed(); i != nil {
		other := map[string]int{}
		for range times {
			a := p.c.ask(p.ctx, question{method: http.MethodGet, path: manifest(i.tag), as: by, accept: manifestType, fresh: true})
			switch {
			case !a.is(200):
				other[a.said()]++
			case digest(a.body) != digest(i.manifest):
				other["another image"]++
			}
		}
		for said, n := range other {
			p.r.failed(checkReplicas, "", fmt.Sprintf("of %d times that the pushed image was asked for, %d got %s", times, n, said), "the same image every time", next)
			return
		}
	}
	begin := p.c.ask(p.ctx, question{method: http.MethodPost, path: uploads, as: by, body: http.NoBody, fresh: true})
	last := begin
	for n := range times {
		path, _, ok := last.onward()
		if !last.is(202) || !ok {
			p.cancel(begin, by)
			saw := "an upload begun over one connection can't be continued over another: " + last.said()
			if n == 0 {
				saw = "an upload can't be begun: " + last.said()
			}
			p.r.failed(checkReplicas, "", saw, "one http secret and one storage for all replicas", next)
			return
		}
		begin = last
		last = p.c.ask(p.ctx, question{method: http.MethodPatch, path: path, as: by, body: strings.NewReader("\x00"), size: 1, mime: "application/octet-stream", fresh: true})
	}
	p.cancel(last, by)
	if p.pushed() == nil {
		p.r.ok(checkReplicas, "", "an upload was continued over %d connections", times)
		return
	}
	p.r.ok(checkReplicas, "", "the same image over %d connections, and an upload continued over %d", times, times)
}

// body sends an upload of the size that has to get through, and cancels it.
func (p *probing) body(by *login) {
	begin := p.c.ask(p.ctx, question{method: http.MethodPost, path: uploads, as: by, body: http.NoBody})
	path, _, ok := begin.onward()
	if !begin.is(202) || !ok {
		p.r.failed(checkBody, "", "an upload can't be begun: "+begin.said(), "202", p.kubectl("logs deploy/"+p.name))
		return
	}
	within := p.c.timeout + time.Duration(p.size/(128<<10))*time.Second
	a := p.c.ask(p.ctx, question{method: http.MethodPatch, path: path, as: by, body: io.LimitReader(zeros{}, p.size), size: p.size, mime: "application/octet-stream", within: within})
	next := "spec.ingress.maxBodySize, and what else stands in front\n" + p.lookAtFront()
	switch {
	case a.is(202, 204):
		p.cancel(a, by)
		p.r.ok(checkBody, "", "%s at once get through", size(p.size))
		return
	case a.is(413):
		p.r.failed(checkBody, "", size(p.size)+" at once get "+strconv.Itoa(a.status)+": something in front takes less", "layers to get through", next)
	default:
		p.r.failed(checkBody, "", size(p.size)+" at once: "+a.said(), "layers to get through", next)
	}
	p.cancel(begin, by)
}

// zeros is a reader without an end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
