package spec

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// Scheduling says on which nodes the registry's pods run.
type Scheduling struct {
	NodeSelector      map[string]string `json:"nodeSelector,omitempty"`
	Affinity          map[string]any    `json:"affinity,omitempty"` // as Kubernetes has it
	Tolerations       []Toleration      `json:"tolerations,omitempty"`
	TopologySpread    []TopologySpread  `json:"topologySpread,omitzero"` // nil: the default; empty: none
	PriorityClassName string            `json:"priorityClassName,omitempty"`
}

// Toleration lets pods onto nodes with a taint, as Kubernetes has it.
type Toleration struct {
	Key               string `json:"key,omitempty"`
	Operator          string `json:"operator,omitempty"` // Kubernetes' default is Equal
	Value             string `json:"value,omitempty"`
	Effect            string `json:"effect,omitempty"` // empty: every effect
	TolerationSeconds *int   `json:"tolerationSeconds,omitempty"`
}

// TopologySpread spreads the registry's pods over zones or nodes.
type TopologySpread struct {
	TopologyKey       string `json:"topologyKey"`
	MaxSkew           *int   `json:"maxSkew,omitempty"`
	WhenUnsatisfiable string `json:"whenUnsatisfiable,omitempty"`
	MinDomains        *int   `json:"minDomains,omitempty"`
}

var (
	TolerationOperators = []string{"Equal", "Exists"}
	TaintEffects        = []string{"NoSchedule", "PreferNoSchedule", "NoExecute"}
	Unsatisfiable       = []string{"ScheduleAnyway", "DoNotSchedule"}
	affinities          = []string{"nodeAffinity", "podAffinity", "podAntiAffinity"}
)

func defaultScheduling(s Scheduling) *Scheduling {
	s.TopologySpread = slices.Clone(s.TopologySpread)
	for i := range s.TopologySpread {
		t := &s.TopologySpread[i]
		set(&t.WhenUnsatisfiable, "ScheduleAnyway")
		if t.MaxSkew == nil {
			t.MaxSkew = pointer(1)
		}
	}
	return &s
}

func (v *validator) scheduling() {
	s := v.s.Scheduling
	if s == nil {
		return
	}
	const path = "spec.scheduling"
	v.Name(path+".priorityClassName", s.PriorityClassName)
	v.labels(path+".nodeSelector", s.NodeSelector)
	for _, k := range slices.Sorted(maps.Keys(s.Affinity)) {
		at := problem.Below(path+".affinity", k)
		if !slices.Contains(affinities, k) {
			v.Problems.Add(problem.Problem{Path: at, What: "is no affinity of a pod", Want: problem.OneOf(affinities), Near: problem.Nearest(k, affinities)})
		} else if m, ok := s.Affinity[k].(map[string]any); !ok || len(m) == 0 {
			v.Add(at, "says nothing", "a mapping, as a pod's affinity has it")
		}
	}
	for i, t := range s.Tolerations {
		v.toleration(fmt.Sprintf("%s.tolerations[%d]", path, i), t)
	}
	seen := map[string]bool{}
	for i, t := range s.TopologySpread {
		at := fmt.Sprintf("%s.topologySpread[%d]", path, i)
		if !v.Missing(at+".topologyKey", t.TopologyKey, "the nodes' label to spread over, for instance topology.kubernetes.io/zone") {
			if what := syntax.CheckQualified(t.TopologyKey); what != "" {
				v.Add(at+".topologyKey", what, "")
			}
		}
		v.Enum(at+".whenUnsatisfiable", t.WhenUnsatisfiable, Unsatisfiable)
		v.atLeast(at+".maxSkew", t.MaxSkew, 1)
		v.atLeast(at+".minDomains", t.MinDomains, 1)
		if t.MinDomains != nil && t.WhenUnsatisfiable == "ScheduleAnyway" {
			v.Add(at+".minDomains", "has a meaning only with whenUnsatisfiable: DoNotSchedule", "that, or no minDomains")
		}
		if pair := t.TopologyKey + " " + t.WhenUnsatisfiable; t.TopologyKey != "" {
			if seen[pair] {
				v.Add(at, "spreads over the same label in the same way as one above", "one of the two")
			}
			seen[pair] = true
		}
	}
}

func (v *validator) toleration(at string, t Toleration) {
	if t.Operator != "" {
		v.Enum(at+".operator", t.Operator, TolerationOperators)
	}
	if t.Effect != "" {
		v.Enum(at+".effect", t.Effect, TaintEffects)
	}
	switch {
	case t.Key == "" && t.Operator != "Exists":
		v.Add(at+".key", "is missing", "the taint's key, or operator: Exists, which tolerates every taint")
	case t.Key != "" && syntax.CheckQualified(t.Key) != "":
		v.Add(at+".key", syntax.CheckQualified(t.Key), "")
	}
	if t.Operator == "Exists" && t.Value != "" {
		v.Add(at+".value", "stands beside operator: Exists, which any value satisfies", "operator: Equal, or no value")
	}
	if what := syntax.CheckLabelValue(t.Value); what != "" {
		v.Add(at+".value", what, syntax.WantLabelValue)
	}
	if t.TolerationSeconds != nil {
		v.atLeast(at+".tolerationSeconds", t.TolerationSeconds, 0)
		if t.Effect != "NoExecute" {
			v.Add(at+".tolerationSeconds", "has a meaning only with effect: NoExecute", "that, or no tolerationSeconds")
		}
	}
}

// atLeast checks a number that may be unset.
func (v *validator) atLeast(path string, n *int, least int) {
	if n != nil && *n < least {
		v.Add(path, fmt.Sprintf("is %d", *n), fmt.Sprintf("at least %d", least))
	}
}

// labels checks keys and values of labels or of a selector.
func (v *validator) labels(path string, m map[string]string) {
	v.annotations(path, m, false)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if what := syntax.CheckLabelValue(m[k]); what != "" {
			v.Add(problem.Below(path, k), what, syntax.WantLabelValue)
		}
	}
}
