package movein

import (
	"github.com/reggen/reggen/generator/syntax"
)

// front is how the registry is reached: the Ingress, the Service, TLS.
func (m *move) front() {
	m.ingress()
	if name := m.in.text("tlsSecretName"); name != "" {
		m.out.put(name, "tls", "secretName")
	}
	if port := m.in.text("service", "port"); port != "" && port != "5000" {
		m.left("service.port", "is "+port+" in the release, and 5000 now: whoever names the port has to follow", "")
	}
	if name := m.in.text("service", "name"); name != "" && name != "registry" && name != "http" {
		m.left("service.name", "is not carried over: the port is called http, with TLS https", "")
	}
	if kind := m.in.text("service", "type"); kind != "ClusterIP" {
		m.out.put(kind, "service", "type")
	}
	for _, key := range []string{"annotations", "loadBalancerIP", "loadBalancerSourceRanges"} {
		m.out.put(m.in.take("service", key), "service", key)
	}
	if port, ok := m.in.take("service", "nodePort").(float64); ok && port > 0 {
		m.out.put(port, "service", "nodePort")
	}
}

func (m *move) ingress() {
	const standIn = "registry.example.com"
	on := m.in.yes("ingress", "enabled")
	hosts, _ := m.in.take("ingress", "hosts").([]any)
	host := ""
	for i, h := range hosts {
		text, _ := h.(string)
		if of, is := h.(map[string]any); is {
			text, _ = of["host"].(string)
		}
		switch {
		case host == "":
			host = text
		default:
			m.left("ingress.hosts", "has the further host "+text+", which is not carried over: a spec has one", "put a kustomize patch of the Ingress into the environment")
		}
		_ = i
	}
	switch {
	case isPlaceholder(host):
		m.left("ingress.hosts", "is a placeholder: "+standIn+" stands for it", "set spec.host")
		host = standIn
	case host == "":
		m.left("ingress.hosts", "says no host: "+standIn+" stands for it", "set spec.host")
		host = standIn
	}
	m.out["host"] = host
	if !on {
		m.in.take("ingress")
		return
	}
	ingress := tree{}
	annotations, _ := m.in.take("ingress", "annotations").(map[string]any)
	a := tree(annotations)
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
	certificates, _ := m.in.take("ingress", "tls").([]any)
	for i, c := range certificates {
		of, _ := c.(map[string]any)
		name, _ := of["secretName"].(string)
		switch {
		case i == 0:
			ingress.put(name, "tlsSecretName")
		default:
			m.left("ingress.tls", "has a further certificate, "+name+", which is not carried over", "put a kustomize patch of the Ingress into the environment")
		}
	}
	if len(certificates) == 0 {
		m.left("ingress.tls", "has no certificate: there is TLS now, with the Secret that spec.ingress.tlsSecretName names or defaults to", "")
	}
	m.out["ingress"] = map[string]any(ingress)
}
