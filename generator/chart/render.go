package chart

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/engine"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
)

// Release is what a chart knows of the release it is rendered for.
type Release struct{ Name, Namespace string }

// Rendered is what one template gave.
type Rendered struct {
	File string // within the chart, for instance templates/service.yaml
	Data []byte
}

// The cluster that every render is for. Helm takes these from the cluster or
// from what it was linked with; a build must not.
const (
	kubeVersion = "v1.35.0"
	helmVersion = "v4.3.1"
)

var apiVersions = common.VersionSet{
	"v1", "apps/v1", "autoscaling/v2", "batch/v1", "networking.k8s.io/v1", "policy/v1", "rbac.authorization.k8s.io/v1",
}

// Render renders the chart with values over its defaults and returns what
// each template gave, sorted by file; notes, partials and empty results are
// left out. Secrets and random values come from src. The error is a
// problem.List that names file and line, never what Helm says, which can quote
// a value.
func (c *Chart) Render(rel Release, values map[string]any, src secret.Source) ([]Rendered, error) {
	version, err := common.ParseKubeVersion(kubeVersion)
	if err != nil {
		return nil, problem.List{{What: "the fixed Kubernetes version is not one"}}
	}
	capabilities := &common.Capabilities{KubeVersion: *version, APIVersions: apiVersions}
	capabilities.HelmVersion.Version = helmVersion
	f := &functions{src: src}
	top := common.Values{
		"Values":       coalesce(c.values, values),
		"Capabilities": capabilities,
		"Release": map[string]any{
			"Name": rel.Name, "Namespace": rel.Namespace, "IsUpgrade": false, "IsInstall": true, "Revision": 1, "Service": "Helm",
		},
	}
	e := engine.Engine{CustomTemplateFuncs: f.overrides()}
	texts, err := e.RenderWithContext(context.Background(), c.helmChart(wrap), top)
	if err != nil {
		return nil, c.explain(err.Error(), f)
	}
	prefix := c.metadata.Name + "/"
	var out []Rendered
	for name, text := range texts {
		name = strings.TrimPrefix(name, prefix)
		if strings.TrimSpace(text) == "" || strings.EqualFold(path.Base(name), "NOTES.txt") {
			continue
		}
		out = append(out, Rendered{name, []byte(text)})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].File < out[j].File })
	return out, nil
}

// wrap makes a template say where it begins and ends, so that a function knows
// which one asked. Lines keep their numbers.
func wrap(name string, data []byte) []byte {
	return []byte(`{{ reggenEnter ` + strconv.Quote(name) + ` }}` + string(data) + `{{ reggenLeave }}`)
}

// explain finds out of Helm's error where it arose, and nothing else: the text
// can quote values.
func (c *Chart) explain(text string, f *functions) error {
	p := problem.Problem{What: "does not render with these values"}
	at := regexp.MustCompile(regexp.QuoteMeta(c.metadata.Name) + `/(templates/[A-Za-z0-9_./-]+):(\d+)`)
	known := map[string]bool{}
	for _, t := range c.templates {
		known[t.name] = true
	}
	for _, m := range at.FindAllStringSubmatch(text, -1) {
		if known[m[1]] {
			p.File = "chart " + c.metadata.Name + ", " + m[1]
			p.Line, _ = strconv.Atoi(m[2])
		}
	}
	if p.File == "" {
		p.File = "chart " + c.metadata.Name
	}
	switch {
	case f.refused != "":
		p.What = fmt.Sprintf("calls %s, whose result changes from build to build", f.refused)
		p.Want = "templates that depend on values alone"
		p.Next = "set the value that the template would make, under spec.values"
	case c.writes(f.failed):
		p.What = f.failed
	}
	return problem.List{p}
}

// writes says whether a template holds a text as it is: then it is the chart
// author's and quotes no value.
func (c *Chart) writes(text string) bool {
	if text == "" {
		return false
	}
	for _, t := range c.templates {
		if strings.Contains(string(t.data), strconv.Quote(text)) {
			return true
		}
	}
	return false
}
