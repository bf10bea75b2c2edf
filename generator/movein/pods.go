package movein

import (
	"fmt"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/refuse"
)

// pods is how the registry runs.
func (m *move) pods() {
	if n, ok := m.in.take("replicaCount").(float64); ok && n != 1 {
		m.out["replicas"] = n
	}
	for _, kind := range []string{"requests", "limits"} {
		of, _ := m.in.take("resources", kind).(map[string]any)
		for name, amount := range of {
			m.out.put(fmt.Sprint(amount), "resources", kind, name)
		}
	}
	for _, key := range []string{"nodeSelector", "affinity", "tolerations", "priorityClassName"} {
		m.out.put(m.in.take(key), "scheduling", key)
	}
	for _, key := range []string{"name", "annotations"} {
		m.out.put(m.in.take("serviceAccount", key), "serviceAccount", key)
	}
	if create, said := m.in.take("serviceAccount", "create").(bool); said && !create && m.out.get("serviceAccount", "name") != nil {
		m.out.put(false, "serviceAccount", "create")
	}
	for key, field := range map[string]string{"extraVolumes": "volumes", "extraVolumeMounts": "volumeMounts", "initContainers": "initContainers"} {
		m.out.put(m.in.take(key), "extra", field)
	}
	m.environment()
	m.scale()
	m.network()
}

// environment is the variables: those that the spec has a field for, or that a
// credential holds, are told.
func (m *move) environment() {
	list, _ := m.in.take("extraEnvVars").([]any)
	var env []any
	for _, e := range list {
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
	on := m.in.yes("autoscaling", "enabled")
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
	m.in.take("autoscaling")
	if budget, _ := m.in.take("podDisruptionBudget").(map[string]any); len(budget) > 0 {
		m.out.put(budget, "disruptionBudget")
	}
}

// network is what the registry talks to and who looks at it.
func (m *move) network() {
	if m.in.yes("proxy", "enabled") {
		m.out.put(m.in.text("proxy", "remoteurl"), "proxy", "remoteURL")
		if ref := m.in.text("proxy", "secretRef"); ref != "" {
			m.out.put(map[string]any{"name": ref}, "proxy", "existingSecret")
			delete(m.made.Credentials, credential.Proxy)
		}
	} else {
		delete(m.made.Credentials, credential.Proxy)
	}
	m.in.take("proxy")
	if m.in.yes("metrics", "enabled") {
		metrics := tree{}
		if port, ok := m.in.take("metrics", "port").(float64); ok && port != 5001 {
			metrics["port"] = port
		}
		for _, kind := range []string{"serviceMonitor", "prometheusRule"} {
			if !m.in.yes("metrics", kind, "enabled") {
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
	m.in.take("metrics")
}

// upkeep is the collection of garbage.
func (m *move) upkeep() {
	if m.in.yes("garbageCollect", "enabled") {
		schedule := m.in.text("garbageCollect", "schedule")
		if schedule == "" {
			schedule = "0 1 * * *"
		}
		m.out.put(schedule, "garbageCollection", "schedule")
		if m.in.yes("garbageCollect", "deleteUntagged") {
			m.out.put(true, "garbageCollection", "deleteUntagged")
		}
		m.left("garbageCollect", "runs no more while the registry takes pushes, which may lose what is pushed meanwhile: the CronJob is suspended unless spec.readOnly is true", "docs/guide/upkeep.md has the sequence")
	} else {
		m.in.take("garbageCollect")
	}
	for _, key := range []string{"enabled", "schedule", "deleteUntagged"} {
		m.in.take("garbageCollect", key)
	}
}
