package spec

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reggen/reggen/generator/problem"
)

// Autoscaling lets the cluster choose the number of replicas; it stands in
// the place of spec.replicas.
type Autoscaling struct {
	MinReplicas *int           `json:"minReplicas,omitempty"`
	MaxReplicas *int           `json:"maxReplicas,omitempty"`
	CPU         *int           `json:"cpu,omitempty"`      // percent of the request
	Memory      *int           `json:"memory,omitempty"`   // likewise
	Behavior    map[string]any `json:"behavior,omitempty"` // as Kubernetes has it
}

func defaultAutoscaling(a Autoscaling) *Autoscaling {
	if a.MinReplicas == nil {
		a.MinReplicas = pointer(2)
	}
	if a.CPU == nil && a.Memory == nil {
		a.CPU = pointer(75)
	}
	return &a
}

func (v *validator) autoscaling() {
	a := v.s.Autoscaling
	if a == nil {
		return
	}
	const path = "spec.autoscaling"
	if v.s.Replicas != nil {
		v.Problems.Add(problem.Problem{
			Path: path, What: "stands beside spec.replicas: each build would set the number of pods back that the cluster has chosen", Want: "one of the two",
			Next: "remove one; in an overlay's patch, replicas: null takes out what the base has set",
		})
	}
	v.atLeast(path+".minReplicas", a.MinReplicas, 1)
	switch {
	case a.MaxReplicas == nil:
		v.Add(path+".maxReplicas", "is missing", "the most pods that there may be")
	case *a.MaxReplicas < 1:
		v.atLeast(path+".maxReplicas", a.MaxReplicas, 1)
	case a.MinReplicas != nil && *a.MaxReplicas < *a.MinReplicas:
		v.Add(path+".maxReplicas", fmt.Sprintf("is %d, and minReplicas is %d", *a.MaxReplicas, *a.MinReplicas), "at least that")
	}
	v.utilization(path+".cpu", "cpu", a.CPU)
	v.utilization(path+".memory", "memory", a.Memory)
	directions := []string{"scaleDown", "scaleUp"}
	for _, k := range slices.Sorted(maps.Keys(a.Behavior)) {
		if !slices.Contains(directions, k) {
			v.Problems.Add(problem.Problem{Path: problem.Below(path+".behavior", k), What: "is no direction", Want: problem.OneOf(directions), Near: problem.Nearest(k, directions)})
		}
	}
}

// utilization checks a target, which is measured against what containers
// request: without a request the autoscaler can't act.
func (v *validator) utilization(path, resource string, n *int) {
	if n == nil {
		return
	}
	v.atLeast(path, n, 1)
	if v.s.Resources.Requests[resource] == "" && v.s.Resources.Limits[resource] == "" {
		v.Add(path, "is a share of what the container requests, and it requests no "+resource, "spec.resources.requests."+resource)
	}
}

// most is how many pods there may be, and the field that says so; 0 when that
// is not known.
func (v *validator) most() (n int, field string) {
	switch a, r := v.s.Autoscaling, v.s.Replicas; {
	case a != nil && a.MaxReplicas != nil:
		return *a.MaxReplicas, "spec.autoscaling.maxReplicas"
	case r != nil:
		return *r, "spec.replicas"
	}
	return 0, ""
}
