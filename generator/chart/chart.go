// Package chart renders a Helm chart with Helm's engine: the embedded chart or
// another one, from files. It is the only importer of Helm.
//
// Whatever is not a function of chart, values and source is taken from the
// templates: random functions are answered by the source or refused, the clock
// is refused, capabilities are fixed.
package chart

import (
	"embed"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"

	"helm.sh/helm/v4/pkg/chart/common"
	helm "helm.sh/helm/v4/pkg/chart/v2"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/problem"
)

//go:embed all:default
var embedded embed.FS

// Chart is a loaded chart. It is never changed: a render works on copies.
type Chart struct {
	metadata  helm.Metadata
	templates []file
	files     []file
	values    map[string]any
	schema    []byte
}

type file struct {
	name string
	data []byte
}

var load = sync.OnceValues(func() (*Chart, error) {
	sub, err := fs.Sub(embedded, "default")
	if err != nil {
		return nil, err
	}
	return Load(sub)
})

// Default is the embedded chart.
func Default() (*Chart, error) { return load() }

// Load reads a chart from the root of a file system. It fails when the chart
// has no Chart.yaml or template, or has subcharts, which this version does not
// render.
func Load(fsys fs.FS) (*Chart, error) {
	c := &Chart{values: map[string]any{}}
	seen := false
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		switch {
		case name == "Chart.yaml":
			seen = true
			return c.decode(name, data, &c.metadata)
		case name == "values.yaml":
			return c.decode(name, data, &c.values)
		case name == "values.schema.json":
			c.schema = data
		case strings.HasPrefix(name, "charts/"):
			return problem.Problem{File: name, What: "is a subchart, which this version of reggen does not render"}
		case strings.HasPrefix(name, "templates/"):
			c.templates = append(c.templates, file{name, data})
		default:
			c.files = append(c.files, file{name, data})
		}
		return nil
	})
	if err != nil {
		return nil, readable(err)
	}
	if !seen || c.metadata.Name == "" {
		return nil, problem.Problem{File: "Chart.yaml", What: "is missing or names no chart"}
	}
	if len(c.templates) == 0 {
		return nil, problem.Problem{File: "templates", What: "the chart has no templates"}
	}
	sort.Slice(c.templates, func(i, j int) bool { return c.templates[i].name < c.templates[j].name })
	return c, nil
}

// readable passes problems on and hides what a library says.
func readable(err error) error {
	var l problem.List
	l.Join(err)
	if len(l) == 1 && l[0].File == "" {
		return problem.Problem{What: "the chart can't be read"}
	}
	return l[0]
}

func (c *Chart) decode(name string, data []byte, to any) error {
	if err := yaml.Unmarshal(data, to); err != nil {
		return problem.Problem{File: name, What: "is not the YAML that a chart has there"}
	}
	return nil
}

// Values are the chart's defaults, a copy.
func (c *Chart) Values() map[string]any { return copyMap(c.values) }

// helmChart is the chart as Helm's engine takes it, with templates wrapped.
func (c *Chart) helmChart(wrap func(name string, data []byte) []byte) *helm.Chart {
	meta := c.metadata
	h := &helm.Chart{Metadata: &meta}
	for _, f := range c.templates {
		data := f.data
		if !partial(f.name) {
			data = wrap(f.name, data)
		}
		h.Templates = append(h.Templates, &common.File{Name: f.name, Data: data})
	}
	for _, f := range c.files {
		h.Files = append(h.Files, &common.File{Name: f.name, Data: f.data})
	}
	return h
}

// partial says whether Helm only includes a template and never renders it.
func partial(name string) bool { return strings.HasPrefix(path.Base(name), "_") }

// coalesce puts values over defaults: maps are merged, null takes a default
// away, anything else wins. Neither is changed, and the result shares nothing
// with them: templates can change their values.
func coalesce(defaults, values map[string]any) map[string]any {
	out := copyMap(defaults)
	for k, v := range values {
		below, isMap := out[k].(map[string]any)
		over, also := v.(map[string]any)
		switch {
		case v == nil:
			delete(out, k)
		case isMap && also:
			out[k] = coalesce(below, over)
		default:
			out[k] = copyValue(v)
		}
	}
	return out
}

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
