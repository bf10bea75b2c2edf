package e2e

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	goyaml "go.yaml.in/yaml/v3"
)

// environment is a project with one environment, env, whose keys were made
// for this test: one for people, one for the cluster.
type environment struct {
	*project
	people, cluster string // the key files, outside the project
}

// pull is a pull secret of the environment's spec.
type pull struct {
	User   string `json:"user"`
	Server string `json:"server,omitempty"`
	Email  string `json:"email,omitempty"`
}

// newEnvironment writes a spec with S3 storage and the pull secrets given, but
// no credential.
func newEnvironment(t testing.TB, pulls map[string]pull) environment {
	t.Helper()
	p := bare(t)
	keys := t.TempDir()
	e := environment{p, filepath.Join(keys, "people.agekey"), filepath.Join(keys, "cluster.agekey")}
	recipient := map[string]string{}
	for _, file := range []string{e.people, e.cluster} {
		p.ok("", tool("age-keygen"), "-o", file)
		recipient[file] = strings.TrimSpace(string(p.ok("", tool("age-keygen"), "-y", file)))
	}
	p.write(".sops.yaml", `creation_rules:
- path_regex: ^env/credentials/[^/]+\.yaml$
  encrypted_regex: ^(data|stringData)$
  age: `+recipient[e.people]+`
- path_regex: ^env/sealed/[^/]+\.yaml$
  encrypted_regex: ^(data|stringData)$
  age: `+recipient[e.people]+","+recipient[e.cluster]+`
`)
	p.write("env/kustomization.yaml", "generators:\n- registry\n")
	p.write("env/registry/kustomization.yaml", "resources:\n- registry.yaml\n")
	p.write("env/registry/registry.yaml", toYAML(t, map[string]any{
		"apiVersion": "reggen.dev/v1alpha1", "kind": "Registry",
		"metadata": map[string]any{"name": "docker-registry", "namespace": "registry"},
		"spec": map[string]any{
			"host":        "registry.example.com",
			"storage":     map[string]any{"s3": map[string]any{"provider": "digitalocean", "region": "nyc3", "bucket": "space"}},
			"ingress":     map[string]any{"className": "nginx", "clusterIssuer": "letsencrypt-prod"},
			"pullSecrets": pulls,
		},
	}))
	p.accept = recipient[e.people] + "," + recipient[e.cluster]
	e.project = p.withKey(e.people)
	return e
}

// user writes a user's credential with the real sops.
func (e environment) user(file, user, password string, cost int) {
	e.t.Helper()
	e.credential(file, map[string]any{"type": "user", "user": user, "cost": cost}, map[string]string{"password": password})
}

// s3 writes the bucket's keys with the real sops.
func (e environment) s3(accessKey, secretKey string) {
	e.t.Helper()
	e.credential("s3", map[string]any{"type": "s3"}, map[string]string{"accessKey": accessKey, "secretKey": secretKey})
}

func (e environment) credential(name string, doc map[string]any, secrets map[string]string) {
	e.t.Helper()
	doc["apiVersion"], doc["kind"] = "reggen.dev/v1alpha1", "RegistryCredential"
	doc["metadata"] = map[string]any{"name": name, "annotations": map[string]string{"config.kubernetes.io/local-config": "true"}}
	doc["stringData"] = secrets
	path := "env/credentials/" + name + ".enc.yaml"
	sealed := e.ok(toYAML(e.t, doc), tool("sops"), "encrypt", "--filename-override", path, "--input-type", "yaml", "--output-type", "yaml")
	e.write(path, string(sealed))
}

// password changes a password with the real sops, as an editor session would.
func (e environment) password(name, password string) {
	e.t.Helper()
	quoted, err := json.Marshal(password)
	must(e.t, err)
	e.ok(string(quoted), tool("sops"), "set", "--value-stdin", "env/credentials/"+name+".enc.yaml", `["stringData"]["password"]`)
}

// payloads are the decoded data of every Secret of a plain build.
func (p *project) payloads(dir string) map[string]map[string]string {
	p.t.Helper()
	_, objects := documents(p.t, p.reggen("build", "--secrets", "plain", dir))
	out := map[string]map[string]string{}
	for _, o := range objects {
		if o["kind"] == "Secret" {
			out[nameOf(o)] = decode(p.t, o)
		}
	}
	return out
}

func nameOf(o map[string]any) string {
	meta, _ := o["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	return name
}

// decode is the decoded data of a Secret.
func decode(t testing.TB, secret map[string]any) map[string]string {
	t.Helper()
	out := map[string]string{}
	data, _ := secret["data"].(map[string]any)
	for k, v := range data {
		text, _ := v.(string)
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatalf("Secret %s: data.%s is not base64", nameOf(secret), k)
		}
		out[k] = string(raw)
	}
	return out
}

func toYAML(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	var plain any
	must(t, json.Unmarshal(text, &plain))
	out, err := goyaml.Marshal(plain) // escapes what YAML can't hold raw
	must(t, err)
	return string(out)
}
