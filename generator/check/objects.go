package check

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// PullSecretNamespaces tells each pull secret that did not end in the
// namespaces that the spec names: a namespace: transformer in the overlay
// moves every object, those that were meant for others included. Builds warn with it, check fails on it.
func PullSecretNamespaces(s Subject) problem.List {
	var l problem.List
	if s.Registry == nil {
		return nil
	}
	for _, name := range sortedKeys(s.Registry.Spec.PullSecrets) {
		want := append([]string{}, s.Registry.Spec.PullSecrets[name].Namespaces...)
		sort.Strings(want)
		var have []string
		for _, o := range s.Objects {
			if t, _ := o["type"].(string); o.IsSecret() && t == "kubernetes.io/dockerconfigjson" && (o.Name() == name || strings.HasSuffix(o.Name(), "-"+name) || strings.HasPrefix(o.Name(), name+"-")) {
				if _, other := s.Registry.Spec.PullSecrets[o.Name()]; other && o.Name() != name {
					continue // regcred-2 is not regcred with a suffix
				}
				have = append(have, o.Namespace())
			}
		}
		sort.Strings(have)
		missing := without(want, have)
		if len(missing) > 0 && len(have) > 0 {
			l.Add(problem.Problem{File: s.Root, Path: "spec.pullSecrets." + name, What: fmt.Sprintf("was meant for namespace %s and ended in %s", strings.Join(missing, ", "), strings.Join(have, ", ")),
				Want: "no namespace: in a kustomization over the registry; set metadata.namespace in the spec instead"})
		}
	}
	return l
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
