package chart

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	helm "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	"helm.sh/helm/v4/pkg/strvals"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
)

// Release is what a chart knows of the release it is rendered for.
type Release struct {
	Name, Namespace string
	KubeVersion     string   // "" is KubeVersion
	APIVersions     []string // beyond those that Kubernetes itself serves
	SkipCRDs        bool
}

// Rendered is what one template gave.
type Rendered struct {
	File string // within the chart, for instance templates/service.yaml
	Data []byte
}

// Result is a whole render.
type Result struct {
	Files []Rendered // sorted by name, those of crds/ first
	Sums  []Sum
}

// The cluster that a render is for, unless it says another. Helm takes these
// from the cluster or from what it was linked with; a build must not.
const (
	KubeVersion = "v1.35.0"
	helmVersion = "v4.3.1"
)

// apiVersions are what the embedded chart is told of.
var apiVersions = common.VersionSet{
	"v1", "apps/v1", "autoscaling/v2", "batch/v1", "networking.k8s.io/v1", "policy/v1", "rbac.authorization.k8s.io/v1",
}

// Render renders the chart with values over its defaults, as helm template does,
// and returns what each template gave; notes, partials and empty results are left
// out. Random values come from draws, which learns of all of them; values that
// are secret, by name, are given as secrets. The error is a problem.List that
// names file and line, never what Helm says, which can quote a value.
func (c *Chart) Render(rel Release, values map[string]any, draws *secret.Draws, secrets map[secret.Ref]string) (Result, error) {
	return c.render(rel, values, draws, secrets, nil)
}

// Plain is Render for values without secrets and a chart that draws nothing.
func (c *Chart) Plain(rel Release, values map[string]any) ([]Rendered, error) {
	out, err := c.Render(rel, values, &secret.Draws{}, nil)
	return out.Files, err
}

func (c *Chart) render(rel Release, values map[string]any, draws *secret.Draws, secrets map[secret.Ref]string, enter func(string)) (Result, error) {
	capabilities, err := c.capabilities(rel)
	if err != nil {
		return Result{}, problem.List{{Path: "spec.chart.kubeVersion", What: "is not a version of Kubernetes"}}
	}
	if l := c.missing(); len(l) > 0 {
		return Result{}, l
	}
	if want := c.helm.Metadata.KubeVersion; want != "" && !chartutil.IsCompatibleRange(want, capabilities.KubeVersion.String()) {
		return Result{}, problem.List{{File: c.file(), Path: "kubeVersion", What: fmt.Sprintf("asks for Kubernetes %s; this render is for %s", problem.Quoted(want), capabilities.KubeVersion.String()),
			Next: "set spec.chart.kubeVersion to the cluster's"}}
	}
	// What Helm logs quotes values.
	defer log.SetOutput(log.Writer())
	log.SetOutput(io.Discard)
	h := copied(c.helm)
	top, l := c.top(h, rel, values, capabilities, standsFor(draws, secrets))
	if len(l) > 0 {
		return Result{}, l
	}
	if c.own {
		f := newFunctions(draws, enter, secrets)
		if texts, err := renderOwn(h, top, f); err == nil {
			return Result{append(crds(h, rel), c.rendered(texts)...), f.sums}, nil
		}
		h = copied(c.helm) // templates may have changed the values
		if top, l = c.top(h, rel, values, capabilities, standsFor(draws, secrets)); len(l) > 0 {
			return Result{}, l
		}
	}
	known := map[string]bool{}
	wrapped(h, known, !c.own)
	f := newFunctions(draws, enter, secrets)
	e := engine.Engine{CustomTemplateFuncs: f.overrides()}
	texts, err := e.RenderWithContext(context.Background(), h, top)
	if err != nil {
		return Result{}, c.explain(err.Error(), f, known)
	}
	return Result{append(crds(h, rel), c.rendered(texts)...), f.sums}, nil
}

// standsFor says whether a text is a placeholder, or has one in it: of what it stands
// for a schema can say nothing. A seal holds the real values against it.
func standsFor(draws *secret.Draws, secrets map[secret.Ref]string) func(string) bool {
	return func(text string) bool {
		for _, placeholder := range secrets {
			if !draws.Real && placeholder != "" && strings.Contains(text, placeholder) {
				return true
			}
		}
		return false
	}
}

// top is what templates are given, of a chart that is put together with it.
func (c *Chart) top(h *helm.Chart, rel Release, values map[string]any, capabilities *common.Capabilities, stands func(string) bool) (common.Values, problem.List) {
	if c.own { // has no dependencies, and a schema that CheckValues has looked at
		return common.Values{"Values": coalesce(h.Values, values), "Capabilities": capabilities, "Release": map[string]any{
			"Name": rel.Name, "Namespace": rel.Namespace, "IsUpgrade": false, "IsInstall": true, "Revision": 1, "Service": "Helm"}}, nil
	}
	values, err := normal(values)
	if err != nil {
		return nil, problem.List{{Path: "spec.values", What: "can't be written as the values of a chart"}}
	}
	if err := chartutil.ProcessDependencies(h, values); err != nil {
		return nil, problem.List{{File: c.file(), What: "its dependencies can't be put together with these values"}}
	}
	top, err := util.ToRenderValuesWithSchemaValidation(h, values, common.ReleaseOptions{Name: rel.Name, Namespace: rel.Namespace, Revision: 1, IsInstall: true}, capabilities, true)
	if err != nil {
		return nil, problem.List{{File: c.file(), What: "its values can't be put together with these"}}
	}
	return top, checkSchemas(h, top["Values"], stands)
}

