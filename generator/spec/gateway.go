package spec

import (
	"fmt"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// Gateway is how the host reaches the registry through a Gateway that somebody
// else runs: an HTTPRoute. TLS ends at the Gateway, which brings the
// certificate.
type Gateway struct {
	// ParentRefs are the Gateways, as the Gateway API has them. A list, as
	// there: nearly every registry has one, and an overlay that has another
	// one says it whole.
	ParentRefs     []ParentRef       `json:"parentRefs,omitempty"`
	PullHost       string            `json:"pullHost,omitempty"`
	RequestTimeout string            `json:"requestTimeout,omitempty"`
	Annotations    map[string]string `json:"annotations,omitempty"`
	BackendTLS     *BackendTLS       `json:"backendTLS,omitempty"`
}

// BackendTLS is how the Gateway knows the registry's certificate, where
// spec.tls has one: a BackendTLSPolicy (Gateway API v1.4 and newer).
type BackendTLS struct {
	CAConfigMap string `json:"caConfigMap,omitempty"`
	SystemCAs   bool   `json:"systemCAs,omitempty"`
	Hostname    string `json:"hostname,omitempty"`
}

// ParentRef names a Gateway, and a listener of it.
type ParentRef struct {
	Name        string `json:"name"`
	Namespace   string `json:"namespace,omitempty"`
	SectionName string `json:"sectionName,omitempty"`
	Port        *int   `json:"port,omitempty"`
}

func (v *validator) gateway() {
	g := v.s.Gateway
	if g == nil {
		return
	}
	const path, list = "spec.gateway", "spec.gateway.parentRefs"
	if len(g.ParentRefs) == 0 {
		v.Add(list, "is missing", "the Gateway that serves the host: its name, and its namespace if that is another one")
	}
	seen, named := map[ParentRef]bool{}, map[[2]string]bool{} // by namespace and name: whether as a whole
	for i, p := range g.ParentRefs {
		at := fmt.Sprintf("%s[%d]", list, i)
		if !v.Missing(at+".name", p.Name, "the Gateway's name") {
			v.Name(at+".name", p.Name)
		}
		if p.Namespace != "" && !syntax.IsLabel(p.Namespace) {
			v.Add(at+".namespace", problem.Quoted(p.Namespace)+" is not a namespace", syntax.WantLabel)
		}
		v.Name(at+".sectionName", p.SectionName)
		if p.Port != nil && (*p.Port < 1 || *p.Port > 65535) {
			v.Add(at+".port", fmt.Sprintf("is %d", *p.Port), "a port of the Gateway, from 1 to 65535")
		}
		same := ParentRef{Name: p.Name, Namespace: p.Namespace, SectionName: p.SectionName}
		if seen[same] {
			v.Add(at, "stands in the list twice", "each listener once, told apart by sectionName")
		}
		seen[same] = true
		if other := p.SectionName == ""; p.Name != "" {
			if before, ok := named[[2]string{p.Namespace, p.Name}]; ok && before != other {
				v.Add(at, "names a listener of a Gateway that the list also names as a whole, which the Gateway API refuses", "sectionName in all of its entries, or one entry")
			}
			named[[2]string{p.Namespace, p.Name}] = other
		}
	}
	if g.PullHost != "" {
		const at = path + ".pullHost"
		name, port, _ := strings.Cut(g.PullHost, ":")
		switch what := syntax.CheckHost(g.PullHost); {
		case what != "":
			v.Add(at, what, "")
		case port != "" || syntax.IPv4.Matches(name):
			v.Add(at, "is not a name alone", "a DNS name without a port")
		case g.PullHost == v.s.Host:
			v.Add(at, "is spec.host, where people push", "a name of its own, which lets GET and HEAD through alone")
		}
	}
	if g.RequestTimeout != "" && !syntax.GatewayDuration.Matches(g.RequestTimeout) {
		v.Add(path+".requestTimeout", problem.Quoted(g.RequestTimeout)+" is not a duration as the Gateway API writes it", "for instance 15m; 0s is no limit")
	}
	v.annotations(path+".annotations", g.Annotations, false)
	v.backendTLS()
}

func (v *validator) backendTLS() {
	const path = "spec.gateway.backendTLS"
	b := v.s.Gateway.BackendTLS
	switch {
	case b == nil && v.s.TLS != nil:
		v.Add(path, "is missing: with spec.tls the registry speaks TLS, and a Gateway speaks plain HTTP to it unless told otherwise",
			"caConfigMap, the ConfigMap with the certificate's authority, or systemCAs: true")
	case b == nil:
	case v.s.TLS == nil:
		v.Add(path, "says how to know the registry's certificate, and it has none", "spec.tls, or no backendTLS")
	case b.CAConfigMap == "" && !b.SystemCAs:
		v.Add(path, "says nothing of who signed the certificate", "caConfigMap or systemCAs: true")
	case b.CAConfigMap != "" && b.SystemCAs:
		v.Add(path, "has caConfigMap and systemCAs", "one of the two")
	}
	if b == nil {
		return
	}
	v.Name(path+".caConfigMap", b.CAConfigMap)
	if name, port, _ := strings.Cut(b.Hostname, ":"); b.Hostname != "" && (syntax.CheckHost(b.Hostname) != "" || port != "" || syntax.IPv4.Matches(name)) {
		v.Add(path+".hostname", problem.Quoted(b.Hostname)+" is not a name alone", "a DNS name that the certificate holds")
	}
}
