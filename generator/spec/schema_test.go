package spec

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	reference "github.com/reggen/reggen/docs"
)

var update = flag.Bool("update", false, "write the generated files in docs/reference")

func TestSchemaFilesAreCurrent(t *testing.T) {
	for file, want := range map[string][]byte{
		"registry.schema.json":           Schema(),
		"registrycredential.schema.json": CredentialSchema(),
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
			t.Errorf("%s is stale: go test ./generator/spec -run TestSchema -update", file)
		}
	}
}

func TestSchemaIsEmbedded(t *testing.T) {
	for kind, want := range map[string][]byte{"Registry": Schema(), "registry": Schema(), "REGISTRYCREDENTIAL": CredentialSchema()} {
		if got, ok := reference.Schema(kind); !ok || !bytes.Equal(got, want) && !*update {
			t.Errorf("%s: %d bytes embedded, %d made", kind, len(got), len(want))
		}
	}
	if _, ok := reference.Schema("ConfigMap"); ok {
		t.Error("there is a schema of a ConfigMap")
	}
}

func TestSchemaDescribesEveryField(t *testing.T) {
	seen := map[string]bool{}
	visit(reflect.TypeFor[Registry](), "", func(path string, f reflect.StructField) {
		seen[path] = true
		if d := docs[path]; !strings.HasSuffix(d.text, ".") || len(d.text) < 8 {
			t.Errorf("%s has no description in fields.go", path)
		}
	})
	for path := range docs {
		if !seen[path] {
			t.Errorf("fields.go describes %s, which isn't a field", path)
		}
	}
	for path := range later {
		if seen[path] {
			t.Errorf("%s is a field and said not to be supported", path)
		}
	}
}

