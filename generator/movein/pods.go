package movein

import (
	"fmt"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/refuse"
)

// pods is how the registry runs.
func (m *move) pods() {
	if n, ok := m.in.number("replicaCount"); ok && n != 1 {
		m.out["replicas"] = n
	}
	for _, kind := range []string{"requests", "limits"} {
		for name, amount := range m.in.mapping("resources", kind) {
			m.out.put(fmt.Sprint(amount), "resources", kind, name)
		}
	}
	for _, key := range []string{"nodeSelector", "affinity", "tolerations", "priorityClassName"} {
		m.out.put(m.in.take(key), "scheduling", key)
	}
	for _, key := range []string{"name", "annotations"} {
		m.out.put(m.in.take("serviceAccount", key), "serviceAccount", key)
	}
	if said := m.in.get("serviceAccount", "create") != nil; said && !m.yes("serviceAccount", "create") && m.out.get("serviceAccount", "name") != nil {
		m.out.put(false, "serviceAccount", "create")
	}
	for key, field := range map[string]string{"extraVolumes": "volumes", "extraVolumeMounts": "volumeMounts", "initContainers": "initContainers"} {
		m.out.put(m.in.take(key), "extra", field)
	}
	if m.in.get("updateStrategy", "type") == "Recreate" {
		m.left("updateStrategy", "ends every pod before a new one starts, as in the release: a moment without a registry at each rollout", "take it out of spec.values: pods overlap where the storage lets them")
	}
	m.environment()
	m.scale()
	m.network()
}

// environment is the variables: those that the spec has a field for, or that a
// credential holds, are told.
func (m *move) environment() {
	var env []any
	for _, e := range m.in.list("extraEnvVars") {
		of, _ := e.(map[string]any)
		name, _ := of["name"].(string)
		if name == "REGISTRY_STORAGE_DELETE_ENABLED" && of["value"] == "true" { // which the chart has a value for
			m.in.put(true, "persistence", "deleteEnabled")
			continue
		}
		if field := refuse.Models(name); field != "" {
			m.left("extraEnvVars", "has "+name+", which is not carried over", "say it with "+field)
			continue
		}
		env = append(env, e)
	}
	m.out.put(env, "extra", "env")
}

// scale is how many pods there are, and how many have to stay.
func (m *move) scale() {
	on := m.yes("autoscaling", "enabled")
	for _, key := range []string{"targetCPUUtilizationPercentage", "targetMemoryUtilizationPercentage"} {
		if same(m.in.get("autoscaling", key), 0) { // no aim
			m.in.take("autoscaling", key)
		}
	}
	aims := m.in.get("autoscaling", "targetMemoryUtilizationPercentage") != nil && m.out.get("resources", "requests", "memory") != nil || m.out.get("resources", "requests", "cpu") != nil
	switch {
	case on && !aims:
		if least, is := m.in.get("autoscaling", "minReplicas").(float64); is && m.out["replicas"] == nil && least > 1 {
			m.out["replicas"] = least
		}
		m.left("autoscaling", "does nothing in the release, since the container requests none of what it aims at: the pods' number is fixed now", "set spec.resources.requests and spec.autoscaling")
	case on:
		delete(m.out, "replicas")
		for key, field := range map[string]string{"minReplicas": "minReplicas", "maxReplicas": "maxReplicas", "targetCPUUtilizationPercentage": "cpu", "targetMemoryUtilizationPercentage": "memory", "behavior": "behavior"} {
			m.out.put(m.in.take("autoscaling", key), "autoscaling", field)
		}
	}
	if on && !aims {
		m.in.take("autoscaling")
	}
	m.drop(unless(on, "the release has no autoscaler"), "autoscaling")
	m.out.put(map[string]any(m.in.mapping("podDisruptionBudget")), "disruptionBudget")
}

// network is what the registry talks to and who looks at it.
func (m *move) network() {
	if m.yes("proxy", "enabled") {
		m.out.put(m.in.text("proxy", "remoteurl"), "proxy", "remoteURL")
		if ref := m.in.text("proxy", "secretRef"); ref != "" {
			m.out.put(map[string]any{"name": ref}, "proxy", "existingSecret")
			m.beside("proxy", credential.Proxy)
		}
	}
	m.drop(unless(m.out["proxy"] != nil, "the release is no cache of another registry"), "proxy")
	if m.yes("metrics", "enabled") {
		metrics := tree{}
		if port, ok := m.in.number("metrics", "port"); ok && port != 5001 {
			metrics["port"] = port
		}
		for _, kind := range []string{"serviceMonitor", "prometheusRule"} {
			if !m.yes("metrics", kind, "enabled") {
				continue
			}
			of := tree{}
			of.put(m.in.take("metrics", kind, "labels"), "labels")
			metrics[kind] = map[string]any(of)
			if rules := m.in.take("metrics", kind, "rules"); !empty(rules) {
				m.left("metrics."+kind+".rules", "are not carried over: reggen brings alerts of its own", "add them as a PrometheusRule of yours to the environment")
			}
		}
		m.out["metrics"] = map[string]any(metrics)
	}
	m.drop(unless(m.out["metrics"] != nil, "the release has no metrics"), "metrics")
}

// unless is why something is not carried over: an off reason, or that the spec
// doesn't know of it.
func unless(on bool, reason string) string {
	if on {
		return "the spec has no field for it"
	}
	return reason
}

// upkeep is the collection of garbage.
func (m *move) upkeep() {
	if m.yes("garbageCollect", "enabled") {
		schedule := m.in.text("garbageCollect", "schedule")
		if schedule == "" {
			schedule = "0 1 * * *"
		}
		m.out.put(schedule, "garbageCollection", "schedule")
		if m.yes("garbageCollect", "deleteUntagged") {
			m.out.put(true, "garbageCollection", "deleteUntagged")
		}
		m.left("garbageCollect", "runs no more while the registry takes pushes, which may lose what is pushed meanwhile: the CronJob is suspended unless spec.readOnly is true", "docs/guide/upkeep.md has the sequence")
	} else {
		m.drop("the release collects no garbage", "garbageCollect")
	}
}
