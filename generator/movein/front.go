package movein

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/syntax"
)

// front is how the registry is reached: the Ingress, the Service, TLS.
func (m *move) front() {
	m.ingress()
	if name := m.in.text("tlsSecretName"); name != "" {
		m.out.put(name, "tls", "secretName")
	}
	if name := m.in.text("service", "name"); name != "" && name != "registry" && name != "http" {
		m.left("service.name", "is not carried over: the port is called http, with TLS https", "")
	}
	if kind := m.in.text("service", "type"); kind != "ClusterIP" {
		m.out.put(kind, "service", "type")
	}
	if n, ok := m.in.number("service", "port"); ok {
		m.in.put(n, "service", "port")
	}
	for _, key := range []string{"annotations", "loadBalancerIP", "loadBalancerSourceRanges"} {
		m.out.put(m.in.take("service", key), "service", key)
	}
	if port, ok := m.in.number("service", "nodePort"); ok && port > 0 {
		m.out.put(port, "service", "nodePort")
	}
}

func (m *move) ingress() {
	const standIn = "registry.example.com"
	on := m.yes("ingress", "enabled")
	var hosts []string
	for _, h := range m.in.list("ingress", "hosts") {
		text, _ := h.(string)
		if of, is := h.(map[string]any); is {
			text, _ = of["host"].(string)
		}
		if text != "" && !slices.Contains(hosts, text) {
			hosts = append(hosts, text)
		}
	}
	host := standIn
	switch {
	case len(hosts) == 0:
		m.left("ingress.hosts", "says no host: "+standIn+" stands for it", "set spec.host")
	case isPlaceholder(hosts[0]):
		m.left("ingress.hosts", "is a placeholder: "+standIn+" stands for it", "set spec.host")
	default:
		host = hosts[0]
	}
	m.out["host"] = host
	if !on {
		m.drop("the release has no Ingress", "ingress")
		return
	}
	ingress := tree{}
	a := m.in.mapping("ingress", "annotations")
	class := m.in.text("ingress", "className")
	if old := a.text("kubernetes.io/ingress.class"); class == "" {
		class = old
	}
	ingress.put(class, "className")
	ingress.put(a.text("cert-manager.io/cluster-issuer"), "clusterIssuer")
	if size := a.text("nginx.ingress.kubernetes.io/proxy-body-size"); syntax.BodySize.Matches(size) {
		if !(size == "0" && class == "nginx") {
			ingress.put(size, "maxBodySize")
		}
	} else if size != "" {
		ingress.put(size, "annotations", "nginx.ingress.kubernetes.io/proxy-body-size")
	}
	for key, value := range a {
		ingress.put(value, "annotations", key)
	}
	if path := m.in.text("ingress", "path"); path != "" && path != "/" {
		m.left("ingress.path", "is not carried over: a registry has a host of its own", "")
	}
	m.certificates(ingress, hosts)
	m.out["ingress"] = map[string]any(ingress)
}

// certificates gives the spec's host the certificate that names it, and says how
// the other hosts get theirs.
func (m *move) certificates(ingress tree, hosts []string) {
	secretOf := map[string]string{} // by host
	all, first := m.in.list("ingress", "tls"), ""
	for _, c := range all {
		of, _ := c.(map[string]any)
		name, _ := of["secretName"].(string)
		if first == "" {
			first = name
		}
		names, _ := of["hosts"].([]any)
		for _, n := range names {
			if text, is := n.(string); is && secretOf[text] == "" {
				secretOf[text] = name
			}
		}
	}
	if len(all) == 0 {
		m.left("ingress.tls", "has no certificate: there is TLS now, with the Secret that spec.ingress.tlsSecretName names or defaults to", "")
	}
	// An entry without hosts is for all.
	certificate := func(host string) string {
		_, domain, _ := strings.Cut(host, ".")
		return cmp.Or(secretOf[host], secretOf["*."+domain], first)
	}
	used := map[string]bool{}
	main, port := "", 5000
	if n, is := m.in.number("service", "port"); is {
		m.in.put(n, "service", "port")
		port = int(n)
	}
	var further, patch []string
	for i, host := range hosts {
		if i == 0 {
			main = certificate(host)
			used[main] = true
			ingress.put(main, "tlsSecretName")
			continue
		}
		further = append(further, host)
		patch = append(patch, fmt.Sprintf(`{"op": "add", "path": "/spec/rules/-", "value": {"host": %q, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": %q, "port": {"number": %d}}}}]}}}`, host, m.fullname(), port))
		own := certificate(host)
		if used[own] = true; own == main {
			patch = append(patch, fmt.Sprintf(`{"op": "add", "path": "/spec/tls/0/hosts/-", "value": %q}`, host))
		} else {
			patch = append(patch, fmt.Sprintf(`{"op": "add", "path": "/spec/tls/-", "value": {"hosts": [%q], "secretName": %q}}`, host, own))
		}
	}
	if len(further) > 0 {
		m.left("ingress.hosts", "has further hosts, which are not carried over, since a spec has one: "+strings.Join(further, ", "),
			"add to the environment's kustomization.yaml: patches: [{target: {kind: Ingress}, patch: '["+strings.ReplaceAll(strings.Join(patch, ", "), "'", "''")+"]'}]")
	}
	if len(hosts) == 0 {
		used[first] = true
		ingress.put(first, "tlsSecretName")
	}
	for _, c := range all {
		of, _ := c.(map[string]any)
		if name, _ := of["secretName"].(string); name != "" && !used[name] {
			used[name] = true
			m.left("ingress.tls", "has the certificate "+name+", which is not carried over: it is for none of the hosts", "")
		}
	}
}
