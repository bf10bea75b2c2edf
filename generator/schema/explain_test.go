package schema

import (
	"reflect"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/strict"
)

// Every field of every kind is explained by its own path, with all that docs
// say about it, with and without a key before an entry's field.
func TestExplainKnowsEveryField(t *testing.T) {
	for kind, of := range map[string]struct {
		t    reflect.Type
		docs described
	}{
		spec.KindRegistry: {reflect.TypeFor[spec.Registry](), docs},
		spec.KindChart:    {reflect.TypeFor[spec.Chart](), chartDocs()},
		spec.KindImages:   {reflect.TypeFor[spec.ImagePullSecrets](), imagesDocs()},
	} {
		all, err := Explain(kind, true)
		if err != nil {
			t.Fatal(err)
		}
		strict.Visit(of.t, "", func(path string, f reflect.StructField) {
			d := of.docs[path]
			for _, asked := range []string{path, strings.ReplaceAll(path, ".*", ""), strings.ReplaceAll(path, ".*", "[0]"), strings.ReplaceAll(path, "*", "my-own")} {
				got, err := Explain(kind+"."+asked, false)
				if err != nil {
					t.Errorf("%s %s: %v", kind, asked, err)
					continue
				}
				flat := strings.Join(strings.Fields(got), " ")
				for _, want := range append([]string{strict.JSONName(f) + " <", strings.Join(strings.Fields(d.text), " "), d.def, string(d.pattern), string(d.keys)}, d.enum...) {
					if !strings.Contains(flat, want) {
						t.Errorf("%s %s: %q is not said:\n%s", kind, asked, want, got)
					}
				}
				if d.required != strings.Contains(got, "Required in the merged spec") {
					t.Errorf("%s %s: required is not said as it is", kind, asked)
				}
			}
			if !strings.Contains(all, " "+strict.JSONName(f)+" <"+typeName(f.Type)+">") {
				t.Errorf("%s: %s is not listed by --recursive", kind, path)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	for path, want := range map[string]string{
		"chart.spec.secretValues.auth.credential": `KIND:     Chart
VERSION:  reggen.dev/v1alpha1

FIELD: credential <text> -required-

DESCRIPTION:
    The metadata.name of the credential: one of type generic, or any other of
    this environment.
    Required in the merged spec; a layer leaves it out where another one has it.
`,
		"registries.metadata.": `KIND:     Registry
VERSION:  reggen.dev/v1alpha1

FIELD: metadata <mapping> -required-

DESCRIPTION:
    Names the registry.
    Required in the merged spec; a layer leaves it out where another one has it.

FIELDS:
  name <text> -required-
    The registry's name and the chart's release name; objects are named after
    it.

  namespace <text> -required-
    The namespace of the registry. Pods, Secrets and the records of sealed files
    are bound to it, so it has no default.

  labels <mapping of text>
    Labels for every object. Keys named data or stringData are refused, since
    SOPS would encrypt them.

  annotations <mapping of text>
    Annotations for every object, apart from kustomize's own
    (config.kubernetes.io/...), which are dropped.
`,
	} {
		if got, err := Explain(path, false); err != nil || got != want {
			t.Errorf("%s: %v\n%s", path, err, got)
		}
	}
	for path, want := range map[string]string{
		"spec.storage.s3.redirct":      `spec.storage.s3.redirct: unknown field; did you mean "redirect"?`,
		"spec.pullSecrets.regcred.usr": `spec.pullSecrets.regcred.usr: unknown field; did you mean "user"?`,
		"spec.pullSecrets.usr":         `spec.pullSecrets.usr: unknown field; did you mean "user"?`,
		"spec.secretValues":            "spec.secretValues: unknown field of a Registry\n  next: reggen explain chart.spec.secretValues",
		"registry.spec.secretValues":   "spec.secretValues: unknown field; expected host, image, ",
		"spec.values.replicaCount":     "spec.values.replicaCount: is not described: what is below spec.values is up to you, or to the chart\n  next: reggen explain spec.values",
		"spec.host.name":               "spec.host.name: spec.host is a text and has no fields",
		"pods.spec":                    "pods: unknown field; expected apiVersion, kind, metadata or spec",
	} {
		if got, err := Explain(path, false); got != "" || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v %s", path, err, got)
		}
	}
	// A key like a field's name, with a field behind it.
	if got, err := Explain("spec.pullSecrets.users.user", false); err != nil || !strings.Contains(got, "FIELD: user <text>") {
		t.Errorf("%v %s", err, got)
	}
}
