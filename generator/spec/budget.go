package spec

import "fmt"

// DisruptionBudget says how many pods a node's drain has to leave running;
// one of the two is set.
type DisruptionBudget struct {
	MinAvailable   *Amount `json:"minAvailable,omitempty"`
	MaxUnavailable *Amount `json:"maxUnavailable,omitempty"`
}

// budget refuses budgets that no drain of a node can keep: it would wait for
// ever.
func (v *validator) budget() {
	b := v.s.DisruptionBudget
	if b == nil {
		return
	}
	const path, minimum, maximum = "spec.disruptionBudget", "spec.disruptionBudget.minAvailable", "spec.disruptionBudget.maxUnavailable"
	switch {
	case b.MinAvailable != nil && b.MaxUnavailable != nil:
		v.Add(path, "has both minAvailable and maxUnavailable", "one of the two")
	case b.MinAvailable == nil && b.MaxUnavailable == nil:
		v.Add(path, "says nothing", "maxUnavailable, for instance 1, or minAvailable")
	}
	least, most := v.amount(minimum, b.MinAvailable), v.amount(maximum, b.MaxUnavailable)
	n, field := v.fewest()
	if n == 1 {
		v.Add(path, "with one replica it either blocks every drain of the pod's node or protects nothing", field+" of at least 2, or no spec.disruptionBudget")
	}
	if n < 2 {
		return
	}
	if least && podsOf(*b.MinAvailable, n) >= n {
		v.Add(minimum, fmt.Sprintf("asks for %d of %d pods, so no node with one of them can be drained", podsOf(*b.MinAvailable, n), n), "less, or maxUnavailable: 1")
	}
	if most && podsOf(*b.MaxUnavailable, n) == 0 {
		v.Add(maximum, "is zero, so no node with a pod of the registry can be drained", "at least 1")
	}
}

// fewest is how many pods there are at least, and the field that says so; 0
// when that is not known.
func (v *validator) fewest() (n int, field string) {
	switch a, r := v.s.Autoscaling, v.s.Replicas; {
	case a != nil && a.MinReplicas != nil:
		return *a.MinReplicas, "spec.autoscaling.minReplicas"
	case r != nil:
		return *r, "spec.replicas"
	}
	return 0, ""
}
