package generator

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// keep are the annotations that keep GitOps from deleting what others live in
// and from: a namespace or a ServiceAccount that leaves the spec stays in the
// cluster, without a word from reggen. Sources: Argo CD's sync options
// (Prune=false, Delete=false) and Flux's Kustomization (prune: disabled; ssa:
// Merge leaves fields of others alone).
var keep = map[string]any{
	"argocd.argoproj.io/sync-options":   "Prune=false,Delete=false",
	"kustomize.toolkit.fluxcd.io/prune": "disabled",
	"kustomize.toolkit.fluxcd.io/ssa":   "Merge",
}

// addPullers appends them, unless the chart renders one of them itself: its
// ServiceAccount is the registry's, which pulls nothing from itself.
func (p *Plan) addPullers() error {
	have := map[object.ID]bool{}
	for _, o := range p.Objects {
		have[o.ID()] = true
	}
	if p.Spec.Registry == nil {
		return nil
	}
	var l problem.List
	for _, o := range pullers(p.Spec.Registry) {
		if have[o.ID()] {
			l.Add(problem.Problem{Path: "spec.pullSecrets", What: fmt.Sprintf("the chart renders the %s too", o.ID()), Want: "serviceAccounts of applications, in their namespaces"})
		}
		p.Objects = append(p.Objects, o)
	}
	return l.Err()
}

// pullers are the namespaces that the spec asks for and the ServiceAccounts
// that pull, each once and with every pull secret that names it, in the order
// of their names.
func pullers(r *spec.Registry) []object.Object {
	namespaces := map[string]bool{}
	type account struct{ namespace, name string }
	secrets := map[account][]string{}
	for _, pull := range slices.Sorted(maps.Keys(r.Spec.PullSecrets)) {
		p := r.Spec.PullSecrets[pull]
		for _, ns := range p.Namespaces {
			if p.CreateNamespaces {
				namespaces[ns] = true
			}
			for _, name := range p.ServiceAccounts {
				a := account{ns, name}
				secrets[a] = append(secrets[a], pull)
			}
		}
	}
	var out []object.Object
	for _, ns := range slices.Sorted(maps.Keys(namespaces)) {
		out = append(out, object.Object{"apiVersion": "v1", "kind": "Namespace", "metadata": kept(r, ns, "")})
	}
	accounts := slices.SortedFunc(maps.Keys(secrets), func(a, b account) int {
		return slices.Compare([]string{a.namespace, a.name}, []string{b.namespace, b.name})
	})
	for _, a := range accounts {
		var refs []any
		for _, name := range secrets[a] {
			refs = append(refs, map[string]any{"name": name})
		}
		out = append(out, object.Object{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": kept(r, a.name, a.namespace), "imagePullSecrets": refs})
	}
	return out
}

func kept(r *spec.Registry, name, namespace string) map[string]any {
	meta := map[string]any{
		"name": name, "annotations": maps.Clone(keep),
		"labels": map[string]any{"app.kubernetes.io/part-of": r.Metadata.Name},
	}
	if namespace != "" {
		meta["namespace"] = namespace
	}
	return meta
}
