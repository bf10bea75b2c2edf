package chart

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/engine"

	"github.com/reggen/reggen/generator/secret"
)

// asHelm fails where the templates that were parsed once give another text
// than Helm's engine, or where it has to be asked.
func asHelm(t testing.TB, c *Chart, values map[string]any) {
	t.Helper()
	render := func(how func(f *functions) (map[string]string, error)) map[string]string {
		texts, err := how(newFunctions(&secret.Draws{}, nil, nil))
		if err != nil {
			t.Error(err)
		}
		return texts
	}
	capabilities, err := c.capabilities(release)
	if err != nil {
		t.Fatal(err)
	}
	helms := render(func(f *functions) (map[string]string, error) {
		h := copied(c.helm)
		top, _ := c.top(h, release, values, capabilities, func(string) bool { return false })
		wrapped(h, map[string]bool{}, false)
		return engine.Engine{CustomTemplateFuncs: f.overrides()}.RenderWithContext(context.Background(), h, top)
	})
	own := render(func(f *functions) (map[string]string, error) {
		h := copied(c.helm)
		top, _ := c.top(h, release, values, capabilities, func(string) bool { return false })
		return renderOwn(h, top, f)
	})
	if !maps.Equal(own, helms) {
		for name := range helms {
			if own[name] != helms[name] {
				t.Errorf("%s is not what Helm's engine gives:\n%s\nbut\n%s", name, helms[name], own[name])
			}
		}
	}
}

// A function that is missing would have Helm's engine asked each time, and
// nobody would notice.
func TestOwnTemplatesAreParsed(t *testing.T) {
	p, err := ownTemplates()
	if err != nil || len(p.files) < 10 {
		t.Fatalf("%d files: %v", len(p.files), err)
	}
}

var (
	templateComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	templateText    = regexp.MustCompile(`"[^"]*"`)
	impureName      = regexp.MustCompile(`\{\{([^{}]*[^.\w${}])?(` + strings.Join(slices.Concat(sums, secret.Seedable, secret.Keepable, impure), "|") + `)\b`)
)

// impureIn is a call of a function whose result its arguments don't decide, or
// that is counted, and the name of a file.
func impureIn(template string) string {
	template = templateComment.ReplaceAllString(template, "")
	if strings.Contains(template, "Template") {
		return "Template"
	}
	return impureName.FindString(templateText.ReplaceAllString(template, `""`))
}

// What an included template gives for one context is kept for all files: it must
// not depend on anything else.
func TestIncludedTemplatesArePure(t *testing.T) {
	c, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, asks := range []string{"{{ now }}", "{{- sha256sum . -}}", "{{ print (randAlphaNum 5) }}", "{{ .x | htpasswd \"a\" }}", "{{ $a := genCA \"a\" 1 }}", "{{ $.Template.Name }}", "{{.Template.Name}}", `{{ get . "Template" }}`,
		"{{ with genCA 1 }}", "{{ if sha256sum . }}", "{{ print now }}", "{{now}}", "{{-now}}"} {
		if impureIn(asks) == "" {
			t.Errorf("%s is not seen", asks)
		}
	}
	seen := 0
	for _, file := range c.helm.Templates {
		if !partial(file.Name) {
			continue
		}
		seen++
		if asked := impureIn(string(file.Data)); asked != "" {
			t.Errorf("%s asks for %q", file.Name, asked)
		}
	}
	if seen != 2 {
		t.Errorf("%d files of templates to include", seen)
	}
}
