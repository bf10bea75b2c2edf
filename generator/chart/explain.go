package chart

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	helm "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/reggen/reggen/generator/problem"
)

// place finds in Helm's words where in a chart something arose.
var place = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`([A-Za-z0-9_.-]+(?:/charts/[A-Za-z0-9_.-]+)*/templates/[A-Za-z0-9_./-]+):(\d+)`)
})

// explain finds out of Helm's error where it arose, and nothing else: the text
// can quote values.
func (c *Chart) explain(text string, f *functions, known map[string]bool) error {
	p := problem.Problem{What: "does not render with these values", File: c.file()}
	for _, m := range place().FindAllStringSubmatch(text, -1) {
		if known[m[1]] {
			p.File = c.file() + ", " + strings.TrimPrefix(m[1], c.helm.Metadata.Name+"/")
			p.Line, _ = strconv.Atoi(m[2])
		}
	}
	switch {
	case f.tooMany:
		p.What = fmt.Sprintf("draws more than %d random values, or takes more than that many checksums", maxAsked)
		p.Next = "look at the loops of that template and at the values that they count by"
	case f.refused != "" && drawing[f.refused]:
		p.What = fmt.Sprintf("calls %s in a way that can't be drawn from a seed or made once", f.refused)
		p.Next = ToSet(f.line)
	case f.refused != "":
		p.What = fmt.Sprintf("calls %s, whose result changes from build to build", f.refused)
		p.Want = "templates that depend on values alone"
		p.Next = "set the value that the template would make, under spec.values"
	case c.writes(c.helm, f.failed):
		p.What = f.failed
	}
	return problem.List{p}
}

var valuePath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\.Values((\.[A-Za-z_][A-Za-z0-9_]*)+)`) })

// ToSet says which value a line of a template asks for before it makes one.
func ToSet(line string) string {
	if m := valuePath().FindStringSubmatch(line); m != nil {
		return "set " + strings.TrimPrefix(m[1], ".") + ", under spec.secretValues or spec.values"
	}
	return "set the value that the template would make, under spec.secretValues or spec.values"
}

// writes says whether a template holds a text as it is: then it is the chart
// author's and quotes no value.
func (c *Chart) writes(h *helm.Chart, text string) bool {
	if text == "" {
		return false
	}
	for _, t := range h.Templates {
		if strings.Contains(string(t.Data), strconv.Quote(text)) || strings.Contains(string(t.Data), "`"+text+"`") {
			return true
		}
	}
	for _, d := range h.Dependencies() {
		if c.writes(d, text) {
			return true
		}
	}
	return false
}
