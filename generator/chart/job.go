package chart

import (
	"fmt"
	"reflect"
	"strings"

	helm "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/reggen/reggen/generator/mint"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
)

// Source is a chart as it lies in a repository: an archive, or files. The zero
// value is the embedded one.
type Source struct {
	Path    string // as errors name it
	Archive []byte
	Files   []File
}

// Embedded says whether this is the embedded chart.
func (s Source) Embedded() bool { return s.Archive == nil && s.Files == nil }

// Open loads the chart.
func (s Source) Open() (*Chart, error) {
	switch {
	case s.Embedded():
		return Default()
	case s.Archive != nil:
		return Archive(s.Archive)
	}
	return Files(s.Files)
}

// Job is one render, all that it depends on. It can cross a pipe to another
// process: a stranger's templates run for as long as they like, with as much
// memory, and nothing in a process ends them.
type Job struct {
	Chart   Source
	For     Release
	Values  map[string]any
	Secrets map[secret.Ref]string // what among the values is secret
	Draws   secret.Draws
	Derived map[string]any // values that follow from a spec, and the chart must know

	Describe bool // say the defaults too

	Enter func(file string) `json:"-"` // is told of each template before it is rendered
}

// Outcome is what came of a job.
type Outcome struct {
	Chart    string         // name and version
	Defaults map[string]any // those of its dependencies too, when they were asked for
	Files    []Rendered
	Sums     []Sum
	Draws    map[secret.Ref]secret.Drawn
	Others   []Sum    // with other placeholders for the secrets among the values
	Second   *Outcome // with other placeholders for what was drawn, where anything was
	Problems problem.List
}

// Run does a job in this process.
func (j Job) Run() (out Outcome) {
	c, err := j.Chart.Open()
	if err != nil {
		out.Problems.Join(err)
		for i, p := range out.Problems {
			out.Problems[i].File = strings.TrimSuffix(j.Chart.Path+"/"+p.File, "/")
			if j.Chart.Archive != nil && p.File != "" {
				out.Problems[i].File = j.Chart.Path + ", " + p.File
			}
		}
		return out
	}
	if out.Chart = c.Name(); j.Describe {
		out.Defaults = defaults(c.helm)
	}
	if out.Problems = c.Unknown(j.Derived); len(out.Problems) > 0 {
		return out
	}
	draws := j.Draws
	if draws.Real {
		draws.Mint = mint.At(draws.Now)
	}
	r, err := c.render(j.For, j.Values, &draws, j.Secrets, j.Enter)
	if err != nil {
		out.Problems.Join(err)
		return out
	}
	size := 0
	for _, f := range r.Files {
		size += len(f.Data)
	}
	if size > MaxRendered {
		out.Problems.Add(problem.Problem{File: c.file(), What: fmt.Sprintf("renders to more than %d MiB", MaxRendered>>20), Want: "a chart whose objects a cluster takes"})
		return out
	}
	out.Files, out.Sums, out.Draws = r.Files, r.Sums, draws.Made
	if !c.own && !draws.Real && len(j.Secrets) > 0 && len(r.Sums) > 0 {
		others, secrets := j.otherSecrets()
		if other, err := c.render(j.For, others, &secret.Draws{}, secrets, j.Enter); err == nil {
			out.Others = other.Sums
		}
	}
	if draws.Real || len(draws.Made) == 0 {
		return out
	}
	other := j.Draws
	other.Salt += "2"
	second, err := c.render(j.For, j.Values, &other, j.Secrets, j.Enter)
	if err != nil {
		out.Problems.Join(err)
		return out
	}
	out.Second = &Outcome{Files: second.Files, Sums: second.Sums, Draws: other.Made}
	return out
}

