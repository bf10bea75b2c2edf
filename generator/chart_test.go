package generator

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/secret"
)

const chartSpec = `apiVersion: reggen.dev/v1alpha1
kind: Chart
metadata: {name: db, namespace: apps}
spec:
  chart: {path: db}
  values: {port: 5433}
  secretValues:
    auth.password: {credential: db, field: password}
    users[0].token: {credential: db, field: token}
`

// chartInput is a Chart's input with a chart of these templates.
func chartInput(templates map[string]string, machine ...string) Input {
	files := []chart.File{{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: db\nversion: 0.1.0\n")}, {Name: "values.yaml", Data: []byte("auth: {password: \"\", other: \"\"}\nport: 1\n")}}
	for name, text := range templates {
		files = append(files, chart.File{Name: "templates/" + name, Data: []byte(text)})
	}
	return Input{
		Spec: []byte(chartSpec), Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Folder: folder(map[string][]File{"credentials": {
			credentialFile("db", "generic", "password", "token"),
			credentialFile("machine", "machine", append([]string{"httpSecret", "seed"}, machine...)...),
		}}),
		Chart: func(path string) (chart.Source, error) { return chart.Source{Path: path, Files: files}, nil },
	}
}

func chartValues() map[secret.Ref]string {
	return map[secret.Ref]string{secret.FieldRef("db", "password"): "canary: p@ss #1", secret.FieldRef("db", "token"): "canary-token"}
}

// sealedTwice composes a plan, keeps what was made, and composes again.
func sealedTwice(t *testing.T, templates map[string]string) (Plan, Composition) {
	t.Helper()
	in := chartInput(templates)
	first, err := prepare(t, in).Compose(Revealed{Values: chartValues(), Seed: []byte("seed")})
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for ref, k := range first.Kept {
		field, _, err := credential.KeptEntry(ref, k)
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, "\""+field+"\"")
	}
	p := prepare(t, chartInput(templates, fields...))
	second, err := p.Compose(Revealed{Values: chartValues(), Seed: []byte("seed"), Kept: first.Kept})
	if err != nil {
		t.Fatal(err)
	}
	if len(second.New) > 0 || !slices.Equal(slices.Sorted(maps.Keys(first.Kept)), slices.Sorted(maps.Keys(second.Kept))) {
		t.Errorf("a second seal makes %v", second.New)
	}
	for i, s := range second.Sealings {
		for key, v := range s.Plain.Data {
			if string(first.Sealings[i].Plain.Data[key]) != string(v) {
				t.Errorf("%s of %s is another one the second time", key, s.Plain.Name)
			}
		}
	}
	return p, second
}

const aSecret = `apiVersion: v1
kind: Secret
metadata: {name: s}
data: {p: {{ .Values.auth.password | b64enc }}, t: {{ (index .Values.users 0).token | b64enc }}, r: {{ randAlphaNum 24 | b64enc }}}
`

