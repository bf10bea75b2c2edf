package schema

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	reference "github.com/reggen/reggen/docs"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/strict"
)

var update = flag.Bool("update", false, "write the generated files in docs/reference")

func TestSchemaFilesAreCurrent(t *testing.T) {
	for file, want := range map[string][]byte{
		"registry.schema.json":           Registry(),
		"chart.schema.json":              Chart(),
		"imagepullsecrets.schema.json":   Images(),
		"registrycredential.schema.json": Credential(),
		"registry.md":                    Reference(),
	} {
		path := "../../docs/reference/" + file
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: go test ./generator/schema -run TestSchema -update", file)
		}
	}
}

func TestSchemaIsEmbedded(t *testing.T) {
	for kind, want := range map[string][]byte{"Registry": Registry(), "registry": Registry(), "REGISTRYCREDENTIAL": Credential(), "chart": Chart(), "imagepullsecrets": Images()} {
		if got, ok := reference.Schema(kind); !ok || !bytes.Equal(got, want) && !*update {
			t.Errorf("%s: %d bytes embedded, %d made", kind, len(got), len(want))
		}
	}
	if _, ok := reference.Schema("ConfigMap"); ok {
		t.Error("there is a schema of a ConfigMap")
	}
}

func TestSchemaDescribesEveryField(t *testing.T) {
	for kind, docs := range map[reflect.Type]described{reflect.TypeFor[spec.Registry](): docs, reflect.TypeFor[spec.Chart](): chartDocs(), reflect.TypeFor[spec.ImagePullSecrets](): imagesDocs()} {
		seen := map[string]bool{}
		strict.Visit(kind, "", func(path string, f reflect.StructField) {
			seen[path] = true
			if d := docs[path]; !strings.HasSuffix(d.text, ".") || len(d.text) < 8 {
				t.Errorf("%s of %v has no description", path, kind)
			}
		})
		for path := range docs {
			if !seen[path] {
				t.Errorf("%s of %v is described, and isn't a field", path, kind)
			}
		}
	}
}

// each calls f with a Registry for every mapping of the spec, in which that one and
// those around it are there and empty, with an entry where they are in a map or
// a list.
func each(t *testing.T, f func(r spec.Registry)) {
	t.Helper()
	seen := 0
	var below func(typ reflect.Type, way []int)
	below = func(typ reflect.Type, way []int) {
		r := spec.Registry{Metadata: spec.Metadata{Name: "reg"}}
		reach(reflect.ValueOf(&r).Elem(), way)
		seen++
		f(r)
		for i := range typ.NumField() {
			if inner := structOf(typ.Field(i).Type); inner != nil {
				below(inner, append(slices.Clone(way), i))
			}
		}
	}
	below(reflect.TypeFor[spec.Registry](), nil)
	if seen < 40 {
		t.Fatalf("only %d mappings found", seen)
	}
}

// structOf is the mapping that a field holds, itself, by a pointer, or as entries;
// nil for other fields.
func structOf(t reflect.Type) reflect.Type {
	switch t.Kind() {
	case reflect.Struct:
		return t
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return structOf(t.Elem())
	}
	return nil
}

// reach makes what is on the way to a field, and that.
func reach(v reflect.Value, way []int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		reach(v.Elem(), way)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		reach(v.Index(0), way)
	case reflect.Map:
		entry := reflect.New(v.Type().Elem()).Elem()
		reach(entry, way)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x"), entry)
	case reflect.Struct:
		if len(way) > 0 {
			reach(v.Field(way[0]), way[1:])
		}
	}
}

// What fields.go calls required is what Validate asks for.
func TestSchemaKnowsWhatIsRequired(t *testing.T) {
	asked := map[string]bool{"metadata": true, "metadata.name": true, "spec": true, "spec.storage": true}
	each(t, func(r spec.Registry) {
		for _, p := range spec.Validate(spec.Default(r)) {
			if p.What == "is missing" {
				asked[strings.NewReplacer(".x.", ".*.", "[0]", ".*").Replace(p.Path)] = true
			}
		}
	})
	delete(asked, "spec.storage.s3.region")            // depends on the provider
	delete(asked, "spec.scheduling.tolerations.*.key") // depends on the operator
	if len(asked) < 10 {
		t.Errorf("only %d fields were asked for", len(asked))
	}
	for path, d := range docs {
		if d.required != asked[path] {
			t.Errorf("%s: required is %v, Validate asks for it: %v", path, d.required, asked[path])
		}
	}
}

// The texts of defaults agree with what Default does.
func TestSchemaKnowsTheDefaults(t *testing.T) {
	defaulted := map[string]bool{}
	each(t, func(r spec.Registry) {
		var look func(was, is reflect.Value, path string)
		look = func(was, is reflect.Value, path string) {
			unset := false
			if is.Kind() == reflect.Pointer && !is.IsNil() {
				if unset = was.IsNil(); unset {
					was = reflect.New(is.Type().Elem())
				}
				was, is = was.Elem(), is.Elem()
			}
			switch is.Kind() {
			case reflect.Struct:
				for i := range is.NumField() {
					look(was.Field(i), is.Field(i), strings.TrimPrefix(path+"."+strict.JSONName(is.Type().Field(i)), "."))
				}
				return
			case reflect.Map:
				for _, key := range is.MapKeys() {
					if structOf(is.Type()) != nil {
						look(was.MapIndex(key), is.MapIndex(key), path+".*")
					}
				}
				return
			case reflect.Slice:
				if structOf(is.Type()) != nil {
					for i := range min(was.Len(), is.Len()) {
						look(was.Index(i), is.Index(i), path+".*")
					}
					return
				}
			}
			got := strings.NewReplacer(`"reg"`, "<metadata.name>", `"`, "", ",", ", ", "reg-", "<metadata.name>-").Replace(asJSON(t, is.Interface()))
			if !unset && reflect.DeepEqual(was.Interface(), is.Interface()) {
				return
			}
			defaulted[path] = true
			def := docs[path].def
			said, rest := strings.CutPrefix(def, got)
			if exactly := rest && (said == "" || strings.ContainsAny(said[:1], " ,;")); !exactly && !strings.Contains(def, "else "+got) {
				t.Errorf("%s: documented %q, is %q", path, def, got)
			}
		}
		look(reflect.ValueOf(r), reflect.ValueOf(spec.Default(r)), "")
	})
	if len(defaulted) < 30 {
		t.Errorf("only %d defaults were seen: %v", len(defaulted), slices.Sorted(maps.Keys(defaulted)))
	}
}

