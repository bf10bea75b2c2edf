package rendered

import (
	"slices"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/object"
)

// frontRules look at the Ingresses in front of a registry. What is said of
// nginx counts for ingress-nginx alone; others don't read its annotations.
var frontRules = []Rule{
	{
		ID: "body-size", Severity: Error, Inputs: []Input{Objects}, onlyOn: bodySize,
		Title:  "nginx lets layers through",
		Reason: "nginx refuses requests above 1 MB unless told otherwise, and a layer comes in one request: docker push says 413.",
		Fix:    "Set nginx.ingress.kubernetes.io/proxy-body-size to 0 or to more than your largest layer; spec.ingress.maxBodySize does.",
	},
	{
		ID: "buffering", Severity: Warning, Inputs: []Input{Objects}, onlyOn: buffering,
		Title:  "nginx hands uploads on while they come",
		Reason: "With request buffering nginx keeps each layer on its own disk before the registry sees the first byte, and fills it up.",
		Fix:    "Set nginx.ingress.kubernetes.io/proxy-request-buffering to \"off\"; reggen does.",
	},
	{
		ID: "timeouts", Severity: Warning, Inputs: []Input{Objects}, onlyOn: timeouts,
		Title:  "nginx waits for slow uploads",
		Reason: "After 60 seconds without an answer nginx gives up: large layers into slow storage fail at the end, and are sent again from the start.",
		Fix:    "Set nginx.ingress.kubernetes.io/proxy-read-timeout and proxy-send-timeout to 900; reggen does.",
	},
	{
		ID: "ingress-nginx", Severity: Warning, Inputs: []Input{Objects}, onlyOn: retired,
		Title:  "the Ingress doesn't depend on ingress-nginx",
		Reason: "ingress-nginx was retired in March 2026: nobody mends its security any more. Its annotations mean nothing to another controller.",
		Fix:    "Move to a Gateway (spec.gateway) or to a controller that is looked after; until then say why not, under spec.check.silence.",
	},
	{
		ID: "route-backend", Severity: Error, Inputs: []Input{Objects}, onlyOn: routeBackend,
		Title:  "an HTTPRoute leads to a Service that is there",
		Reason: "kustomize's namePrefix and nameSuffix rename the Service. The Ingress follows, the HTTPRoute and the BackendTLSPolicy don't, and the Gateway answers 500.",
		Fix:    "Name the environment in the spec (metadata.name) instead of by namePrefix, or patch the HTTPRoute's backendRefs as well.",
	},
	{
		ID: "backend-tls", Severity: Error, Inputs: []Input{Objects}, onlyOn: backendTLS,
		Title:  "who stands before a registry that speaks TLS speaks it too",
		Reason: "A Gateway and ingress-nginx speak plain HTTP to what is behind them unless told otherwise. The registry answers 400, Client sent an HTTP request to an HTTPS server. A warning for a Gateway, which somebody else may have told.",
		Fix:    "For a Gateway a BackendTLSPolicy: spec.gateway.backendTLS makes one. For ingress-nginx the annotation backend-protocol: HTTPS; reggen sets it.",
	},
}

// routes are the HTTPRoutes that lead to a registry.
func (b *build) routes(r registry) []object.Object {
	services := b.services(r)
	var out []object.Object
	for _, o := range b.objects {
		if o.Kind() == "HTTPRoute" && o.Namespace() == r.object.Namespace() && slices.ContainsFunc(backends(o), func(n string) bool { return services[n] }) {
			out = append(out, o)
		}
	}
	return out
}

// backends are the Services of its own namespace that an HTTPRoute leads to.
func backends(route object.Object) []string {
	var out []string
	for _, rule := range list(route, "spec", "rules") {
		m, _ := rule.(map[string]any)
		for _, ref := range list(m, "backendRefs") {
			kind, ns := text(ref, "kind"), text(ref, "namespace")
			if (kind == "" || kind == "Service") && (ns == "" || ns == route.Namespace()) {
				out = append(out, text(ref, "name"))
			}
		}
	}
	return out
}

// services are the Services that lead to a registry's pods.
func (b *build) services(r registry) map[string]bool {
	out := map[string]bool{}
	for _, o := range b.objects {
		if o.Kind() == "Service" && o.Namespace() == r.object.Namespace() && r.matches(o.Map("spec", "selector")) {
			out[o.Name()] = true
		}
	}
	return out
}

// routeBackend: kustomize renames Services (namePrefix, nameSuffix) and follows
// the references of an Ingress, not those of an HTTPRoute.
func routeBackend(b *build) []hit {
	var l []hit
	for _, o := range b.objects {
		if o.Kind() != "HTTPRoute" || !slices.ContainsFunc(b.serving(), func(r registry) bool { return r.object.Namespace() == o.Namespace() }) {
			continue
		}
		for _, name := range backends(o) {
			if b.find("Service", o.Namespace(), name) == nil {
				l = append(l, at(o, "spec.rules", "a Service of this build", "leads to the Service %s, which is not there", name))
			}
		}
		for _, p := range b.policies(o.Namespace()) {
			for _, name := range targets(p) {
				if b.find("Service", o.Namespace(), name) == nil {
					l = append(l, at(p, "spec.targetRefs", "a Service of this build", "is about the Service %s, which is not there", name))
				}
			}
		}
	}
	return l
}

