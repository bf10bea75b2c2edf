package cases

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/schema"
	"github.com/reggen/reggen/generator/spec"
)

// Combination is a spec made of one setting of each axis.
type Combination struct {
	Case
	Flavor, Storage, Front, Scale, Rest string
}

// setting is what one setting of an axis adds to a spec, and the credentials
// that it needs.
type setting struct {
	name        string
	spec        map[string]any
	credentials Credentials
}

type fields = map[string]any

// storages are samples of every kind of storage, by the spec's name for it.
var storages = map[string][]setting{
	"s3": {
		{"s3", fields{"s3": fields{"region": "eu-central-1", "bucket": "images"}}, Credentials{"s3": {"accessKey", "secretKey"}}},
		{"s3 endpoint", fields{"s3": fields{"provider": "minio", "bucket": "images", "endpoint": "https://minio.example.com"}}, Credentials{"s3": {"accessKey", "secretKey"}}},
		{"s3 role", fields{"s3": fields{"region": "eu-central-1", "bucket": "images", "ambientCredentials": true}}, nil},
	},
	"azure": {
		{"azure", fields{"azure": fields{"accountName": "images", "container": "registry"}}, Credentials{"azure": {"accountKey"}}},
		{"azure identity", fields{"azure": fields{"accountName": "images", "container": "registry", "ambientCredentials": true}}, nil},
	},
	"gcs": {
		{"gcs", fields{"gcs": fields{"bucket": "images"}}, Credentials{"gcs": {"key"}}},
		{"gcs identity", fields{"gcs": fields{"bucket": "images", "ambientCredentials": true}}, nil},
	},
	"swift": {
		{"swift", fields{"swift": fields{"authURL": "https://keystone.example.com/v3", "container": "images"}}, Credentials{"swift": {"username", "password"}}},
	},
	"filesystem": {
		{"volume", fields{"filesystem": fields{}}, nil},
		{"pod volume", fields{"filesystem": fields{"accessMode": "ReadWriteOncePod"}}, nil},
		{"shared volume", fields{"filesystem": fields{"accessMode": "ReadWriteMany"}}, nil},
		{"claim", fields{"filesystem": fields{"existingClaim": "images"}}, nil},
		{"emptyDir", fields{"filesystem": fields{"emptyDir": true}}, nil},
	},
}

// fronts are the fields through which clients reach the registry.
var fronts = map[string]setting{
	"ingress": {"ingress", fields{"ingress": fields{"className": "nginx", "clusterIssuer": "letsencrypt-prod"}}, nil},
	"gateway": {"gateway", fields{"gateway": fields{"parentRefs": []any{fields{"name": "public", "namespace": "gateways"}}}}, nil},
}

var scales = []setting{
	{"1 replica", fields{"replicas": 1}, nil},
	{"3 replicas", fields{"replicas": 3}, nil},
	{"autoscaling", fields{"autoscaling": fields{"maxReplicas": 5}}, nil},
}

// rests are what else decides what a registry's configuration and pods look
// like.
var rests = []setting{
	{"read-only", fields{"readOnly": true}, nil},
	{"collecting", fields{"readOnly": true, "garbageCollection": fields{"schedule": "0 1 * * *"}}, nil},
	{"suspended", fields{"garbageCollection": fields{"schedule": "0 1 * * *"}}, nil},
	{"cache", fields{"proxy": fields{"remoteURL": "https://registry-1.docker.io"}}, nil},
	{"metrics", fields{"metrics": fields{"serviceMonitor": fields{}, "prometheusRule": fields{}}}, nil},
	{"anonymous", fields{"auth": fields{"anonymous": true}}, Credentials{"user/alice": nil, "user/puller": nil}},
	{"budget", fields{"disruptionBudget": fields{"maxUnavailable": 1}}, nil},
}

// Combinations are all of flavor, storage, front and scale, and all of flavor,
// storage, scale and the rest. The axes follow the spec's types: a kind of
// storage without a sample here is an error.
func Combinations() ([]Combination, error) {
	var stores []setting
	for _, kind := range Storages() {
		if len(storages[kind]) == 0 {
			return nil, fmt.Errorf("no sample of spec.storage.%s in internal/cases/combinations.go", kind)
		}
		stores = append(stores, storages[kind]...)
	}
	doors := doorways()
	var out []Combination
	for _, flavor := range flavors() {
		for _, store := range stores {
			for _, scale := range scales {
				for _, door := range doors {
					out = append(out, combine(flavor, store, door, scale, setting{name: "-"}))
				}
				for _, rest := range rests {
					out = append(out, combine(flavor, store, setting{name: "-"}, scale, rest))
				}
			}
		}
	}
	return out, nil
}

// flavors are those of the spec's schema, each with a tag that can serve.
func flavors() []setting {
	tags := map[string]string{string(spec.GitLab): "v2.13.1-gitlab"} // the others have a default
	var out []setting
	for _, name := range enum(schema.Registry(), "spec", "image", "flavor") {
		image := fields{"flavor": name}
		if tag := tags[name]; tag != "" {
			image["tag"] = tag
		}
		out = append(out, setting{name, fields{"image": image}, nil})
	}
	return out
}

// doorways are no front, each one and all together, of those fronts that the
// spec has.
func doorways() []setting {
	known := map[string]bool{}
	for f := range reflect.TypeFor[spec.RegistrySpec]().Fields() {
		known[jsonName(f)] = true
	}
	out := []setting{{name: "-"}}
	both := setting{spec: fields{}}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(fronts)) {
		if known[name] {
			out = append(out, fronts[name])
			names = append(names, name)
			maps.Copy(both.spec, fronts[name].spec)
		}
	}
	if len(names) > 1 {
		both.name = strings.Join(names, "+")
		out = append(out, both)
	}
	return out
}

func combine(flavor, store, door, scale, rest setting) Combination {
	c := Combination{Flavor: flavor.name, Storage: store.name, Front: door.name, Scale: scale.name, Rest: rest.name}
	s := fields{
		"host": "registry.example.com", "storage": store.spec,
		"resources": fields{"requests": fields{"cpu": "100m", "memory": "128Mi"}},
	}
	c.Credentials = Common()
	for _, more := range []setting{flavor, door, scale, rest} {
		maps.Copy(s, more.spec)
	}
	for _, more := range []setting{store, rest} {
		c.Credentials = c.Credentials.With(more.credentials)
	}
	text, err := json.Marshal(fields{
		"apiVersion": spec.APIVersion, "kind": spec.KindRegistry,
		"metadata": fields{"name": "docker-registry", "namespace": "registry"}, "spec": s,
	})
	if err != nil {
		panic("a spec of maps, lists and text can't fail to encode: " + err.Error())
	}
	c.Spec = text // JSON is YAML
	c.Name = strings.Join([]string{c.Flavor, c.Storage, c.Front, c.Scale, c.Rest}, ", ")
	return c
}

// enum finds the values that a JSON Schema allows at a path of properties.
func enum(schema []byte, path ...string) []string {
	var s map[string]any
	if json.Unmarshal(schema, &s) != nil {
		return nil
	}
	for _, p := range path {
		properties, _ := s["properties"].(map[string]any)
		s, _ = properties[p].(map[string]any)
	}
	var out []string
	list, _ := s["enum"].([]any)
	for _, e := range list {
		if name, ok := e.(string); ok && name != "" {
			out = append(out, name)
		}
	}
	return out
}