// coalesce puts values over defaults that are a copy already: maps are merged, null
// takes a default away, anything else wins. The result shares nothing with values:
// templates can change theirs.
func coalesce(defaults, values map[string]any) map[string]any {
	for k, v := range values {
		below, isMap := defaults[k].(map[string]any)
		over, also := v.(map[string]any)
		switch {
		case v == nil:
			delete(defaults, k)
		case isMap && also:
			defaults[k] = coalesce(below, over)
		default:
			defaults[k] = copyValue(v)
		}
	}
	return defaults
}

func (c *Chart) rendered(texts map[string]string) []Rendered {
	var out []Rendered
	for name, text := range texts {
		if strings.TrimSpace(text) == "" || strings.HasSuffix(name, "NOTES.txt") || partial(name) {
			continue
		}
		if !c.own {
			text = asHelmPrints(text)
		}
		out = append(out, Rendered{strings.TrimPrefix(name, c.helm.Metadata.Name+"/"), []byte(text)})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].File < out[j].File })
	return out
}

// marker is where Helm cuts what a template gave (its SplitManifests).
var marker = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^---[ \t]*`) })

// asHelmPrints cuts a text into documents as Helm does, and ends each with one
// newline more, as it prints and installs them: a block scalar that keeps its
// last lines, or a text without an end, has it.
func asHelmPrints(text string) string {
	var docs []string
	for _, doc := range marker().Split(strings.TrimLeftFunc(text, unicode.IsSpace), -1) {
		if strings.TrimSpace(doc) != "" {
			docs = append(docs, strings.TrimLeftFunc(doc, unicode.IsSpace)+"\n")
		}
	}
	return strings.Join(docs, "---\n")
}

// crds are the definitions in crds/, of the dependencies too.
func crds(h *helm.Chart, rel Release) (out []Rendered) {
	if rel.SkipCRDs {
		return nil
	}
	for _, c := range h.CRDObjects() {
		out = append(out, Rendered{strings.TrimPrefix(c.Filename, h.Name()+"/"), c.File.Data})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].File < out[j].File })
	return out
}

func (c *Chart) capabilities(rel Release) (*common.Capabilities, error) {
	text := rel.KubeVersion
	if text == "" {
		text = KubeVersion
	}
	version, err := common.ParseKubeVersion(text)
	if err != nil {
		return nil, err
	}
	out := &common.Capabilities{KubeVersion: *version, APIVersions: apiVersions}
	if !c.own {
		out.APIVersions = append(append(common.VersionSet{}, common.DefaultVersionSet...), rel.APIVersions...)
	}
	out.HelmVersion.Version = helmVersion
	return out, nil
}

// missing are dependencies that Chart.yaml names and charts/ lacks; Helm refuses
// to render without them.
func (c *Chart) missing() (l problem.List) {
	have := map[string]bool{}
	for _, d := range c.helm.Dependencies() {
		have[d.Name()] = true
	}
	for _, d := range c.helm.Metadata.Dependencies {
		if d != nil && !have[d.Name] {
			l.Add(problem.Problem{File: c.file(), Path: "dependencies", What: "names " + problem.Quoted(d.Name) + ", which is not in the chart's folder charts", Next: "helm dependency update, in the chart's folder"})
		}
	}
	return l
}

// normal are values as Helm reads them from a file: numbers keep their digits.
func normal(values map[string]any) (map[string]any, error) {
	if len(values) == 0 {
		return map[string]any{}, nil
	}
	text, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	return loader.LoadValues(bytes.NewReader(text))
}

// Set puts a text into values at a path as helm --set has it, for instance
// users[0].password. The error says that it is none.
func Set(values map[string]any, path, text string) (err error) {
	const mark = "reggenvalue"
	wrong := problem.Problem{Path: problem.Below("spec.secretValues", path), What: "is not the path of a value", Want: "one as helm --set has it, for instance auth.password or users[0].token; a dot in a key is \\."}
	if strings.ContainsAny(path, "=,{}\n") || strings.Contains(path, mark) {
		return wrong
	}
	defer func() {
		if recover() != nil { // an index out of all bounds
			err = wrong
		}
	}()
	if err := strvals.ParseIntoString(path+"="+mark, values); err != nil {
		return wrong
	}
	if put(values, mark, text) != 1 {
		return wrong
	}
	return nil
}

// put puts a text in the place of a mark, and says how often it stood there.
func put(v any, mark, text string) (n int) {
	one := func(e any, set func(string)) {
		if e == mark {
			set(text)
			n++
			return
		}
		n += put(e, mark, text)
	}
	switch t := v.(type) {
	case map[string]any:
		for k, e := range t {
			one(e, func(s string) { t[k] = s })
		}
	case []any:
		for i, e := range t {
			one(e, func(s string) { t[i] = s })
		}
	}
	return n
}

// wrap makes a template say where it begins and ends, so that a function knows
// which one asked. Lines keep their numbers.
func wrap(name string, data []byte) []byte {
	return []byte(`{{ reggenEnter ` + strconv.Quote(name) + ` }}` + string(data) + `{{ reggenLeave }}`)
}

func (c *Chart) file() string { return "chart " + c.helm.Metadata.Name }