// policies are the BackendTLSPolicies of a namespace.
func (b *build) policies(namespace string) []object.Object {
	var out []object.Object
	for _, o := range b.objects {
		if o.Kind() == "BackendTLSPolicy" && o.Namespace() == namespace {
			out = append(out, o)
		}
	}
	return out
}

// targets are the Services that a policy is about.
func targets(policy object.Object) []string {
	var out []string
	for _, ref := range list(policy, "spec", "targetRefs") {
		if text(ref, "kind") == "Service" {
			out = append(out, text(ref, "name"))
		}
	}
	return out
}

func backendTLS(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		if !r.setting("http", "tls", "certificate").set {
			continue
		}
		told := map[string]bool{}
		for _, p := range b.policies(r.object.Namespace()) {
			for _, name := range targets(p) {
				told[name] = true
			}
		}
		for _, o := range b.routes(r) {
			for _, name := range backends(o) {
				if b.services(r)[name] && !told[name] {
					h := at(o, "spec.rules", "a BackendTLSPolicy about it", "leads to the Service %s, whose pods speak TLS", name)
					h.severity = Warning
					l = append(l, h)
				}
			}
		}
		for _, o := range b.fronts(r) {
			value, where := annotation(o, "backend-protocol")
			if isNginx(o) && value != "HTTPS" {
				l = append(l, at(o, where, "HTTPS", "is not HTTPS, and the pods behind it speak TLS"))
			}
		}
	}
	return l
}

const nginx = "nginx.ingress.kubernetes.io/"

// fronts are the Ingresses that lead to a registry.
func (b *build) fronts(r registry) []object.Object {
	services := b.services(r)
	var out []object.Object
	for _, o := range b.objects {
		if o.Kind() != "Ingress" || o.Namespace() != r.object.Namespace() {
			continue
		}
		leads := services[text(o, "spec", "defaultBackend", "service", "name")]
		for _, rule := range list(o, "spec", "rules") {
			m, _ := rule.(map[string]any)
			for _, p := range list(m, "http", "paths") {
				leads = leads || services[text(p, "backend", "service", "name")]
			}
		}
		if leads {
			out = append(out, o)
		}
	}
	return out
}

// nginxFronts are those of them that ingress-nginx serves, as far as they say:
// by their class, or by its annotations.
func (b *build) nginxFronts() []object.Object {
	var out []object.Object
	seen := map[object.ID]bool{}
	for _, r := range b.serving() {
		for _, o := range b.fronts(r) {
			if isNginx(o) && !seen[o.ID()] {
				seen[o.ID()] = true
				out = append(out, o)
			}
		}
	}
	return out
}

func isNginx(o object.Object) bool {
	class := text(o, "spec", "ingressClassName")
	if class == "" {
		class = text(o, "metadata", "annotations", "kubernetes.io/ingress.class")
	}
	is := class == "nginx" || strings.HasSuffix(class, "-nginx")
	for name := range o.Map("metadata", "annotations") {
		is = is || strings.HasPrefix(name, nginx)
	}
	return is
}

func annotation(o object.Object, name string) (string, string) {
	return text(o, "metadata", "annotations", nginx+name), "metadata.annotations[" + nginx + name + "]"
}

// layer is what a single layer of an image may well weigh: 1 GiB.
const layer = 1 << 30

func bodySize(b *build) []hit {
	var l []hit
	for _, o := range b.nginxFronts() {
		value, where := annotation(o, "proxy-body-size")
		size, ok := nginxSize(value)
		switch {
		case value == "":
			l = append(l, at(o, where, "0, or more than your largest layer", "is missing"))
		case ok && size > 0 && size < layer:
			h := at(o, where, "0, or more than your largest layer", "is %s", value)
			h.severity = Warning
			l = append(l, h)
		}
	}
	return l
}

// nginxSize reads a size as nginx writes it: bytes, or with k, m or g.
func nginxSize(s string) (int64, bool) {
	unit := int64(1)
	if s != "" {
		switch s[len(s)-1] {
		case 'k', 'K':
			unit = 1 << 10
		case 'm', 'M':
			unit = 1 << 20
		case 'g', 'G':
			unit = 1 << 30
		}
	}
	if unit > 1 {
		s = s[:len(s)-1]
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n * unit, err == nil
}

func buffering(b *build) []hit {
	var l []hit
	for _, o := range b.nginxFronts() {
		if value, where := annotation(o, "proxy-request-buffering"); value != "off" {
			l = append(l, at(o, where, `"off"`, "is not off"))
		}
	}
	return l
}

func timeouts(b *build) []hit {
	var l []hit
	for _, o := range b.nginxFronts() {
		for _, name := range []string{"proxy-read-timeout", "proxy-send-timeout"} {
			value, where := annotation(o, name)
			seconds, err := strconv.Atoi(strings.TrimSuffix(value, "s"))
			if value == "" || err == nil && seconds < 300 {
				l = append(l, at(o, where, "900", "leaves slow uploads less than five minutes"))
			}
		}
	}
	return l
}

func retired(b *build) []hit {
	var l []hit
	for _, o := range b.nginxFronts() {
		for name := range o.Map("metadata", "annotations") {
			if strings.HasPrefix(name, nginx) {
				l = append(l, at(o, "metadata.annotations", "a controller that is looked after", "are for ingress-nginx, which was retired in March 2026"))
				break
			}
		}
	}
	return l
}
