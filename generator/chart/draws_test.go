package chart

import (
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/secret"
)

// drawn is a chart of templates, rendered with a seed.
func drawn(t *testing.T, seed string, templates map[string]string) map[string]string {
	t.Helper()
	files := []File{{"Chart.yaml", []byte("apiVersion: v2\nname: d\nversion: 0.1.0\n")}, {"values.yaml", []byte("users: {alice: {name: a}, bob: {name: b}}\n")}}
	for name, text := range templates {
		files = append(files, File{"templates/" + name, []byte(text)})
	}
	c, err := Files(files)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Render(release, nil, &secret.Draws{Real: true, Seed: []byte(seed)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range out.Files {
		texts[strings.TrimPrefix(f.File, "templates/")] = strings.TrimSuffix(string(f.Data), "\n")
	}
	return texts
}

const helper = `{{- define "p" }}{{ .Values.given | default (randAlphaNum 20) }}{{ end }}`

func TestDrawsHaveStablePlaces(t *testing.T) {
	templates := map[string]string{
		"_p.tpl":    helper,
		"a.yaml":    `a: {{ randAlphaNum 20 }} {{ include "p" . }} {{ include "p" . }}`,
		"b.yaml":    `sum: {{ include (print $.Template.BasePath "/a.yaml") . }} b: {{ randAscii 16 }}`,
		"c.yaml":    `{{ include "p" . }}`,
		"loop.yaml": `{{ range .Values.users }}{{ randAlphaNum 20 }} {{ include "q" (dict "user" .name "top" $) }} {{ end }}`,
		"_q.tpl":    `{{ define "q" }}{{ printf "%s-%s" .user (randAlphaNum 20) }}{{ end }}`,
		"bare.yaml": `{{ (dict "at" now).at.Year }} {{ tpl "{{ randAlphaNum 20 }}" . }}`,
	}
	delete(templates, "bare.yaml")
	out := drawn(t, "seed", templates)
	if !strings.Contains(out["b.yaml"], out["a.yaml"]) {
		t.Errorf("included from another file, a template draws other values:\n%s\n%s", out["a.yaml"], out["b.yaml"])
	}
	words := strings.Fields(out["a.yaml"])
	if words[2] != words[3] || words[2] != out["c.yaml"] || words[1] == words[2] {
		t.Errorf("a value that is defined once is not one value: %v %s", words, out["c.yaml"])
	}
	loop := map[string]bool{}
	for _, w := range strings.Fields(out["loop.yaml"]) {
		loop[strings.TrimPrefix(strings.TrimPrefix(w, "a-"), "b-")] = true
	}
	if len(loop) != 4 {
		t.Errorf("a loop draws %d values, not 4: %s", len(loop), out["loop.yaml"])
	}
	if other := drawn(t, "other", templates); other["a.yaml"] == out["a.yaml"] {
		t.Error("another seed draws the same values")
	}
	// A line more above, or a template more, changes no other draw.
	templates["a.yaml"] = "# {{ randAlphaNum 20 }}\n" + templates["a.yaml"] + "\nnew: {{ randAlphaNum 20 }}"
	templates["0.yaml"] = `{{ randAlphaNum 20 }}`
	now := drawn(t, "seed", templates)
	if !strings.Contains(now["a.yaml"], out["a.yaml"]) || now["c.yaml"] != out["c.yaml"] || now["loop.yaml"] != out["loop.yaml"] {
		t.Errorf("a draw more changes others:\n%s\n%s", out["a.yaml"], now["a.yaml"])
	}
}

// A call that is an argument of another is given its address too, and what it
// stands in keeps its meaning.
func TestAddressesChangeNoMeaning(t *testing.T) {
	out := drawn(t, "seed", map[string]string{
		"a.yaml": `{{ $d := dict "id" uuidv4 "n" (randInt 5 6) }}{{ len $d.id }} {{ $d.n }} {{ 16 | randAlphaNum | len }} {{ tpl "{{ randAlphaNum 20 | len }}" . }} {{ "abc" | shuffle | len }}
{{- /* a comment with randAlphaNum 5 in it */ -}}{{ "randAlphaNum in a text" }}`,
	})
	if want := "36 5 16 20 3randAlphaNum in a text"; out["a.yaml"] != want {
		t.Errorf("got %q, want %q", out["a.yaml"], want)
	}
}

// What a spec derives and a chart has no place for is named; a value without a
// default counts when a template mentions it.
func TestUnknownValues(t *testing.T) {
	c, err := Files([]File{{"Chart.yaml", []byte("apiVersion: v2\nname: d\nversion: 0.1.0\n")}, {"values.yaml", []byte("image: {tag: x}\npodAnnotations: {}\n")},
		{"templates/a.yaml", []byte("a: {{ .Values.s3.bucket }} {{ toYaml .Values.nodeSelector }} {{ if .Values.ingress.enabled }}{{ end }}")}})
	if err != nil {
		t.Fatal(err)
	}
	l := c.Unknown(map[string]any{
		"image": map[string]any{"tag": "y", "flavor": "distribution", "digest": "sha256:1"}, "podAnnotations": map[string]any{"a": "b"},
		"s3": map[string]any{"bucket": "b", "region": "r", "secure": true}, "nodeSelector": map[string]any{"a": "b"}, "replicaCount": 1, "readOnly": true,
		"ingress": map[string]any{"enabled": true, "hosts": []any{"h"}},
	})
	var got []string
	for _, p := range l {
		_, rest, _ := strings.Cut(p.What, "knows no value ")
		name, _, _ := strings.Cut(rest, ",")
		got = append(got, name)
	}
	if want := "image.digest ingress.hosts readOnly s3.region"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if l := mustDefault(t).Unknown(map[string]any{"anything": 1}); len(l) > 0 {
		t.Error("the embedded chart is held against itself")
	}
}

// Two charts of one release may have the same files: each draws its own values.
func TestSubchartsDrawTheirOwn(t *testing.T) {
	const secrets = "p: {{ randAlphaNum 20 }} {{ include \"h\" . }}"
	files := []File{
		{"Chart.yaml", []byte("apiVersion: v2\nname: d\nversion: 0.1.0\ndependencies: [{name: sub, version: 0.1.0, alias: one}, {name: sub, version: 0.1.0, alias: two}]\n")},
		{"templates/s.yaml", []byte(secrets)}, {"templates/_h.tpl", []byte(`{{ define "h" }}{{ randAlphaNum 21 }}{{ end }}`)},
		{"charts/sub/Chart.yaml", []byte("apiVersion: v2\nname: sub\nversion: 0.1.0\n")}, {"charts/sub/templates/s.yaml", []byte(secrets)},
	}
	c, err := Files(files)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Render(release, nil, &secret.Draws{Real: true, Seed: []byte("s")}, nil)
	if err != nil || len(out.Files) != 3 {
		t.Fatal(err, len(out.Files))
	}
	seen := map[string]bool{}
	for _, f := range out.Files {
		for _, word := range strings.Fields(string(f.Data))[1:] {
			if seen[word] {
				t.Errorf("%s shares a value with another chart", f.File)
			}
			seen[word] = true
		}
	}
}
