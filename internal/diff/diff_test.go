package diff

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/object"
)

const canary = "canary-Pa55word"

const base = `apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: ns}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: a, image: "i:1", env: [{name: A, value: "1"}]}
      - {name: b, image: b}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: ns}
data:
  config.yml: |
    storage:
      s3: {region: nyc3}
    list: [a, b]
  script: |
    one
    two
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: ns, labels: {l: a}}
data: {k: "ENC[1` + canary + `]", gone: "ENC[2]"}
sops: {mac: m1, lastmodified: t1, age: [{recipient: age1x, enc: e1}, {recipient: age1y, enc: e2}]}
`

func diff(t *testing.T, from, to string) string {
	t.Helper()
	a, err := object.Parse("a", []byte(from))
	if err != nil {
		t.Fatal(err)
	}
	b, err := object.Parse("b", []byte(to))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "canary") || strings.Contains(string(text), "ENC[") {
		t.Fatal("the content of a Secret is in the diff")
	}
	var b2 strings.Builder
	for _, o := range d {
		b2.WriteString(o.Object + " " + string(o.Change) + "\n")
		for _, f := range o.Fields {
			b2.WriteString("  " + f.Path + " " + string(f.Change) + " [" + f.From + "] [" + f.To + "]\n")
		}
	}
	return b2.String()
}

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		edits []string // old, new, ...
		want  string
	}{
		"nothing":                   {nil, ""},
		"a scalar":                  {[]string{"replicas: 1", "replicas: 3"}, "Deployment ns/d changed\n  spec/replicas changed [1] [3]\n"},
		"in a list, by name":        {[]string{"i:1", "i:2"}, "Deployment ns/d changed\n  spec/template/spec/containers/name=a/image changed [i:1] [i:2]\n"},
		"an entry less":             {[]string{"      - {name: b, image: b}\n", ""}, "Deployment ns/d changed\n  spec/template/spec/containers removed [- image: b\n  name: b] []\n"},
		"in a configuration":        {[]string{"nyc3", "ams3"}, "ConfigMap ns/c changed\n  data/config.yml: storage/s3/region changed [nyc3] [ams3]\n"},
		"in a text":                 {[]string{"    two", "    three"}, "ConfigMap ns/c changed\n  data/script changed [two] [three]\n"},
		"an object more":            {[]string{"kind: ConfigMap\nmetadata: {name: c,", "kind: ConfigMap\nmetadata: {name: e,"}, "ConfigMap ns/c removed\nConfigMap ns/e added\n"},
		"only lastmodified and mac": {[]string{"mac: m1, lastmodified: t1", "mac: m2, lastmodified: t2"}, ""},
		"only wrapped keys":         {[]string{"enc: e1", "enc: e9"}, ""},
		"a value of a Secret":       {[]string{"ENC[1", "ENC[9"}, "Secret ns/s changed\n  data/k changed [] []\n"},
		"a key of a Secret":         {[]string{`gone: "ENC[2]"`, `more: "ENC[2]"`}, "Secret ns/s changed\n  data/gone removed [] []\n  data/more added [] []\n"},
		"a recipient":               {[]string{"age1y", "age1z"}, "Secret ns/s changed\n  sops/recipients added [] [age1z]\n  sops/recipients removed [age1y] []\n"},
		"a label of a Secret":       {[]string{"l: a", "l: b"}, "Secret ns/s changed\n  metadata/labels/l changed [a] [b]\n"},
		"a Secret taken out":        {[]string{base[strings.Index(base, "---\napiVersion: v1\nkind: Secret"):], ""}, "Secret ns/s removed\n"},
	} {
		t.Run(name, func(t *testing.T) {
			to := base
			for i := 0; i+1 < len(c.edits); i += 2 {
				if !strings.Contains(to, c.edits[i]) {
					t.Fatalf("nothing to edit: %q", c.edits[i])
				}
				to = strings.Replace(to, c.edits[i], c.edits[i+1], 1)
			}
			if got := diff(t, base, to); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestANewSecretNamesItsKeys(t *testing.T) {
	secret := base[strings.Index(base, "apiVersion: v1\nkind: Secret"):]
	if got, want := diff(t, "", secret), "Secret ns/s added\n  data/gone added [] []\n  data/k added [] []\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// A list as long as a pull request can make it takes no minutes, and a text that
// would grow when its aliases are expanded is compared as a text.
func TestLargeObjectsAreComparedQuickly(t *testing.T) {
	long := func(from int) object.Object {
		var list []any
		for i := range 20_000 {
			list = append(list, map[string]any{"a": []any{fmt.Sprint(from + i*7)}})
		}
		return object.Object{"apiVersion": "v1", "kind": "X", "metadata": map[string]any{"name": "x"}, "spec": map[string]any{"l": list}}
	}
	got, err := Compare([]object.Object{long(0)}, []object.Object{long(3)})
	if err != nil || len(got) != 1 || len(got[0].Fields) != 1 || got[0].Fields[0].Note == "" {
		t.Errorf("%v %v", got, err)
	}
	bomb := "x0: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 10; i++ {
		bomb += fmt.Sprintf("x%d: &%c [%s]\n", i, 'a'+i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", 'a'+i-1), 9), ","))
	}
	text := func(s string) object.Object {
		return object.Object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "x"}, "data": map[string]any{"f": s}}
	}
	if got, err := Compare([]object.Object{text(bomb)}, []object.Object{text(bomb + "y: z\n")}); err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
}
