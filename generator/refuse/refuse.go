// Package refuse says what people may not put over a spec, under spec.values,
// spec.config and spec.extra: readable secrets, and what says something else than
// the spec where the spec is the place to say it.
package refuse

import (
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// Secrets are the places of a spec that look like readable secrets, sorted. extra
// is spec.extra as the chart gets it, nil without one. A secret is never quoted.
func Secrets(r *spec.Registry, extra any) problem.List {
	var l problem.List
	refuseSecrets(&l, "spec.values", r.Spec.Values, nil)
	refuseSecrets(&l, "spec.config", r.Spec.Config, nil)
	if extra != nil {
		refuseSecrets(&l, "spec.extra", extra, nil)
	}
	refuseTexts(&l, "metadata.annotations", r.Metadata.Annotations)
	refuseTexts(&l, "metadata.labels", r.Metadata.Labels)
	if i := r.Spec.Ingress; i != nil {
		refuseTexts(&l, "spec.ingress.annotations", i.Annotations)
	}
	if g := r.Spec.Gateway; g != nil {
		refuseTexts(&l, "spec.gateway.annotations", g.Annotations)
	}
	if s := r.Spec.Service; s != nil {
		refuseTexts(&l, "spec.service.annotations", s.Annotations)
	}
	if s := r.Spec.ServiceAccount; s != nil {
		refuseTexts(&l, "spec.serviceAccount.annotations", s.Annotations)
	}
	l.Sort()
	return l
}

// Readable are the places of a Chart that look like readable secrets, sorted, apart
// from names that it says are none.
func Readable(c *spec.Chart) problem.List {
	var l problem.List
	public := map[string]bool{}
	for _, path := range c.Spec.PublicValues {
		public["spec.values."+path] = true
	}
	refuseSecrets(&l, "spec.values", c.Spec.Values, public)
	for i := range l {
		l[i].Want, l[i].Next = "a field of a credential, named under spec.secretValues", "reggen credential set NAME --field FIELD --stdin, and take it out of spec.values; or, where it only sounds like a secret, its path under spec.publicValues"
	}
	l.Sort()
	return l
}

// Conflicts are what spec.values and spec.config say otherwise than the spec,
// sorted. derived are the chart's values that follow from the spec.
func Conflicts(r *spec.Registry, derived map[string]any) problem.List {
	var l problem.List
	conflicts(&l, "spec.values", derived, r.Spec.Values)
	if _, ok := r.Spec.Values["replicaCount"]; ok && r.Spec.Autoscaling != nil {
		l.Add(problem.Problem{Path: "spec.values.replicaCount", What: "stands beside spec.autoscaling", Want: "one of the two"})
	}
	configConflicts(&l, r, "spec.config", r.Spec.Config)
	data, _ := r.Spec.Values["configData"].(map[string]any)
	configConflicts(&l, r, "spec.values.configData", data)
	sourceConflicts(&l, r)
	scheduleConflict(&l, r)
	labelConflicts(&l, "spec.values", r.Spec.Values)
	environmentConflicts(&l, "spec.values.extraEnvVars", r.Spec.Values["extraEnvVars"])
	environmentConflicts(&l, "spec.extra.env", derived["extraEnvVars"])
	l.Sort()
	return l
}

func join(path, key string) string {
	if strings.ContainsAny(key, "./") {
		return path + "[" + key + "]"
	}
	return path + "." + key
}
