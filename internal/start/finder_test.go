package start

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/chart"
)

// found is what is found in a chart of one template.
func found(t *testing.T, values, template string) (*finder, error) {
	t.Helper()
	src := chart.Source{Path: "charts/x", Files: []chart.File{
		{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: x\nversion: 1.0.0\n")},
		{Name: "values.yaml", Data: []byte(values)},
		{Name: "templates/a.yaml", Data: []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n" + template)},
	}}
	job := chart.Job{Chart: src, For: chart.Release{Name: "x", Namespace: "x"}}
	describe := job
	describe.Describe = true
	f := &finder{defaults: describe.Run().Defaults, render: func(values map[string]any) (chart.Outcome, error) {
		one := job
		one.Values = values
		return one.Run(), nil
	}}
	err := f.find()
	if f.renders > most {
		t.Errorf("%d renders, more than %d", f.renders, most)
	}
	return f, err
}

// refused is a template that takes no mark under a value.
const refused = `{{ if hasPrefix "rgph" (toString .Values.%s) }}{{ fail "no such text" }}{{ end }}`

func TestFinder(t *testing.T) {
	for name, c := range map[string]struct {
		values, template string
		fed              string // paths
		unsure           string
		notes            []string
	}{
		"plain and base64": {"a: {password: ''}\ntoken: t\n", "data: {a: {{ .Values.a.password | b64enc }}}\nstringData: {b: 'x{{ .Values.token }}'}\n", "a.password token", "", nil},
		"another Secret": {"auth: {existingSecret: '', password: '', secret: ''}\n",
			"{{ if not .Values.auth.secret }}data: {a: {{ .Values.auth.password | b64enc }}}{{ end }}\n", "auth.password", "", nil},
		"an alternative": {"password: ''\nsecretURL: ''\n", "data:\n{{ if .Values.secretURL }}  url: {{ .Values.secretURL | b64enc }}\n{{ else }}  a: {{ .Values.password | b64enc }}\n  b: Yg==\n{{ end }}", "password secretURL", "", nil},
		"names that say nothing": {"smtp: {host: '', port: 25}\nimage: {tag: ''}\n", "stringData: {h: '{{ .Values.smtp.host }}', p: '{{ .Values.smtp.port }}', t: '{{ .Values.image.tag }}'}\n", "", "smtp.host",
			[]string{"fed by no value that was found: Secret x/p, Secret x/t"}},
		"what is needed": {"a: {password: '', code: ''}\nb: {password: ''}\n",
			`stringData: {a: '{{ required "a.password is required" .Values.a.password }}', b: '{{ required "set b.password" .Values.b.password }}', c: '{{ required "the code is missing" .Values.a.code }}'}` + "\n",
			"a.code a.password b.password", "",
			[]string{"with its defaults: chart x, templates/a.yaml:4: a.password is required", "with a.password: chart x, templates/a.yaml:4: set b.password"}},
		"what is needed, and one that takes no text": {"a: {password: ''}\nb: {password: ''}\nc: {token: ''}\n",
			fmt.Sprintf(refused, "c.token") + `stringData: {a: '{{ required "a.password" .Values.a.password }}', b: '{{ required "b.password" .Values.b.password }}'}` + "\n",
			"a.password b.password", "", []string{"left alone, for the chart takes no random text there: c.token"}},
		"what is needed without a name": {"a: {password: ''}\nb: {password: ''}\nc: {token: ''}\n",
			fmt.Sprintf(refused, "c.token") + `stringData: {a: '{{ required "one" .Values.a.password }}', b: '{{ required "two" .Values.b.password }}'}` + "\n",
			"a.password b.password", "", []string{"with its defaults: chart x, templates/a.yaml:4: one"}},
		"what is needed and no secret": {"hostname: ''\nhost: ''\npassword: ''\n", `data: {p: {{ .Values.password | b64enc }}}{{ $_ := required "give a host" .Values.host }}` + "\n", "password", "",
			[]string{"host is needed and feeds no Secret: give it under spec.values"}},
		"drawn":             {"password: ''\n", "stringData: {p: '{{ .Values.password | default (randAlphaNum 20) }}', r: '{{ randAlphaNum 20 }}'}\n", "password", "", []string{"drawn by the templates, from the machine credential: Secret x/r"}},
		"outside":           {"password: ''\nuser: ''\n", "data: {p: {{ .Values.password | b64enc }}, u: {{ .Values.user | b64enc }}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {p: 'x{{ .Values.password }}', u: '{{ .Values.user }}'}\n", "", "", []string{"password stands outside Secrets too, where no secret may be: left alone"}},
		"keys of all kinds": {"\"a.b\": {password: ''}\n\"a[b\": {password: ''}\n\"x=y,{z}\": {token: ''}\n\"a\\nb\": {token: ''}\n", "data: {a: {{ (index .Values \"a.b\").password | b64enc }}}\n", `a\.b.password`, "", nil},
		"nothing":           {"{}\n", "data: {a: Yg==}\n", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := found(t, c.values, c.template)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(slices.Sorted(maps.Keys(f.fed)), " "); got != c.fed {
				t.Errorf("found %q, want %q; notes %q", got, c.fed, f.notes)
			}
			if got := strings.Join(slices.Sorted(maps.Keys(f.unsure)), " "); got != c.unsure {
				t.Errorf("unsure of %q, want %q", got, c.unsure)
			}
			for _, note := range c.notes {
				if !slices.Contains(f.notes, note) {
					t.Errorf("no note %q in %q", note, f.notes)
				}
			}
		})
	}
}

// However many values there are, a few that take no text are told from the rest.
func TestFinderTakesHalves(t *testing.T) {
	for _, bad := range []int{0, 3, 200} {
		var values, template strings.Builder
		for n := range 200 {
			fmt.Fprintf(&values, "v%d: {password: ''}\n", n)
			if n%67 == 1 && bad == 3 || bad == 200 {
				fmt.Fprintf(&template, refused, fmt.Sprintf("v%d.password", n))
			}
		}
		template.WriteString("stringData: {")
		for n := range 200 {
			fmt.Fprintf(&template, "k%d: 'x{{ .Values.v%d.password }}', ", n, n)
		}
		f, err := found(t, values.String(), template.String()+"}\n")
		if err != nil {
			t.Fatal(err)
		}
		if bad < 200 && (len(f.fed) != 200-bad || len(f.wrong) != bad) {
			t.Errorf("%d that take no text: found %d, %d wrong, %d not tried, in %d renders", bad, len(f.fed), len(f.wrong), len(f.untried), f.renders)
		}
		if bad == 200 && !slices.ContainsFunc(f.notes, func(s string) bool { return strings.HasPrefix(s, "not tried, ") }) {
			t.Errorf("nothing tells of what was not tried: %q", f.notes)
		}
	}
}

func TestFinderTellsWhatTheChartSays(t *testing.T) {
	_, err := found(t, "password: ''\n", `data: {a: {{ required "the licence is missing" .Values.licence | b64enc }}}`+"\n")
	if err == nil || !strings.Contains(err.Error(), "the licence is missing") {
		t.Errorf("got %v", err)
	}
}

func TestFieldsHaveOneNameEach(t *testing.T) {
	taken := map[string]bool{}
	var got []string
	for _, path := range []string{"a.password", "b.password", "password", `a\.b.token`, "ä", "ö", "ü", "users[0].token"} {
		field := fieldOf(path, taken)
		if taken[field] {
			t.Errorf("%s: %s is taken", path, field)
		}
		taken[field] = true
		got = append(got, field)
	}
	if want := "password b-password password-2 token value value-2 value-3 0-token"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