// The same way for any chart: every Secret is a slot, its content the real one,
// and nothing else holds any of it.
func TestAChartIsSealed(t *testing.T) {
	p, made := sealedTwice(t, map[string]string{
		"form.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: form}\ndata: {a: {{ printf \"key = %s\" .Values.auth.password | b64enc | b64enc }}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: formsum}\ndata: {sum: {{ printf \"key = %s\" .Values.auth.password | upper | b64enc | sha256sum }}}\n",
		"cut.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cut}\ndata: {sum: {{ include (print $.Template.BasePath \"/s.yaml\") . | sha1sum | trunc 8 | quote }}}\n",
		"s.yaml":    aSecret,
		"tls.yaml": `{{ $ca := genCA "ca" 10 }}{{ $c := genSignedCert "db" nil (list "db") 10 $ca }}
apiVersion: v1
kind: Secret
metadata: {name: tls}
type: kubernetes.io/tls
data: {tls.crt: {{ $c.Cert | b64enc }}, tls.key: {{ $c.Key | b64enc }}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca}
data: {ca.crt: {{ $ca.Cert | quote }}, port: {{ .Values.port | quote }}, sum: {{ include (print $.Template.BasePath "/s.yaml") . | sha256sum }}}
`,
	})
	content := map[string]string{}
	for _, s := range made.Sealings {
		for k, v := range s.Plain.Data {
			content[s.Plain.Name+"/"+k] = string(v)
		}
	}
	if content["s/p"] != "canary: p@ss #1" || content["s/t"] != "canary-token" || len(content["s/r"]) != 24 || !strings.Contains(content["tls/tls.key"], "PRIVATE KEY") {
		t.Errorf("sealed %v", slices.Sorted(maps.Keys(content)))
	}
	var ca string
	for ref, text := range made.Sealings[0].Record.Public {
		if ca = text; !strings.HasSuffix(string(ref), ".cert") || !strings.Contains(text, "BEGIN CERTIFICATE") {
			t.Errorf("%s is public", ref)
		}
	}
	p.sealed = sealedFiles(t, made)
	objects, err := p.Fill(context.Background(), Sealed{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.Encode(objects)
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"canary", base64.StdEncoding.EncodeToString([]byte("canary")), "rgph", content["s/r"]} {
		if strings.Contains(string(text), never) {
			t.Errorf("the build holds %q", never)
		}
	}
	if !strings.Contains(string(text), strings.Split(ca, "\n")[1]) {
		t.Error("the certificate of the CA, which is public, is not in the build")
	}
}

// Each of these breaks a promise in a way of its own, with any chart.
func TestChartsThatLeakAnythingAreRefused(t *testing.T) {
	configMap := func(value string) map[string]string {
		return map[string]string{"s.yaml": aSecret, "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: " + value + "}\n"}
	}
	for name, c := range map[string]struct {
		templates map[string]string
		want      string
	}{
		"a secret":                {configMap(`{{ .Values.auth.password | quote }}`), "templates/c.yaml: ConfigMap c holds the secret field/db/password at data.k, outside a Secret"},
		"in base64":               {configMap(`{{ printf "x%s" .Values.auth.password | b64enc }}`), "outside a Secret"},
		"its first letters":       {configMap(`{{ trunc 4 .Values.auth.password | quote }}`), "the ConfigMap c depends on a secret at data.k"},
		"a random value":          {configMap(`{{ .Values.auth.other | default (randAlphaNum 24) | quote }}`), "set auth.other, under spec.secretValues or spec.values"},
		"a short random value":    {configMap(`{{ randAlphaNum 4 | quote }}`), "ConfigMap c has at data.k a value that the template draws by randAlphaNum"},
		"a mangled random value":  {configMap(`{{ randAlphaNum 24 | upper | quote }}`), "ConfigMap c has at data.k a value that the template draws by randAlphaNum"},
		"a random number":         {configMap(`{{ randInt 1 1000000 | quote }}`), "draws by randInt"},
		"the clock":               {configMap(`{{ now | date "2006" | quote }}`), "draws by now"},
		"the key of a CA":         {configMap(`{{ (genCA "a" 1).Key | quote }}`), "draws by genCA"},
		"a random name":           {map[string]string{"s.yaml": aSecret, "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c-{{ randAlpha 5 | lower }}}\n"}, "at its name, or whether it is there"},
		"the environment":         {configMap(`{{ ago now | quote }}`), "calls ago, whose result changes"},
		"a hook":                  {configMap("x}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: h, annotations: {helm.sh/hook: pre-install}}\ndata: {a: b"), "a hook (pre-install)"},
		"a template that fails":   {configMap(`{{ fail (print "no " .Values.auth.password) }}`), "templates/c.yaml:4: does not render"},
		"a name that Helm draws":  {configMap(`{{ uuidv4 | quote }}`), "draws by uuidv4"},
		"a certificate alone":     {map[string]string{"c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: {{ (genCA \"a\" 1).Cert | quote }}}\n"}, "has no Secret, whose sealed file would say it"},
		"too many values":         {configMap(`{{ range until 20000 }}{{ $_ := randAlphaNum 4 }}{{ end }}x`), "templates/c.yaml:4: draws more than 10000 random values"},
		"too many checksums":      {configMap(`{{ range until 20000 }}{{ $_ := sha256sum "x" }}{{ end }}x`), "takes more than that many checksums"},
		"two of one name":         {configMap("x}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b"), "also renders"},
		"keys that a value makes": {map[string]string{"s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {{ dict (trunc 6 .Values.auth.password) \"eA==\" | toJson }}\n"}, "has other keys with the real secrets than without"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Prepare(chartInput(c.templates))
			if err == nil {
				_, err = p.Compose(Revealed{Values: chartValues(), Seed: []byte("seed")})
			}
			if err == nil {
				_, err = p.Fill(context.Background(), Sealed{}, Options{})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

// What stands in a Secret in a text of some form may be encoded, not mangled.
func TestEncodedIsNotMangled(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		mangled  bool
	}{
		"in an address":  {`{{ printf "a://u:%s@h/%s" (urlquery .Values.auth.password) .Values.auth.password | b64enc }}`, false},
		"in JSON":        {`{{ dict "p" .Values.auth.password | toJson | b64enc }}`, false},
		"in a YAML file": {`{{ dict "a" (dict "k" .Values.auth.password) | toYaml | b64enc }}`, false},
		"in a block":     {`{{ printf "a:\n  k: |\n%s\nb: 1\n" (.Values.auth.password | indent 4) | b64enc }}`, false},
		"in capitals":    {`{{ printf "%s %s" (upper .Values.auth.password) .Values.auth.password | b64enc }}`, true}, // whether a letter was lost nobody can tell
		"cut off":        {`{{ printf "%s" (.Values.auth.password | replace " " "") | b64enc }}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := prepare(t, chartInput(map[string]string{"s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {p: " + c.template + "}\n"}))
			vals := chartValues()
			if strings.Contains(name, "block") || strings.Contains(name, "YAML file") {
				vals[secret.FieldRef("db", "password")] = "line one: #\nline two\n"
			}
			_, err := p.Compose(Revealed{Values: vals, Seed: []byte("seed")})
			if mangled := err != nil && strings.Contains(err.Error(), "mangles"); mangled != c.mangled {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestNeedsOfAChart(t *testing.T) {
	for change, want := range map[[2]string]string{
		{"credential: db, field: password", "credential: dbb, field: password"}:   `spec.secretValues["auth.password"].credential: no credential "dbb" in /env/credentials; did you mean "db"?`,
		{"credential: db, field: token", "credential: db, field: tokn"}:           `stringData.tokn: is missing`,
		{"users[0].token", "users[x"}:                                             "is not the path of a value",
		{"port: 5433", "password: hunter2"}:                                       "spec.values.password: looks like a secret; expected a field of a credential, named under spec.secretValues",
		{"{path: db}", "{path: db, sha256: \"" + fmt.Sprintf("%064d", 1) + "\"}"}: "spec.chart.sha256: is of an archive",
	} {
		in := chartInput(map[string]string{"s.yaml": aSecret})
		in.Spec = []byte(strings.Replace(chartSpec, change[0], change[1], 1))
		if _, err := Prepare(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}

// What a schema says of a value's letters is said of the real one, in a seal: a
// placeholder stands for any. What it says of all texts alike a build says too.
func TestASchemaIsHeldAgainstTheRealValue(t *testing.T) {
	const where = "spec.values.auth.password: is not what the chart takes there"
	for schema, c := range map[string]struct{ build, seal string }{
		`{"type":"string","pattern":"^canary: ","maxLength":20}`:                           {},
		`{"type":"string","pattern":"^other"}`:                                             {seal: where + " (pattern)"},
		`{"enum":["canary: p@ss #1"]}`:                                                     {},
		`{"const":"other"}`:                                                                {seal: where + " (const)"},
		`{"not":{"pattern":"^canary"}}`:                                                    {seal: where + " (not)"},
		`{"type":"integer"}`:                                                               {build: where + " (type)"},
		`false`:                                                                            {build: where + " (false)"},
		`{"anyOf":[{"type":"integer"},{"pattern":"^canary"}]}`:                             {},
		`{"anyOf":[{"type":"integer"},{"pattern":"^other"}]}`:                              {seal: where},
		`{"anyOf":[{"type":"integer"},{"type":"null"}]}`:                                   {build: where + " (type)"},
		`{"oneOf":[{"type":"string"},{"pattern":"^canary"}]}`:                              {seal: where + " (oneOf)"},
		`{"allOf":[{"pattern":"^other"},{"type":"boolean"}]}`:                              {build: where + " (type)"},
		`{}},"not":{"properties":{"password":{"pattern":"^canary"}}},"properties":{"x":{}`: {seal: "spec.values.auth: is not what the chart takes there (not)"},
		`{}},"required":["host"],"properties":{"x":{}`:                                     {build: "spec.values.auth: is not what the chart takes there (required)"},
		`{}},"enum":[{"password":"canary: p@ss #1","other":""}],"properties":{"x":{}`:      {},
	} {
		in := chartInput(map[string]string{"s.yaml": aSecret})
		read := in.Chart
		in.Chart = func(path string) (chart.Source, error) {
			src, err := read(path)
			src.Files = append(src.Files, chart.File{Name: "values.schema.json", Data: []byte(`{"properties":{"auth":{"properties":{"password":` + schema + `}}}}`)})
			return src, err
		}
		says := func(what string, err error, want string) {
			t.Helper()
			if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary:")) {
				t.Errorf("%s: %s: %v", schema, what, err)
			}
		}
		p, err := Prepare(in)
		if says("build", err, c.build); err != nil {
			continue
		}
		_, err = p.Compose(Revealed{Values: chartValues(), Seed: []byte("seed")})
		says("seal", err, c.seal)
	}
}

// A name that only sounds like a secret is let through where a person says so; a
// text that is one by its form never is.
func TestPublicValues(t *testing.T) {
	for values, refused := range map[string]bool{
		"{auth: {secretKey: password}}":                            false,
		"{auth: {secretKey: \"-----BEGIN RSA PRIVATE KEY-----\"}}": true,
		"{other: {secretKey: password}}":                           true,
	} {
		in := chartInput(map[string]string{"s.yaml": aSecret})
		in.Spec = []byte(strings.Replace(chartSpec, "values: {port: 5433}", "values: "+values+"\n  publicValues: [auth.secretKey]", 1))
		_, err := Prepare(in)
		if refused != (err != nil && strings.Contains(err.Error(), "looks like a secret")) {
			t.Errorf("%s: %v", values, err)
		}
	}
}

// A build is the same on another day: what a template makes of the time, and all
// that a seal makes once, is kept or stands for itself. (The golden file of
// overlays/database shows it with a real CA, on every day that the tests run.)
func TestABuildOnAnotherDay(t *testing.T) {
	templates := map[string]string{"a.yaml": aSecret, "b.yaml": `{{- $ca := genCA "ca" 30 -}}
apiVersion: v1
kind: Secret
metadata: {name: tls}
stringData: {day: {{ now | date "2006-01-02" | quote }}, key: {{ $ca.Key | quote }}, crt: {{ $ca.Cert | quote }}}
`}
	built := map[string]bool{}
	for _, day := range []time.Time{time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), time.Date(2050, 2, 28, 0, 0, 0, 0, time.UTC)} {
		in := chartInput(templates)
		in.Now = day
		text, err := object.Encode(prepare(t, in).Objects)
		if err != nil {
			t.Fatal(err)
		}
		built[string(text)] = true
	}
	if len(built) != 1 {
		t.Errorf("%d builds of three days differ", len(built))
	}
}