// otherSecrets are the values with other placeholders: a checksum that they change is
// one over secrets, however a template wrote them.
func (j Job) otherSecrets() (map[string]any, map[secret.Ref]string) {
	var pairs []string
	secrets := map[secret.Ref]string{}
	for ref, text := range j.Secrets {
		if text == "" {
			continue
		}
		secrets[ref] = secret.Placeholder(ref + " other")
		pairs = append(pairs, text, secrets[ref])
	}
	r := strings.NewReplacer(pairs...)
	var other func(v any) any
	other = func(v any) any {
		switch t := v.(type) {
		case map[string]any:
			out := make(map[string]any, len(t))
			for k, e := range t {
				out[k] = other(e)
			}
			return out
		case []any:
			out := make([]any, len(t))
			for i, e := range t {
				out[i] = other(e)
			}
			return out
		case string:
			return r.Replace(t)
		}
		return v
	}
	values, _ := other(j.Values).(map[string]any)
	return values, secrets
}

// defaults are a chart's values over those of its dependencies, under their names.
func defaults(h *helm.Chart) map[string]any {
	out := map[string]any{}
	for _, d := range h.Dependencies() {
		out[d.Name()] = defaults(d)
	}
	return coalesce(out, h.Values)
}

// Unknown are values that the embedded chart has other defaults for and that
// this chart has no place for: they would have no effect, in silence.
func (c *Chart) Unknown(derived map[string]any) (l problem.List) {
	if c.own || len(derived) == 0 {
		return nil
	}
	mine, err := Default()
	if err != nil {
		return nil
	}
	used := map[string]bool{}
	usedValues(c.helm, used)
	unknown(&l, c, used, "", derived, mine.helm.Values, c.helm.Values)
	l.Sort()
	return l
}

// usedValues are the values that a chart's templates mention: many charts leave
// those without a default out of values.yaml.
func usedValues(h *helm.Chart, used map[string]bool) {
	for _, t := range h.Templates {
		for _, m := range valuePath().FindAllSubmatch(t.Data, -1) {
			used[string(m[1][1:])] = true
		}
	}
}

// mentions says whether templates use a value, all of what it is in, or part of it.
func mentions(used map[string]bool, path string) bool {
	for u := range used {
		if u == path || strings.HasPrefix(path, u+".") || strings.HasPrefix(u, path+".") {
			return true
		}
	}
	return false
}

func unknown(l *problem.List, c *Chart, used map[string]bool, at string, derived, defaults, theirs map[string]any) {
	for _, k := range sortedKeys(derived) {
		path := strings.TrimPrefix(at+"."+k, ".")
		theirDefault, known := theirs[k]
		below, isMap := derived[k].(map[string]any)
		myDefault := defaults[k]
		if isMap && len(below) > 0 {
			if deeper, is := theirDefault.(map[string]any); known && (is && len(deeper) > 0) {
				mine, _ := myDefault.(map[string]any)
				unknown(l, c, used, path, below, mine, deeper)
				continue
			}
			if known && theirDefault != nil {
				continue // an empty mapping that takes anything
			}
			mine, _ := myDefault.(map[string]any)
			if !known && !sameAsDefault(below, mine) {
				unknown(l, c, used, path, below, mine, nil)
			}
			continue
		}
		if known || mentions(used, path) || empty(derived[k]) || sameAsDefault(derived[k], myDefault) {
			continue
		}
		l.Add(problem.Problem{File: c.file(), What: fmt.Sprintf("knows no value %s, which the spec asks for", path),
			Want: "a chart that has it, the embedded one, or a spec without it"})
	}
}

func empty(v any) bool {
	switch t := v.(type) {
	case nil:
		return true
	case string:
		return t == ""
	case bool:
		return !t
	case map[string]any:
		return len(t) == 0
	case []any:
		return len(t) == 0
	}
	return false
}

// sameAsDefault compares as YAML would write them.
func sameAsDefault(v, def any) bool {
	if m, is := v.(map[string]any); is {
		d, _ := def.(map[string]any)
		for k, e := range m {
			if !sameAsDefault(e, d[k]) && !empty(e) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(v, def) || fmt.Sprint(v) == fmt.Sprint(def)
}
