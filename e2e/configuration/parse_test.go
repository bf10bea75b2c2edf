package configuration

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	v3 "github.com/distribution/distribution/v3/configuration"
	v2 "github.com/docker/distribution/configuration"
	"github.com/sirupsen/logrus"
	yamlv2 "go.yaml.in/yaml/v2" // what version 3 of the registry decodes with
	oldyaml "gopkg.in/yaml.v2"  // what version 2 does
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/spec"
)

// registry is one version's own parser.
type registry struct {
	strict func(config []byte) error           // refuses what the version doesn't know
	parse  func(config []byte) ([]byte, error) // with this process' REGISTRY_* variables, back to YAML
}

// registries by flavor. GitLab's fork of the time has no module of its own
// name that Go could fetch; it was forked from version 2 and reads its
// configuration with the same code, apart from keys of drivers, which no
// parser checks.
var registries = map[spec.Flavor]registry{
	spec.Distribution: {
		strict: func(config []byte) error { return yamlv2.UnmarshalStrict(config, new(v3.Configuration)) },
		parse: func(config []byte) ([]byte, error) {
			c, err := v3.Parse(bytes.NewReader(config))
			if err != nil {
				return nil, err
			}
			return yamlv2.Marshal(c)
		},
	},
	spec.DistributionV2: version2,
	spec.GitLab:         version2,
}

var version2 = registry{
	strict: func(config []byte) error { return oldyaml.UnmarshalStrict(config, new(v2.Configuration)) },
	parse: func(config []byte) ([]byte, error) {
		c, err := v2.Parse(bytes.NewReader(config))
		if err != nil {
			return nil, err
		}
		return oldyaml.Marshal(c)
	},
}

// read parses a configuration with a container's environment, as the registry
// does when it starts: what it doesn't know, in the file or in a variable, is
// an error here, though the registry itself would pass over some of it.
func read(t testing.TB, flavor spec.Flavor, config string, env map[string]string) map[string]any {
	t.Helper()
	r, ok := registries[flavor]
	if !ok {
		t.Fatalf("no parser for the flavor %s", flavor)
	}
	if err := r.strict([]byte(config)); err != nil {
		t.Fatalf("the registry doesn't know all of its configuration: %v\n%s", err, config)
	}
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "REGISTRY_") {
			t.Fatalf("%s is set in this test's environment: unset it", name)
		}
	}
	for name, value := range env {
		if strings.HasPrefix(name, "REGISTRY_") {
			if err := os.Setenv(name, value); err != nil {
				t.Fatal(err)
			}
			defer os.Unsetenv(name)
		}
	}
	var warnings bytes.Buffer
	logrus.SetOutput(&warnings)
	defer logrus.SetOutput(os.Stderr)
	text, err := r.parse([]byte(config))
	if err != nil {
		t.Fatalf("the registry refuses its configuration: %v\n%s", err, config)
	}
	if warnings.Len() > 0 {
		t.Fatalf("the registry warns: %s", warnings.String())
	}
	var out map[string]any
	if err := yaml.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// at is the value at a path, or nil.
func at(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// The parsers find what they are used to find.
func TestParsersAreStrict(t *testing.T) {
	for flavor, r := range registries {
		for config, good := range map[string]bool{
			"version: 0.1\nhttp: {addr: \":5000\"}\nstorage: {inmemory: {}}\n":                  true,
			"version: 0.1\nhttp: {addres: \":5000\"}\nstorage: {inmemory: {}}\n":                false,
			"version: 0.1\nhttp: {addr: \":5000\"}\nhttpd: {}\nstorage: {inmemory: {}}\n":       false,
			"version: 0.1\nstorage: {inmemory: {}, filesystem: {rootdirectory: /x}}\n":          false,
			"version: 0.1\nhttp: {addr: \":5000\", addr: \":5001\"}\nstorage: {inmemory: {}}\n": false,
			"version: 0.1\nstorage: {inmemory: {}}\nhealth: {storagedriver: {on: true}}\n":      false,
		} {
			if err := r.strict([]byte(config)); (err == nil) != good {
				t.Errorf("%s: %s: %v", flavor, config, err)
			}
		}
		// Why secrets in REGISTRY_* have to be plain letters and digits.
		t.Setenv("REGISTRY_HTTP_SECRET", "#abc")
		text, err := r.parse([]byte("version: 0.1\nstorage: {inmemory: {}}\n"))
		if err != nil || strings.Contains(string(text), "abc") {
			t.Errorf("%s: the parser takes variables as they are, which is news: %v", flavor, err)
		}
		os.Unsetenv("REGISTRY_HTTP_SECRET")
	}
	if len(registries) < 3 {
		t.Error(fmt.Sprint("parsers: ", len(registries)))
	}
}
