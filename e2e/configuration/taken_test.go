package configuration

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	v3 "github.com/distribution/distribution/v3/configuration"
	v2 "github.com/docker/distribution/configuration"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/spec"
)

var update = flag.Bool("update", false, "write generator/configuration/taken.yaml anew")

// tree is what the registry takes below a key: a mapping of keys, "*" being
// any; a list of one entry, which stands for all; or the name of a kind of
// value: text, number, boolean, duration, version, any, or words with | between.
type tree map[string]any

// source is one version of the registry as its module brings it.
type source struct {
	module string
	config any
}

// notDrivers are folders beside those of the storage drivers.
var notDrivers = []string{"base", "factory", "middleware", "testsuites", "testdriver"}

// around are the keys of storage that are no driver, as registry/handlers/app.go
// of both versions reads them: it has no types for them. What redirect.disable
// takes is a rule of its own.
var around = tree{
	"cache":       tree{"blobdescriptor": "text", "blobdescriptorsize": "number", "layerinfo": "text"},
	"delete":      tree{"enabled": "boolean"},
	"maintenance": tree{"readonly": tree{"enabled": "boolean"}, "uploadpurging": tree{"enabled": "boolean", "age": "text", "interval": "text", "dryrun": "boolean"}},
	"redirect":    tree{"disable": "any"},
}

var sources = map[string]source{
	"2": {"github.com/docker/distribution", v2.Configuration{}},
	"3": {"github.com/distribution/distribution/v3", v3.Configuration{}},
}

// TestKnownKeys derives the keys of the registry's configuration from its own
// types, and from what its storage drivers ask their parameters for.
func TestKnownKeys(t *testing.T) {
	const path = repo + "/generator/configuration/taken.yaml"
	known := map[string]tree{}
	for version, s := range sources {
		dir := module(t, s.module)
		top := keysOf(reflect.TypeOf(s.config)).(tree)
		storage := maps.Clone(around)
		if version != "2" {
			storage["tag"] = tree{"concurrencylimit": "number"}
		}
		for _, driver := range folders(t, filepath.Join(dir, "registry/storage/driver"), notDrivers) {
			storage[driver] = parameters(t, filepath.Join(dir, "registry/storage/driver", driver))
		}
		storage["s3"], storage["s3aws"] = storage["s3-aws"], storage["s3-aws"]
		delete(storage, "s3-aws")
		top["storage"] = storage
		auth := tree{"none": "any"}
		for _, method := range folders(t, filepath.Join(dir, "registry/auth"), nil) {
			auth[method] = "any"
		}
		top["auth"] = auth
		known[version] = top
	}
	text, err := yaml.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	text = append([]byte("# What the registry takes for its configuration, by version; * is any key.\n"+
		"# Derived from distribution "+"3.1.2 and 2.8.3 by go test ./configuration -run TestKnownKeys -update in e2e.\n"), text...)
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != string(text) {
		t.Errorf("%s is out of date: go test ./configuration -run TestKnownKeys -update", path)
	}
}

// keysOf is a type as YAML reads it.
func keysOf(typ reflect.Type) any {
	switch typ {
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[v3.Loglevel](), reflect.TypeFor[v2.Loglevel]():
		return "error|warn|info|debug"
	case reflect.TypeFor[v3.ClientAuth]():
		return strings.Join([]string{v3.ClientAuthRequestClientCert, v3.ClientAuthRequireAnyClientCert, v3.ClientAuthVerifyClientCertIfGiven, v3.ClientAuthRequireAndVerifyClientCert}, "|")
	case reflect.TypeFor[v3.Platforms]():
		return "all|none|list"
	case reflect.TypeFor[v3.Version](), reflect.TypeFor[v2.Version]():
		return "version"
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return keysOf(typ.Elem())
	case reflect.Slice:
		return []any{keysOf(typ.Elem())}
	case reflect.Map:
		return tree{"*": keysOf(typ.Elem())}
	case reflect.String:
		return "text"
	case reflect.Int:
		return "number"
	case reflect.Bool:
		return "boolean"
	case reflect.Struct:
		out := tree{}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			switch {
			case name == "-" || !f.IsExported():
			case options == "inline":
				maps.Copy(out, keysOf(f.Type).(tree))
			default:
				out[cmp.Or(name, strings.ToLower(f.Name))] = keysOf(f.Type)
			}
		}
		return out
	}
	return "any"
}

// module is the folder of a module's source.
func module(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func folders(t *testing.T, dir string, but []string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(but, e.Name()) {
			out = append(out, e.Name())
		}
	}
	return out
}

// asked are the ways in which a driver names a parameter.
var asked = regexp.MustCompile("(?:parameters\\[|[pP]arameters, |\\bparam[A-Z]\\w+ *= )\"(\\w+)\"|mapstructure:\"(\\w+)[,\"]")

// parameters are the names that a driver's source asks for; any when it asks
// for none, or takes them by the names of a type's fields (swift).
func parameters(t *testing.T, dir string) any {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(dir, err)
	}
	out := tree{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "mapstructure.Decode(parameters") {
			return "any"
		}
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			out[strings.ToLower(fmt.Sprint(m[1], m[2]))] = "any"
		}
	}
	if len(out) == 0 {
		return "any"
	}
	return out
}

