package values

import (
	"encoding/json"

	"github.com/reggen/reggen/generator/spec"
)

// plain is a part of the spec as JSON has it: what is unset is left out.
func plain(v any) any {
	var out any
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		panic("a spec of maps, lists and text can't fail to encode: " + err.Error())
	}
	return out
}

// extra puts the additions where the chart has them.
func extra(out map[string]any, e *spec.Extra) {
	m, _ := plain(e).(map[string]any)
	for field, value := range map[string]string{
		"env": "extraEnvVars", "volumes": "extraVolumes", "volumeMounts": "extraVolumeMounts", "initContainers": "initContainers",
	} {
		if v, ok := m[field]; ok {
			out[value] = v
		}
	}
}

func metrics(m *spec.Metrics) map[string]any {
	out := plain(m).(map[string]any)
	out["enabled"] = true
	for _, k := range []string{"serviceMonitor", "prometheusRule"} {
		if part, ok := out[k].(map[string]any); ok {
			part["enabled"] = true
		}
	}
	return out
}

// autoscaling says every number: a target that isn't set is 0, which the chart
// takes as none.
func autoscaling(a *spec.Autoscaling) map[string]any {
	out := map[string]any{
		"enabled": true, "minReplicas": *a.MinReplicas, "maxReplicas": *a.MaxReplicas,
		"targetCPUUtilizationPercentage": 0, "targetMemoryUtilizationPercentage": 0,
	}
	if a.CPU != nil {
		out["targetCPUUtilizationPercentage"] = *a.CPU
	}
	if a.Memory != nil {
		out["targetMemoryUtilizationPercentage"] = *a.Memory
	}
	if len(a.Behavior) > 0 {
		out["behavior"] = a.Behavior
	}
	return out
}

// scheduling puts the settings where the chart has them.
func scheduling(out map[string]any, s *spec.Scheduling) {
	m, _ := plain(s).(map[string]any)
	for field, value := range map[string]string{
		"nodeSelector": "nodeSelector", "affinity": "affinity", "tolerations": "tolerations",
		"topologySpread": "topologySpreadConstraints", "priorityClassName": "priorityClassName",
	} {
		if v, ok := m[field]; ok {
			out[value] = v
		}
	}
}
