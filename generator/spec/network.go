package spec

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reggen/reggen/generator/problem"
)

// NetworkPolicy says who may reach the registry's pods, and whom they may
// reach. Nothing of it is guessed: an unset field leaves its direction open.
type NetworkPolicy struct {
	IngressNamespaces []map[string]string `json:"ingressNamespaces,omitzero"` // each the labels of namespaces
	Egress            []map[string]any    `json:"egress,omitzero"`            // rules as Kubernetes has them
}

func (v *validator) networkPolicy() {
	p := v.s.NetworkPolicy
	if p == nil {
		return
	}
	const path, in, out = "spec.networkPolicy", "spec.networkPolicy.ingressNamespaces", "spec.networkPolicy.egress"
	if p.IngressNamespaces == nil && p.Egress == nil {
		v.Add(path, "says nothing", "ingressNamespaces, egress, or both: reggen doesn't guess where traffic comes from")
	}
	if p.IngressNamespaces != nil && len(p.IngressNamespaces) == 0 {
		v.Add(in, "is empty, so nobody could reach the registry", "the labels of the namespaces that may, for instance kubernetes.io/metadata.name: ingress")
	}
	for i, m := range p.IngressNamespaces {
		at := fmt.Sprintf("%s[%d]", in, i)
		if len(m) == 0 {
			v.Add(at, "has no labels, which would select every namespace", "labels, or no ingressNamespaces")
		}
		v.labels(at, m)
	}
	if kind, _ := v.s.Storage.Keys(); p.Egress != nil && len(p.Egress) == 0 {
		switch {
		case kind != "filesystem":
			v.Add(out, "is empty, so the registry could reach neither its bucket nor DNS", "rules for both, or no egress")
		case v.s.Proxy != nil:
			v.Add(out, "is empty, so the cache could reach neither spec.proxy.remoteURL nor DNS", "rules for both, or no egress")
		case v.s.Redis != nil:
			v.Add(out, "is empty, so the registry could reach neither Redis nor DNS", "rules for both, or no egress")
		case v.s.Notifications != nil:
			v.Add(out, "is empty, so the registry could reach none of spec.notifications.endpoints", "rules for them and for DNS, or no egress")
		}
	}
	fields := []string{"ports", "to"}
	for i, rule := range p.Egress {
		at := fmt.Sprintf("%s[%d]", out, i)
		for _, k := range slices.Sorted(maps.Keys(rule)) {
			if !slices.Contains(fields, k) {
				v.Problems.Add(problem.Problem{Path: problem.Below(at, k), What: "is no field of a rule", Want: problem.OneOf(fields), Near: problem.Nearest(k, fields)})
			} else if _, ok := rule[k].([]any); !ok {
				v.Add(problem.Below(at, k), "is no list", "a list, as a NetworkPolicy has it")
			}
		}
	}
}