// TestTakenIsWhatTheRegistryTakes puts values of every kind at every place of
// the configuration. The registry's own parser refuses those that check calls
// errors, and no others.
func TestTakenIsWhatTheRegistryTakes(t *testing.T) {
	kinds := []any{"text", "10s", "3", "true", "debug", "0.1", 3, 0, 1.5, true, []any{}, []any{"a"}, []any{1}, []any{map[string]any{}}, map[string]any{}, map[string]any{"zzz": "b"}}
	for version, s := range sources {
		flavor, image := spec.Distribution, "registry:3.1.2"
		if version == "2" {
			flavor, image = spec.DistributionV2, "registry:2.8.3"
		}
		refused, tried := 0, 0
		for _, path := range pathsOf(keysOf(reflect.TypeOf(s.config)), nil) {
			if path[0] == "storage" || path[0] == "auth" || strings.Join(path, ".") == "http.tls.letsencrypt" {
				continue
			}
			for _, kind := range kinds {
				config := map[string]any{"version": 0.1, "storage": map[string]any{"inmemory": nil}}
				put(config, path, kind)
				text, err := yaml.Marshal(config)
				if err != nil {
					t.Fatal(err)
				}
				parsed := starts(registries[flavor], text)
				found := calledErrors(t, image, string(text))
				tried++
				if (parsed != nil) != (len(found) > 0) {
					t.Errorf("version %s, %s: %v: check says %v", version, strings.Join(path, "."), kind, found)
				}
				if parsed != nil {
					refused++
				}
			}
		}
		t.Logf("version %s: %d tried, %d refused", version, tried, refused)
		if refused < 200 || tried-refused < 200 {
			t.Errorf("version %s: %d tried, %d refused", version, tried, refused)
		}
	}
}

// TestVariablesAreWhatTheRegistryTakes does the same with the variables that
// overrule the file.
func TestVariablesAreWhatTheRegistryTakes(t *testing.T) {
	const config = "version: 0.1\nstorage: {inmemory: {}}\n"
	texts := []string{"", "text", "10s", "3", "1.5", "true", "debug", "[]", "[a]", "{}", "{zzz: b}", "'3'", "[", "~"}
	// Fields that variables call otherwise than the file; those are tried in
	// TestRulesOnObjects.
	otherwise := regexp.MustCompile(`^(health\.(file|http|tcp)|notifications\.events|log\.hooks|http\.tls\.letsencrypt|compatibility|storage|auth|version)`)
	for version, s := range sources {
		flavor, image := spec.Distribution, "registry:3.1.2"
		if version == "2" {
			flavor, image = spec.DistributionV2, "registry:2.8.3"
		}
		refused, tried := 0, 0
		for _, path := range pathsOf(keysOf(reflect.TypeOf(s.config)), nil) {
			if slices.Contains(path, "[]") || slices.Contains(path, "*") || otherwise.MatchString(strings.Join(path, ".")) {
				continue
			}
			name := "REGISTRY_" + strings.ToUpper(strings.Join(path, "_"))
			for _, text := range texts {
				os.Setenv(name, text)
				parsed := starts(registries[flavor], []byte(config))
				os.Unsetenv(name)
				found := calledErrors(t, image, config, name, text)
				tried++
				if (parsed != nil) != (len(found) > 0) {
					t.Errorf("version %s, %s=%s: %v: check says %v", version, name, text, parsed, found)
				}
				if parsed != nil {
					refused++
				}
			}
		}
		t.Logf("version %s: %d tried, %d refused", version, tried, refused)
		if refused < 200 || tried-refused < 200 {
			t.Errorf("version %s: %d tried, %d refused", version, tried, refused)
		}
	}
}

// starts is why a registry doesn't start with a configuration; version 2
// panics at some.
func starts(r registry, config []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panics: %v", p)
		}
	}()
	_, err = r.parse(config)
	return err
}

// pathsOf are the paths of a form; "[]" is the first entry of a list.
func pathsOf(known any, path []string) [][]string {
	var out [][]string
	if len(path) > 0 {
		out = append(out, path)
	}
	switch k := known.(type) {
	case []any:
		out = append(out, pathsOf(k[0], append(slices.Clone(path), "[]"))...)
	case tree:
		for key, below := range k {
			out = append(out, pathsOf(below, append(slices.Clone(path), key))...)
		}
	}
	return out
}

// put sets a value at a path of pathsOf.
func put(m map[string]any, path []string, value any) {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == "[]" {
			value = []any{value}
		} else {
			value = map[string]any{path[i]: value}
		}
	}
	m[path[0]] = value
}

// calledErrors are the errors that check has about a configuration, and a
// variable if one is named.
func calledErrors(t *testing.T, image, config string, variable ...string) []string {
	t.Helper()
	var out []string
	env := []any{}
	if len(variable) == 2 {
		env = append(env, map[string]any{"name": variable[0], "value": variable[1]})
	}
	objects := []object.Object{
		{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "c"}, "data": map[string]any{"config.yml": config}},
		{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "d"}, "spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"volumes":    []any{map[string]any{"name": "c", "configMap": map[string]any{"name": "c"}}},
			"containers": []any{map[string]any{"name": "r", "image": image, "env": env, "volumeMounts": []any{map[string]any{"name": "c", "mountPath": "/c"}}}},
		}}}},
	}
	for _, f := range (check.Rendered{From: "x", Objects: objects}).Run() {
		if f.Rule == "configuration" && f.Severity == check.Error {
			out = append(out, f.Error())
		}
	}
	return out
}
