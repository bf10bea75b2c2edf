package configuration

import (
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

	v3 "github.com/distribution/distribution/v3/configuration"
	v2 "github.com/docker/distribution/configuration"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write generator/check/configuration.yaml anew")

// tree are the keys that the registry knows below a key; nil is a value, or
// whatever the registry passes on, and "*" any key.
type tree map[string]any

// source is one version of the registry as its module brings it.
type source struct {
	module string
	config any
}

// notDrivers are folders beside those of the storage drivers.
var notDrivers = []string{"base", "factory", "middleware", "testsuites", "testdriver"}

// around are the keys of storage that are no driver, as registry/handlers/app.go
// of both versions reads them: it has no types for them.
var around = tree{
	"cache":       tree{"blobdescriptor": nil, "blobdescriptorsize": nil, "layerinfo": nil},
	"delete":      tree{"enabled": nil},
	"maintenance": tree{"readonly": tree{"enabled": nil}, "uploadpurging": tree{"enabled": nil, "age": nil, "interval": nil, "dryrun": nil}},
	"redirect":    tree{"disable": nil},
}

var sources = map[string]source{
	"2": {"github.com/docker/distribution", v2.Configuration{}},
	"3": {"github.com/distribution/distribution/v3", v3.Configuration{}},
}

// TestKnownKeys derives the keys of the registry's configuration from its own
// types, and from what its storage drivers ask their parameters for.
func TestKnownKeys(t *testing.T) {
	const path = repo + "/generator/check/configuration.yaml"
	known := map[string]tree{}
	for version, s := range sources {
		dir := module(t, s.module)
		top := keysOf(reflect.TypeOf(s.config)).(tree)
		storage := maps.Clone(around)
		if version != "2" {
			storage["tag"] = tree{"concurrencylimit": nil}
		}
		for _, driver := range folders(t, filepath.Join(dir, "registry/storage/driver"), notDrivers) {
			storage[driver] = parameters(t, filepath.Join(dir, "registry/storage/driver", driver))
		}
		storage["s3"], storage["s3aws"] = storage["s3-aws"], storage["s3-aws"]
		delete(storage, "s3-aws")
		top["storage"] = storage
		auth := tree{"none": nil}
		for _, method := range folders(t, filepath.Join(dir, "registry/auth"), nil) {
			auth[method] = nil
		}
		top["auth"] = auth
		known[version] = top
	}
	text, err := yaml.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	text = append([]byte("# The keys of the registry's configuration, by version; null is a value, * any key.\n"+
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

// keysOf are the keys of a type as YAML reads it.
func keysOf(typ reflect.Type) any {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		return keysOf(typ.Elem())
	case reflect.Map:
		if below := keysOf(typ.Elem()); below != nil {
			return tree{"*": below}
		}
		return nil
	case reflect.Struct:
		out := tree{}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			switch {
			case name == "-" || !f.IsExported():
			case options == "inline":
				for k, v := range keysOf(f.Type).(tree) {
					out[k] = v
				}
			case name == "":
				out[strings.ToLower(f.Name)] = keysOf(f.Type)
			default:
				out[name] = keysOf(f.Type)
			}
		}
		return out
	}
	return nil
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

// parameters are the names that a driver's source asks for; nil when it asks
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
			return nil
		}
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			out[strings.ToLower(fmt.Sprint(m[1], m[2]))] = nil
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
