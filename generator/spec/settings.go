package spec

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// TLS lets the pod itself speak TLS.
type TLS struct {
	SecretName string `json:"secretName"` // of type kubernetes.io/tls
}

// Redis keeps what the registry knows of layers where all replicas see it.
type Redis struct {
	Addrs    []string `json:"addrs,omitempty"`
	DB       int      `json:"db,omitempty"`
	Username string   `json:"username,omitempty"`
}

// Notifications tell others what was pushed and pulled.
type Notifications struct {
	Endpoints         map[string]Endpoint `json:"endpoints,omitempty"`
	IncludeReferences bool                `json:"includeReferences,omitempty"`
}

// Endpoint is one that events are posted to. Headers that are secret are a
// credential's.
type Endpoint struct {
	URL               string            `json:"url"`
	Headers           map[string]string `json:"headers,omitempty"`
	Timeout           string            `json:"timeout,omitempty"`
	Threshold         *int              `json:"threshold,omitempty"`
	Backoff           string            `json:"backoff,omitempty"`
	IgnoredMediaTypes []string          `json:"ignoredMediaTypes,omitempty"`
	IgnoredActions    []string          `json:"ignoredActions,omitempty"`
	Disabled          bool              `json:"disabled,omitempty"`
}

// LoginRef names a Secret that something else brings, and its two keys, whose
// values the registry reads as YAML.
type LoginRef struct {
	Name     string `json:"name"`
	Username string `json:"username,omitempty"` // default username
	Password string `json:"password,omitempty"` // default password
}

var actions = []string{"pull", "push", "mount", "delete"}

func defaultProxy(p Proxy) *Proxy {
	if p.ExistingSecret != nil {
		ref := *p.ExistingSecret
		set(&ref.Username, "username")
		set(&ref.Password, "password")
		p.ExistingSecret = &ref
	}
	return &p
}

func (v *validator) tls() {
	if t := v.s.TLS; t != nil && !v.Missing("spec.tls.secretName", t.SecretName, "the Secret with tls.crt and tls.key, for instance one of cert-manager's") {
		v.Name("spec.tls.secretName", t.SecretName)
	}
}

func (v *validator) redis() {
	r := v.s.Redis
	if r == nil {
		return
	}
	const path = "spec.redis"
	if len(r.Addrs) == 0 {
		v.Add(path+".addrs", "is missing", "where Redis listens, for instance redis.cache.svc:6379")
	}
	for i, a := range r.Addrs {
		at := fmt.Sprintf("%s.addrs[%d]", path, i)
		host, port, found := strings.Cut(a, ":")
		switch {
		case strings.Contains(a, "://"):
			v.Add(at, "has a scheme", "a host and a port, for instance redis.cache.svc:6379")
		case !found || !syntax.IsPort(port) || !syntax.Host.Matches(host) && !syntax.IPv4.Matches(host):
			v.Add(at, problem.Quoted(a)+" is not a host and a port", "for instance redis.cache.svc:6379")
		}
	}
	if len(r.Addrs) > 1 && v.s.Image.Flavor != Distribution {
		v.Add(path+".addrs", fmt.Sprintf("has %d entries, and only version 3 of the registry knows several", len(r.Addrs)), "one, or spec.image.flavor distribution")
	}
	if r.DB < 0 {
		v.Add(path+".db", fmt.Sprintf("is %d", r.DB), "0 or more")
	}
	if r.DB > 0 && len(r.Addrs) > 1 {
		v.Add(path+".db", fmt.Sprintf("is %d, and a cluster has one database, 0", r.DB), "one address, or no db")
	}
	if syntax.HasControl(r.Username) {
		v.Add(path+".username", "has a newline or another control character", "")
	}
	if r.Username != "" && v.s.Image.Flavor != Distribution {
		v.Add(path+".username", "is what only version 3 of the registry knows", "no username, or spec.image.flavor distribution")
	}
}

func (v *validator) notifications() {
	n := v.s.Notifications
	if n == nil {
		return
	}
	const path = "spec.notifications"
	if len(n.Endpoints) == 0 {
		v.Add(path+".endpoints", "is missing", "whom to tell: a name, and its url")
	}
	for _, name := range slices.Sorted(maps.Keys(n.Endpoints)) {
		e, at := n.Endpoints[name], problem.Below(path+".endpoints", name)
		if !syntax.IsLabel(name) {
			v.Add(at, "is not a name", syntax.WantLabel)
		}
		if !v.Missing(at+".url", e.URL, "where events are posted to") {
			u, err := url.Parse(e.URL)
			switch {
			case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
				v.Add(at+".url", "is not a URL", "https:// and where events are posted to")
			case u.User != nil:
				v.Add(at+".url", "has a user name or a password in it", "a header out of a credential: notifications."+name+".Authorization")
			}
		}
		for _, h := range slices.Sorted(maps.Keys(e.Headers)) {
			if !syntax.Header.Matches(h) || syntax.HasControl(e.Headers[h]) {
				v.Add(problem.Below(at+".headers", h), "is not a header", "letters, digits and hyphens, and a value on one line")
			}
		}
		for field, d := range map[string]string{"timeout": e.Timeout, "backoff": e.Backoff} {
			if d != "" && !syntax.Duration.Matches(d) {
				v.Add(at+"."+field, problem.Quoted(d)+" is not a duration", "for instance 5s")
			}
		}
		if e.Threshold != nil && *e.Threshold < 1 {
			v.Add(at+".threshold", fmt.Sprintf("is %d", *e.Threshold), "how many failures in a row make it wait, 1 or more")
		}
		for i, a := range e.IgnoredActions {
			v.Enum(fmt.Sprintf("%s.ignoredActions[%d]", at, i), a, actions)
		}
	}
}

// login checks what a cache says beyond its remote registry.
func (v *validator) login(p Proxy) {
	const path = "spec.proxy"
	if p.TTL != "" {
		switch {
		case v.s.Image.Flavor != Distribution:
			v.Add(path+".ttl", "is what only version 3 of the registry knows", "no ttl, which is 7 days, or spec.image.flavor distribution")
		case p.TTL != "0" && !syntax.Duration.Matches(p.TTL):
			v.Add(path+".ttl", problem.Quoted(p.TTL)+" is not a duration", "for instance 168h; 0 is for ever")
		}
	}
	if ref := p.ExistingSecret; ref != nil {
		v.SecretRef(path+".existingSecret", ref.Name, map[string]string{"username": ref.Username, "password": ref.Password})
		if ref.Username == ref.Password && ref.Username != "" {
			v.Add(path+".existingSecret", "username and password name the same key of the Secret", "two keys")
		}
	}
}
