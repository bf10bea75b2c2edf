package spec

import (
	"net/url"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// Proxy makes the registry a pull-through cache of another one: clients pull
// through it and can't push.
type Proxy struct {
	RemoteURL      string    `json:"remoteURL"`
	TTL            string    `json:"ttl,omitempty"`
	ExistingSecret *LoginRef `json:"existingSecret,omitempty"`
}

// proxy refuses what can't be cached. GitLab's fork took its cache out in April
// 2023 (its merge request 1275), so that no version 4 has it.
func (v *validator) proxy() {
	p := v.s.Proxy
	if p == nil {
		return
	}
	const path, want = "spec.proxy.remoteURL", "https:// and a host, for instance https://registry-1.docker.io"
	if v.s.ReadOnly {
		v.Add("spec.readOnly", "is true, and a cache takes no pushes anyway but has to store what it pulls", "one of spec.proxy and spec.readOnly")
	}
	if major, _, known := v.s.Image.gitlabRelease(); v.s.Image.Flavor == GitLab && known && major > 3 {
		of := "the tag is " + problem.Quoted(v.s.Image.Tag)
		if v.s.Image.Version != "" {
			of = "the version is " + v.s.Image.Version
		}
		v.Add("spec.proxy", "is what GitLab's registry lost in 2023, and "+of, "spec.image.flavor distribution")
	}
	if v.s.GarbageCollection != nil {
		v.Add("spec.garbageCollection", "stands beside spec.proxy, and a cache stores what it pulls even while it is read-only", "one of the two: a cache drops by itself what is old")
	}
	v.login(*p)
	if v.Missing(path, p.RemoteURL, want) {
		return
	}
	u, err := url.Parse(p.RemoteURL)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		v.Add(path, "is not a URL", want)
	case u.User != nil:
		v.Add(path, "has a user name or a password in it", want+"; a spec holds no secrets")
	case u.Scheme != "https" && u.Scheme != "http":
		v.Add(path, "its scheme is "+problem.Quoted(u.Scheme), "https://, or http:// for a registry without TLS")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || strings.HasSuffix(p.RemoteURL, "#"):
		v.Add(path, "has a path, a query or a fragment", want)
	case !syntax.IsEndpointHost(u):
		v.Add(path, "its host is not a DNS name or an address", want)
	case u.Host == "docker.io" || u.Host == "hub.docker.com" || u.Host == "index.docker.io":
		v.Add(path, "is Docker Hub's name for people, not its registry", "https://registry-1.docker.io")
	case u.Host == v.s.Host:
		v.Add(path, "is this registry itself", "another one")
	}
}
