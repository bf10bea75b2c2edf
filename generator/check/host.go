package check

import (
	"fmt"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rendered"
)

// host: the spec's host, what serves it (Ingress, its TLS entry, HTTPRoute) and
// the pull secrets name the same server; a kubelet that finds another name
// sends no password.
func host(s Subject) problem.List {
	var l problem.List
	if s.Registry == nil {
		return nil
	}
	spec := s.Registry.Spec
	name := rendered.Hostname(spec.Host)
	count := func(kind string, serves func(object.Object) bool) (all, serving int) {
		for _, o := range s.Objects {
			if o.Kind() != kind || o.Map("spec") == nil {
				continue
			}
			all++
			if serves(o) {
				serving++
			}
		}
		return all, serving
	}
	lost := func(kind string, all, serving int) {
		if all > 0 && serving == 0 {
			l.Add(problem.Problem{File: s.Root, Path: "spec.host", What: fmt.Sprintf("no %s of the build serves %q", kind, name),
				Want: "the host of the spec; a patch in the overlay may have changed the " + kind + " alone"})
		}
	}
	all, serving := count("Ingress", func(o object.Object) bool { return ingressServes(s, o, name, &l) })
	if spec.Ingress != nil {
		lost("Ingress", all, serving)
	}
	if spec.Gateway != nil {
		all, serving = count("HTTPRoute", func(o object.Object) bool { return routeServes(o, name) })
		lost("HTTPRoute", all, serving)
	}
	for _, n := range sortedKeys(spec.PullSecrets) {
		server := spec.PullSecrets[n].Server
		if server == "" || server == spec.Host || spec.Gateway != nil && server == spec.Gateway.PullHost {
			continue
		}
		want := "the same server, else the kubelet sends it no password"
		if spec.Gateway != nil && spec.Gateway.PullHost != "" {
			want = "one of the two that serve it: the host, or spec.gateway.pullHost"
		}
		l.Add(problem.Problem{File: s.Root, Path: "spec.pullSecrets." + n + ".server", What: fmt.Sprintf("is %q; the registry's host is %q", server, spec.Host), Want: want})
	}
	return l
}

// ingressServes says whether an Ingress serves the host, and tells what is
// wrong with its TLS entries if it does.
func ingressServes(s Subject, o object.Object, name string, l *problem.List) bool {
	mine, hosts := false, map[string]bool{}
	for _, r := range object.List(o, "spec", "rules") {
		h := object.Text(r, "host")
		hosts[h] = true
		mine = mine || h == name
	}
	if !mine {
		return false
	}
	tls := false
	for _, e := range object.List(o, "spec", "tls") {
		entry, _ := e.(map[string]any)
		for _, h := range object.List(entry, "hosts") {
			other, _ := h.(string)
			tls = tls || other == name
			if !hosts[other] {
				l.Add(problem.Problem{File: s.Root, What: fmt.Sprintf("%s has TLS for %q, which none of its rules serves", o.ID(), other), Want: "the host of a rule"})
			}
		}
	}
	if !tls {
		l.Add(problem.Problem{File: s.Root, What: fmt.Sprintf("%s has no TLS for %q: docker refuses a registry without TLS", o.ID(), name), Want: "an entry under spec.tls whose hosts name it"})
	}
	return true
}

func routeServes(o object.Object, name string) bool {
	for _, h := range object.List(o, "spec", "hostnames") {
		if h == name {
			return true
		}
	}
	return false
}
