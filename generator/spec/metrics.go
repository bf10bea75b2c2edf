package spec

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// Metrics are the registry's own, for Prometheus, on a port and a Service of
// their own: the port also answers questions of debuggers, so it never goes
// to an Ingress or a load balancer.
type Metrics struct {
	Port           *int            `json:"port,omitempty"`
	ServiceMonitor *ServiceMonitor `json:"serviceMonitor,omitempty"`
	PrometheusRule *PrometheusRule `json:"prometheusRule,omitempty"`
}

// ServiceMonitor tells a Prometheus operator where to scrape.
type ServiceMonitor struct {
	Labels   map[string]string `json:"labels,omitempty"` // by which Prometheus selects it
	Interval string            `json:"interval,omitempty"`
}

// PrometheusRule brings alerts.
type PrometheusRule struct {
	Labels map[string]string `json:"labels,omitempty"`
}

func defaultMetrics(m Metrics) *Metrics {
	if m.Port == nil {
		m.Port = pointer(5001)
	}
	return &m
}

func (v *validator) metrics() {
	m := v.s.Metrics
	if m == nil {
		return
	}
	const path = "spec.metrics"
	if p := m.Port; p != nil {
		const want = "a free port from 1024 to 65535, for instance 5001"
		switch {
		case *p == 5000:
			v.Add(path+".port", "is 5000, where the registry itself listens", want)
		case *p < 1024 || *p > 65535:
			v.Add(path+".port", fmt.Sprintf("is %d, and the registry doesn't run as root", *p), want)
		}
	}
	if s := m.ServiceMonitor; s != nil {
		v.monitorLabels(path+".serviceMonitor.labels", s.Labels)
		if s.Interval != "" && !syntax.Interval.Matches(s.Interval) {
			v.Add(path+".serviceMonitor.interval", problem.Quoted(s.Interval)+" is not a duration as Prometheus writes it", "one, for instance 30s")
		}
	}
	if r := m.PrometheusRule; r != nil {
		v.monitorLabels(path+".prometheusRule.labels", r.Labels)
	}
}

// monitorLabels checks labels by which Prometheus selects what it reads. No
// pod is selected by those of such an object, so they may be the chart's own
// release and app, which the operator's usual installations ask for; the
// recommended ones stay, since deployers keep track of objects by them.
func (v *validator) monitorLabels(path string, m map[string]string) {
	v.labels(path, m)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if slices.Contains(ownLabels, k) && k != "app" && k != "release" {
			v.Add(problem.Below(path, k), "is one of the chart's own: objects are kept track of by it", "another key")
		}
	}
}
