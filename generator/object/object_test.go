package object

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseSplitsAndKeepsOrder(t *testing.T) {
	got, err := Parse("f", []byte("# c\n---\napiVersion: v1\nkind: A\nmetadata: {name: x}\n---\n\n---\napiVersion: g/v1\nkind: B\nmetadata: {name: why, namespace: en}\ntext: |\n  a\n   --- not a marker\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].ID().String() != "A x" || got[1].ID() != (ID{"g", "B", "en", "why"}) {
		t.Errorf("got %v", got)
	}
	if got[1]["text"] != "a\n --- not a marker\n" {
		t.Errorf("text %q", got[1]["text"])
	}
}

func TestParseNeverQuotesContent(t *testing.T) {
	for _, in := range []string{"a: [canary", "a: canary\na: b\n", "canary", "apiVersion: canary\nkind: B\n", "- canary"} {
		_, err := Parse("f.yaml", []byte(in))
		if err == nil || strings.Contains(err.Error(), "canary") || !strings.HasPrefix(err.Error(), "f.yaml: ") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// The library keeps one of such keys by chance, also where it takes the last of two.
func TestParseRefusesKeysThatBecomeOne(t *testing.T) {
	for name, parse := range map[string]func(string, []byte) ([]Object, error){"Parse": Parse, "ParseAsHelm": ParseAsHelm} {
		_, err := parse("f.yaml", []byte("apiVersion: v1\nkind: A\nmetadata: {name: x, labels: {true: canary, \"true\": b}}\n"))
		if want := `f.yaml: is not a valid YAML object: two keys of a mapping are the same text, as 1 and "1" are; expected a mapping without duplicate keys`; err == nil || err.Error() != want {
			t.Errorf("%s: %v; expected %s", name, err, want)
		}
	}
}

func TestCopyIsDeep(t *testing.T) {
	a := Object{"m": map[string]any{"l": []any{map[string]any{"k": "v"}}}}
	b := a.Copy()
	b.Map("m")["l"].([]any)[0].(map[string]any)["k"] = "w"
	if Equal(a, b) || a.Map("m")["l"].([]any)[0].(map[string]any)["k"] != "v" {
		t.Error("the copy shares content")
	}
}

func TestPodTemplate(t *testing.T) {
	tmpl := map[string]any{"spec": map[string]any{}}
	for kind, o := range map[string]Object{
		"Deployment": {"kind": "Deployment", "spec": map[string]any{"template": tmpl}},
		"CronJob":    {"kind": "CronJob", "spec": map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": tmpl}}}},
	} {
		if _, ok := o.PodTemplate(); !ok {
			t.Errorf("%s has none", kind)
		}
	}
	if _, ok := (Object{"kind": "Service", "spec": map[string]any{"template": tmpl}}).PodTemplate(); ok {
		t.Error("a Service has one")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("apiVersion: v1\nkind: A\nmetadata: {name: x}\n---\napiVersion: v1\nkind: B\nmetadata: {name: why}\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, in string) {
		objects, err := Parse("f", []byte(in))
		if err != nil {
			return
		}
		text, err := Encode(objects)
		if err != nil {
			return
		}
		again, err := Parse("f", text)
		if err != nil || len(again) != len(objects) {
			t.Fatalf("what was written does not read back: %v", err)
		}
		for i := range again {
			if !Equal(again[i], objects[i]) {
				t.Errorf("object %d changed on its way through YAML", i)
			}
		}
	})
}

func TestParseTakesListsApart(t *testing.T) {
	got, err := Parse("f", []byte("apiVersion: v1\nkind: List\nmetadata: {resourceVersion: \"\"}\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: a}}\n"+
		"- {apiVersion: v1, kind: ConfigMapList, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}]}\n---\napiVersion: x/v1\nkind: AllowList\nmetadata: {name: c}\n"))
	var names []string
	for _, o := range got {
		names = append(names, o.ID().String())
	}
	if err != nil || strings.Join(names, ", ") != "A a, ConfigMap b, AllowList c" {
		t.Errorf("%v %v", names, err)
	}
	for in, want := range map[string]string{
		"kind: List\napiVersion: v1\nitems: [{kind: A}]\n":           "f: holds an object without apiVersion, kind or metadata.name: a List",
		"a: b\n---\nkind: A\napiVersion: v1\nmetadata: {name: a}\n":  "f: document 1 holds an object without apiVersion, kind or metadata.name",
		"kind: A\napiVersion: v1\nmetadata: {name: a}\n---\nb: [\n":  "f: document 2 is not a valid YAML object, in line 1 of it",
		"kind: A\napiVersion: v1\nmetadata: {name: a}\nkind: B\n":    "f: is not a valid YAML object, in line 4 of it",
		"kind: AList\napiVersion: v1\nmetadata: {name: a}\nitems: 1": "",
	} {
		_, err := Parse("f", []byte(in))
		if got := fmt.Sprint(err); want == "" && err != nil || !strings.HasPrefix(got, want) && want != "" {
			t.Errorf("%q: %v", in, err)
		}
	}
}