func readSchema(t *testing.T, data []byte) object {
	t.Helper()
	var s object
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func complaints(t *testing.T, schema []byte, text string) []string {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return conform(t, readSchema(t, schema), v, "")
}

// Every layer of the examples conforms, and so do their merged specs, before
// and after defaulting.
func TestSchemaTakesTheExamples(t *testing.T) {
	texts := layers(t)
	texts["minimal"] = minimal
	texts["nulls"] = minimal + "  storage: {filesystem: null}\n  replicas: null\n  image: {flavor: null}\n  pullSecrets: {regcred: null}\n"
	for name, text := range texts {
		for _, c := range complaints(t, Registry(), text) {
			t.Errorf("%s: %s", name, c)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	for text, want := range map[string]string{
		onVolume + "  replica: 2\n":                             "/spec/replica: unknown",
		onVolume + "  image: {tag: 3.1}\n":                      "/spec/image/tag: type",
		onVolume + "  image: {flavor: distribution-v4}\n":       "/spec/image/flavor: enum",
		onVolume + "  image: {digest: 'sha256:abc'}\n":          "/spec/image/digest: pattern",
		onVolume + "  disruptionBudget: {minAvailable: -1}\n":   "/spec/disruptionBudget/minAvailable: minimum",
		onVolume + "  disruptionBudget: {minAvailable: x}\n":    "/spec/disruptionBudget/minAvailable: pattern",
		onVolume + "  replicas: 0\n":                            "/spec/replicas: minimum",
		onVolume + "  secrets: {credentials: [a, a]}\n":         "/spec/secrets/credentials: uniqueItems",
		onVolume + "  secrets: {credentials: ['']}\n":           "/spec/secrets/credentials/0: minLength",
		onVolume + "  pullSecrets: {a_b: {user: u}}\n":          "/spec/pullSecrets/a_b: pattern",
		onVolume + "  pullSecrets: {a: {users: u}}\n":           "/spec/pullSecrets/a/users: unknown",
		onVolume + "  resources: {limits: {memory: 512MB}}\n":   "/spec/resources/limits/memory: pattern",
		"apiVersion: reggen.dev/v1alpha1\nkind: Registry\n":     ": metadata missing",
		strings.Replace(onVolume, "name: reg, ", "", 1):         "/metadata: name missing",
		strings.Replace(onVolume, "kind: Registry", "kind:", 1): "/kind: type",
		withHost(strings.Repeat("a.", 130) + "a"):               "/spec/host: maxLength",
	} {
		if got := strings.Join(complaints(t, Registry(), text), ", "); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q for\n%s", got, want, text)
		}
	}
}

func TestSchemaOfCredentials(t *testing.T) {
	head := "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\nmetadata: {name: a, annotations: {config.kubernetes.io/local-config: 'true'}}\n"
	for text, want := range map[string]string{
		head + "type: user\nuser: Zoë\ncost: 10\nstringData: {password: x, hash: y, hashOf: z}\nsops: {version: 3.13.3}\n": "",
		head + "type: user\nstringData: {hash: y}\n":                                                         "",
		head + "type: s3\nstringData: {accessKey: x, secretKey: y}\n":                                        "",
		head + "type: machine\nstringData: {httpSecret: x, seed: y}\n":                                       "",
		head + "type: user\nstringData: {hashOf: z}\n":                                                       "/stringData: anyOf",
		head + "type: user\ncost: 13\nstringData: {hash: z}\n":                                               "/cost: maximum",
		head + "type: s3\nstringData: {accessKey: x}\n":                                                      "/stringData: secretKey missing",
		head + "type: s3\nstringData: {password: x}\n":                                                       "/stringData/password: unknown",
		head + "type: machine\nstringData: {httpSecret: '', seed: y}\n":                                      "/stringData/httpSecret: minLength",
		head + "type: chart\nstringData: {}\n":                                                               "/type: enum",
		head + "type: config\nstringData: {REGISTRY_REDIS_PASSWORD: x, notifications.ci.Authorization: y}\n": "",
		head + "type: config\nstringData: {password: x}\n":                                                   "/stringData/password: pattern",
		head + "type: config\nstringData: {}\n":                                                              "/stringData: minProperties",
		head + "type: azure\nstringData: {}\n":                                                               "/stringData: accountKey missing",
		head + "type: user\npassword: x\nstringData: {hash: y}\n":                                            "/password: unknown",
	} {
		got := strings.Join(complaints(t, Credential(), text), ", ")
		if got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("got %q, want %q for\n%s", got, want, text)
		}
	}
}
