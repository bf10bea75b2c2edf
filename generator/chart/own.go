package chart

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"
	"text/template"

	"sigs.k8s.io/yaml"

	accessor "helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	helm "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/reggen/reggen/generator/codec"
	"github.com/reggen/reggen/generator/mint"
)

// Helm's engine parses a chart's templates for every render, which takes as long
// as to run them. Those of the embedded chart are parsed once a process, with
// the functions that they use: sprig's own and Helm's four. A test holds what
// they give against Helm's engine.

// ownFunctions are those of sprig that the embedded chart uses, beside what
// overrides gives.
var ownFunctions = []string{
	"add", "addf", "append", "b64enc", "base", "ceil", "clean", "contains", "deepCopy", "default", "dict", "dig", "dir", "empty", "first", "get", "has", "hasKey", "indent", "int", "isAbs", "kindIs", "list", "max",
	"mulf", "nindent", "quote", "regexFind", "regexFindAll", "regexMatch", "set", "ternary", "toString", "trimSuffix",
}

// deepest is how often a template may include itself, as in Helm.
const deepest = 1000

var errTooDeep = errors.New("a template includes itself without an end")

// parsed are the templates of the embedded chart, and what each gives.
type parsed struct {
	all   *template.Template
	files []string // those that are rendered, by name
	chart map[string]any
}

var ownTemplates = sync.OnceValues(func() (p parsed, err error) {
	c, err := Default()
	if err != nil {
		return p, err
	}
	h := copied(c.helm)
	about, err := accessor.NewAccessor(h)
	if err != nil {
		return p, err
	}
	p.chart = about.MetadataAsMap()
	p.chart["IsRoot"] = true
	wrapped(h, map[string]bool{}, false)
	p.all = template.New("own")
	p.all.Funcs(mint.Functions(ownFunctions...)).Funcs((&functions{}).overrides()).Funcs(included(p.all, nil))
	slices.SortFunc(h.Templates, func(a, b *common.File) int { return strings.Compare(a.Name, b.Name) })
	for _, t := range h.Templates {
		name := path.Join(h.ChartFullPath(), t.Name)
		if _, err := p.all.New(name).Parse(string(t.Data)); err != nil {
			return p, err
		}
		if !partial(name) {
			p.files = append(p.files, name)
		}
	}
	return p, nil
})

// Warm parses the embedded chart, for who is about to render it and has something
// else to do first.
func Warm() { _, _ = ownTemplates() }

// included are Helm's functions, for the templates of one render. What a template
// gives for top, what each file is given, is kept: none that is included draws,
// takes a checksum or asks which file it is in. (trunc looks for checksums that it
// cuts; these hold none.)
func included(t *template.Template, top map[string]any) template.FuncMap {
	depth := map[string]int{}
	known := map[string]string{}
	return template.FuncMap{
		"include": func(name string, data any) (out string, err error) {
			if m, is := data.(map[string]any); is && top != nil && reflect.ValueOf(m).Pointer() == reflect.ValueOf(top).Pointer() {
				if out, is := known[name]; is {
					return out, nil
				}
				defer func() {
					if err == nil {
						known[name] = out
					}
				}()
			}
			if depth[name] > deepest {
				return "", errTooDeep
			}
			depth[name]++
			defer func() { depth[name]-- }()
			var b strings.Builder
			err = t.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
		"toYaml": func(v any) string {
			text, err := codec.Marshal(v)
			if err != nil {
				return ""
			}
			return strings.TrimSuffix(string(text), "\n")
		},
		"fromYaml": func(text string) map[string]any {
			if v, err := codec.Unmarshal([]byte(text)); err == nil {
				if m, is := v.(map[string]any); is {
					return m
				}
			}
			out := map[string]any{}
			if err := yaml.Unmarshal([]byte(text), &out); err != nil {
				out["Error"] = err.Error()
			}
			return out
		},
	}
}

// renderOwn renders the embedded chart. What goes wrong is for Helm's engine to
// say, which is asked then.
func renderOwn(h *helm.Chart, top common.Values, f *functions) (texts map[string]string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("rendering: %v", r)
		}
	}()
	p, err := ownTemplates()
	if err != nil {
		return nil, err
	}
	t, err := p.all.Clone()
	if err != nil {
		return nil, err
	}
	values := map[string]any{"Chart": p.chart, "Values": top["Values"], "Release": top["Release"], "Capabilities": top["Capabilities"]}
	t.Option("missingkey=zero").Funcs(f.overrides()).Funcs(included(t, values))
	texts = make(map[string]string, len(p.files))
	for _, name := range p.files {
		values["Template"] = map[string]any{"Name": name, "BasePath": path.Join(h.ChartFullPath(), "templates")}
		var b strings.Builder
		if err := t.ExecuteTemplate(&b, name, values); err != nil {
			return nil, err
		}
		texts[name] = strings.ReplaceAll(b.String(), "<no value>", "")
	}
	return texts, nil
}
