package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

func (v *validator) pullSecrets() {
	if len(v.s.PullSecrets) > 0 && v.s.Auth.Anonymous {
		v.Add("spec.pullSecrets", "spec.auth.anonymous lets everybody in, so there is nobody to pull as", "one of the two")
	}
	for _, name := range slices.Sorted(maps.Keys(v.s.PullSecrets)) {
		p, at := v.s.PullSecrets[name], problem.Below("spec.pullSecrets", name)
		v.Name(at, name)
		for _, suffix := range []string{"-htpasswd", "-s3", "-http"} {
			if v.r.Metadata.Name != "" && name == v.r.Metadata.Name+suffix {
				v.Add(at, "the registry has a Secret of this name", "another name")
			}
		}
		if what := syntax.CheckUser(p.User); p.User != "" && what != "" {
			v.Add(at+".user", what, "")
		}
		v.Missing(at+".user", p.User, "the user to pull as: one with a credential file")
		v.namespaces(at+".namespaces", p.Namespaces)
		if what := syntax.CheckServer(p.Server); p.Server != "" && p.Server != v.s.Host && what != "" {
			v.Add(at+".server", what, "a host, with a port and a path if need be, without https://")
		}
		v.serviceAccounts(at+".serviceAccounts", p.ServiceAccounts)
		if syntax.HasControl(p.Email) {
			v.Add(at+".email", "has a newline or another control character", "")
		}
	}
}

func (v *validator) namespaces(path string, list []string) {
	if list != nil && len(list) == 0 {
		v.Add(path, "is empty", "at least one namespace, or no such field: then it is the registry's own")
	}
	seen := map[string]bool{}
	for i, n := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case !syntax.IsLabel(n):
			v.Add(at, problem.Quoted(n)+" is not a namespace", syntax.WantLabel)
		case seen[n]:
			v.Add(at, problem.Quoted(n)+" stands in the list twice", "")
		}
		seen[n] = true
	}
}

func (v *validator) serviceAccounts(path string, list []string) {
	seen := map[string]bool{}
	for i, n := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !v.Missing(at, n, "the name of a ServiceAccount, for instance default") {
			v.Name(at, n)
		}
		if seen[n] {
			v.Add(at, problem.Quoted(n)+" stands in the list twice", "")
		}
		seen[n] = true
	}
}

// resources checks requests or limits.
func (v *validator) resources(path string, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		at, q := problem.Below(path, k), m[k]
		if !syntax.IsResource(k) {
			names := []string{"cpu", "memory", "ephemeral-storage"}
			v.Problems.Add(problem.Problem{Path: at, What: "is not a resource", Want: "cpu, memory, ephemeral-storage, or a name with a slash", Near: problem.Nearest(k, names)})
			continue
		}
		p := problem.Problem{Path: at}
		switch {
		case len(q) > problem.LongestQuoted || !syntax.Quantity.Matches(q):
			p.What, p.Want = problem.Quoted(q)+" is not a quantity", "one, for instance 250m, 1 or 512Mi"
			if s := strings.TrimSuffix(strings.TrimSuffix(q, "b"), "B"); s != q && syntax.Quantity.Matches(s) {
				p.Near = s
			}
		case k != "cpu" && strings.ContainsAny(q[len(q)-1:], "num"):
			p.What, p.Want = problem.Quoted(q)+" is a fraction: m means thousandths", "whole bytes, for instance 512Mi"
			if s := q[:len(q)-1] + "Mi"; q[len(q)-1] == 'm' {
				p.Near = s
			}
		default:
			continue
		}
		v.Problems.Add(p)
	}
}
