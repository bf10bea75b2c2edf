// Package chart renders a Helm chart with Helm's engine: the embedded chart or
// another one, from files. It is the only importer of Helm.
//
// Whatever is not a function of chart, values and draws is taken from the
// templates: random functions and the clock are answered by secret.Draws, the
// environment is refused, capabilities are fixed.
package chart

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"sync"

	"helm.sh/helm/v4/pkg/chart/common"
	helm "helm.sh/helm/v4/pkg/chart/v2"
)

//go:embed all:default
var embedded embed.FS

// Chart is a loaded chart. It is never changed: a render works on copies.
type Chart struct {
	helm *helm.Chart
	own  bool // the embedded one
}

var embeddedChart = sync.OnceValues(func() (*Chart, error) {
	sub, err := fs.Sub(embedded, "default")
	if err != nil {
		return nil, err
	}
	c, err := Load(sub)
	if err == nil {
		c.own = true
	}
	return c, err
})

// Default is the embedded chart.
func Default() (*Chart, error) { return embeddedChart() }

// Name and version of the chart, as its Chart.yaml has them.
func (c *Chart) Name() string { return c.helm.Metadata.Name + " " + c.helm.Metadata.Version }

// Values are the chart's defaults, a copy.
func (c *Chart) Values() map[string]any { return copyMap(c.helm.Values) }

// copied is a chart that Helm may change: its metadata, values and dependencies
// are copies, its files are shared.
func copied(h *helm.Chart) *helm.Chart {
	out := *h
	meta := *h.Metadata
	meta.Dependencies = nil
	for _, d := range h.Metadata.Dependencies {
		if d != nil {
			dep := *d
			meta.Dependencies = append(meta.Dependencies, &dep)
		}
	}
	out.Metadata, out.Values = &meta, copyMap(h.Values)
	out.SetDependencies()
	for _, d := range h.Dependencies() {
		out.AddDependency(copied(d))
	}
	return &out
}

// wrapped makes each template of a chart and its dependencies say where it
// begins and ends and, where they draw, gives its draws addresses. known gets the
// names of all.
func wrapped(h *helm.Chart, known map[string]bool, draws bool) {
	templates := make([]*common.File, 0, len(h.Templates))
	for _, t := range h.Templates {
		name := path.Join(h.ChartFullPath(), t.Name)
		known[name] = true
		data := t.Data
		if draws {
			_, below, _ := strings.Cut(name, "/") // two subcharts may have the same files
			data = addressed(below, data)
		}
		if !partial(name) {
			data = wrap(name, data)
		}
		templates = append(templates, &common.File{Name: t.Name, Data: data})
	}
	h.Templates = templates
	for _, d := range h.Dependencies() {
		wrapped(d, known, draws)
	}
}

// partial says whether Helm only includes a template and never renders it.
func partial(name string) bool { return strings.HasPrefix(path.Base(name), "_") }

func copyMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = copyValue(v)
	}
	return out
}

func copyValue(v any) any {
	switch t := v.(type) {
	case map[string]any:
		return copyMap(t)
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = copyValue(e)
		}
		return out
	}
	return v
}