// What fields.go calls required is what Validate asks for.
func TestSchemaKnowsWhatIsRequired(t *testing.T) {
	r := Registry{Spec: RegistrySpec{
		Storage:     Storage{S3: &S3{ExistingSecret: &S3SecretRef{}}},
		Auth:        Auth{ExistingSecret: &SecretKeyRef{}},
		PullSecrets: map[string]PullSecret{"x": {}},
		Scheduling:  &Scheduling{TopologySpread: []TopologySpread{{}}},
		Autoscaling: &Autoscaling{}, GarbageCollection: &GarbageCollection{}, Proxy: &Proxy{},
		Extra: &Extra{Env: []EnvVar{{}}, VolumeMounts: []VolumeMount{{}}},
	}}
	inner := r
	inner.Spec.Gateway = &Gateway{ParentRefs: []ParentRef{{}}}
	inner.Spec.Notifications = &Notifications{Endpoints: map[string]Endpoint{"x": {}}}
	inner.Spec.Proxy, inner.Spec.TLS, inner.Spec.Redis = &Proxy{ExistingSecret: &LoginRef{}}, &TLS{}, &Redis{}
	r.Spec.Notifications = &Notifications{}
	inner.Spec.Storage = Storage{Azure: &Azure{ExistingSecret: &AzureSecretRef{}}, GCS: &GCS{ExistingSecret: &GCSSecretRef{}}, Swift: &Swift{ExistingSecret: &SwiftSecretRef{}}}
	r.Spec.Gateway = &Gateway{}
	asked := map[string]bool{"metadata": true, "spec": true, "spec.storage": true}
	for _, p := range append(Validate(Default(r)), Validate(Default(inner))...) {
		if p.What == "is missing" {
			asked[strings.NewReplacer(".x.", ".*.", "[0]", ".*").Replace(p.Path)] = true
		}
	}
	if delete(asked, "spec.storage.s3.region"); len(asked) < 10 { // depends on the provider
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
	r := Default(Registry{Metadata: Metadata{Name: "reg"}, Spec: RegistrySpec{Ingress: &Ingress{}, Service: &Service{}, ServiceAccount: &ServiceAccount{}, Proxy: &Proxy{ExistingSecret: &LoginRef{}},
		Scheduling: &Scheduling{TopologySpread: []TopologySpread{{}}}, Auth: Auth{ExistingSecret: &SecretKeyRef{}},
		Storage: Storage{S3: &S3{ExistingSecret: &S3SecretRef{}}, Filesystem: &Filesystem{},
			Azure: &Azure{ExistingSecret: &AzureSecretRef{}}, GCS: &GCS{ExistingSecret: &GCSSecretRef{}}, Swift: &Swift{ExistingSecret: &SwiftSecretRef{}}}}})
	s, scaling := r.Spec, defaultAutoscaling(Autoscaling{})
	for path, got := range map[string]string{
		"spec.replicas": asJSON(t, s.Replicas), "spec.image.repository": s.Image.Repository, "spec.image.flavor": string(s.Image.Flavor),
		"spec.image.pullPolicy": s.Image.PullPolicy, "spec.image.tag": s.Image.Tag + " for distribution",
		"spec.storage.s3.provider": s.Storage.S3.Provider, "spec.storage.s3.encrypt": asJSON(t, s.Storage.S3.Encrypt),
		"spec.storage.s3.secure": asJSON(t, s.Storage.S3.Secure), "spec.storage.filesystem.size": s.Storage.Filesystem.Size,
		"spec.storage.filesystem.accessMode":       s.Storage.Filesystem.AccessMode,
		"spec.storage.s3.existingSecret.accessKey": s.Storage.S3.ExistingSecret.AccessKey,
		"spec.storage.s3.existingSecret.secretKey": s.Storage.S3.ExistingSecret.SecretKey,
		"spec.storage.azure.redirect":              asJSON(t, s.Storage.Azure.Redirect), "spec.storage.gcs.redirect": asJSON(t, s.Storage.GCS.Redirect),
		"spec.storage.azure.existingSecret.accountKey": s.Storage.Azure.ExistingSecret.AccountKey,
		"spec.storage.gcs.existingSecret.key":          s.Storage.GCS.ExistingSecret.Key,
		"spec.storage.swift.existingSecret.username":   s.Storage.Swift.ExistingSecret.Username,
		"spec.storage.swift.existingSecret.password":   s.Storage.Swift.ExistingSecret.Password,
		"spec.proxy.existingSecret.username":           s.Proxy.ExistingSecret.Username, "spec.proxy.existingSecret.password": s.Proxy.ExistingSecret.Password,
		"spec.auth.realm": s.Auth.Realm, "spec.auth.existingSecret.key": s.Auth.ExistingSecret.Key,
		"spec.secrets.sealed": s.Secrets.Sealed, "spec.secrets.credentials": "[" + strings.Join(s.Secrets.Credentials, ", ") + "]",
		"spec.autoscaling.minReplicas": asJSON(t, scaling.MinReplicas), "spec.autoscaling.cpu": asJSON(t, scaling.CPU),
		"spec.metrics.port": asJSON(t, defaultMetrics(Metrics{}).Port),
		"spec.service.type": s.Service.Type, "spec.serviceAccount.create": asJSON(t, s.ServiceAccount.Create),
		"spec.scheduling.topologySpread.*.maxSkew":           asJSON(t, s.Scheduling.TopologySpread[0].MaxSkew),
		"spec.scheduling.topologySpread.*.whenUnsatisfiable": s.Scheduling.TopologySpread[0].WhenUnsatisfiable,
		"spec.ingress.tlsSecretName":                         strings.Replace(s.Ingress.TLSSecretName, "reg", "<metadata.name>", 1),
	} {
		if def := docs[path].def; got == "" || !strings.HasPrefix(def, got) {
			t.Errorf("%s: documented %q, is %q", path, def, got)
		}
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
	texts := map[string]string{"minimal": minimal, "nulls": minimal + "  storage: {filesystem: null}\n  replicas: null\n  image: {flavor: null}\n  pullSecrets: {regcred: null}\n"}
	for name, merged := range overlays(t) {
		layer, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name], texts[name+" merged"] = string(layer), string(merged)
		texts[name+" defaulted"] = asJSON(t, decode(t, string(merged)))
	}
	base, err := os.ReadFile("../../bases/registry/registry.yaml")
	if err != nil {
		t.Fatal(err)
	}
	texts["base"] = string(base)
	for name, text := range texts {
		for _, c := range complaints(t, Schema(), text) {
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
		if got := strings.Join(complaints(t, Schema(), text), ", "); !strings.Contains(got, want) {
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
		got := strings.Join(complaints(t, CredentialSchema(), text), ", ")
		if got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("got %q, want %q for\n%s", got, want, text)
		}
	}
}
