package cli

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/object"
)

// Each storage from an empty folder of credentials to what the registry's
// variables hold: set, sealed, built without a key, opened. Nothing but the
// plain build shows a value.
func TestStoragesFromCredentialToVariable(t *testing.T) {
	const pem = `-----BEGIN PRIVATE KEY-----\n` + canary + `\n-----END PRIVATE KEY-----\n`
	account := strings.Repeat("abcd", 21) + "MQ=="
	for kind, c := range map[string]struct {
		spec, stdin string
		field       string
		want        map[string]string // key of the Secret -> decoded value
	}{
		"azure": {"azure: {accountName: images, container: registry}", account + "\n", "accountKey", map[string]string{"azureAccountKey": account}},
		"gcs": {"gcs: {bucket: images}", "{\n  \"type\": \"service_account\",\n  \"client_email\": \"a@b\",\n  \"private_key\": \"" + pem + "\"\n}\n", "key",
			map[string]string{"key.json": `{"client_email":"a@b","private_key":"` + pem + `","type":"service_account"}`}},
		"swift": {"swift: {authURL: 'https://keystone.example.com/v3', container: images}\n  image: {flavor: distribution-v2}", "username=0755\npassword=" + canary + ` "#\` + "\n", "",
			map[string]string{"swiftUsername": `"0755"`, "swiftPassword": `"` + canary + ` \"#\\"`}},
	} {
		t.Run(kind, func(t *testing.T) {
			e := newEnv(t, 1, 2)
			const file = "overlays/e0/registry/registry.yaml"
			e.write(file, strings.Replace(e.read(file), storage0, c.spec, 1))
			_, errs, code := run(t, e.dir, "build", "overlays/e0")
			if code != exitFail || !strings.Contains(errs, "no "+kind+" credential for spec.storage."+kind) || !strings.Contains(errs, "reggen credential set "+kind) {
				t.Fatalf("exit %d\n%s", code, errs)
			}
			if err := os.Remove(e.path("overlays/e0/credentials/s3.enc.yaml")); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			args := []string{"credential", "set", kind, "--dir", "overlays/e0", "--stdin"}
			if c.field != "" {
				args = append(args, "--field", c.field)
			}
			if _, errs, code := runWith(t, e.dir, c.stdin, args...); code != 0 || strings.Contains(errs, canary) {
				t.Fatalf("exit %d\n%s", code, errs)
			}
			e.ok("seal", "overlays/e0")
			for name, text := range e.files() {
				if strings.Contains(text, canary) || strings.Contains(text, account) {
					t.Errorf("%s holds a readable secret", name)
				}
			}
			if out := e.ok("build", "overlays/e0"); strings.Contains(out, canary) || !strings.Contains(out, "docker-registry-"+kind) || !strings.Contains(out, "reggen.dev/rollout") {
				t.Error("the sealed build")
			}
			e.ok("seal", "--check", "overlays/e0")
			have := plainSecret(t, e.ok("build", "--secrets", "plain", "overlays/e0"), "docker-registry-"+kind)
			for key, want := range c.want {
				if have[key] != want {
					t.Errorf("%s holds something else than was meant (%d bytes, want %d)", key, len(have[key]), len(want))
				}
			}
			if kind == "gcs" && !json.Valid([]byte(have["key.json"])) {
				t.Error("key.json is no JSON")
			}
		})
	}
}

// Secret settings go the same way: a cache's login, a variable, a header.
func TestSettingsFromCredentialToVariable(t *testing.T) {
	e := newEnv(t, 1, 2)
	inSpecOf(e, "overlays/e0", "  proxy: {remoteURL: 'https://registry-1.docker.io'}\n  redis: {addrs: ['redis:6379']}\n  notifications: {endpoints: {ci: {url: 'https://ci.example.com'}}}\n")
	set := func(stdin string, args ...string) {
		t.Helper()
		_, errs, code := runWith(t, e.dir, stdin, append([]string{"credential", "set"}, append(args, "--stdin", "--dir", "overlays/e0")...)...)
		if code != 0 || strings.Contains(errs, canary) {
			t.Fatalf("%v: exit %d\n%s", args, code, errs)
		}
	}
	set("username=0755\npassword="+canary+"\n", "proxy")
	set(canary+` "#\`, "config", "--field", "REGISTRY_REDIS_PASSWORD")
	set("Bearer "+canary+`<&"`, "config", "--field", "notifications.ci.Authorization")
	e.ok("seal", "overlays/e0")
	for name, text := range e.files() {
		if strings.Contains(text, canary) {
			t.Errorf("%s holds a readable secret", name)
		}
	}
	if out := e.ok("build", "overlays/e0"); strings.Contains(out, canary) {
		t.Error("the sealed build shows a secret")
	}
	e.ok("seal", "--check", "overlays/e0")
	plain := e.ok("build", "--secrets", "plain", "overlays/e0")
	if have := plainSecret(t, plain, "docker-registry-proxy"); have["proxyUsername"] != `"0755"` || have["proxyPassword"] != `"`+canary+`"` {
		t.Error("the cache's login is another one")
	}
	have := plainSecret(t, plain, "docker-registry-config-secrets")
	var endpoints []struct {
		Name    string              `json:"name"`
		Headers map[string][]string `json:"headers"`
	}
	if err := json.Unmarshal([]byte(have["REGISTRY_NOTIFICATIONS_ENDPOINTS"]), &endpoints); err != nil || len(endpoints) != 1 || endpoints[0].Headers["Authorization"][0] != "Bearer "+canary+`<&"` {
		t.Errorf("the endpoints are others: %v", err)
	}
	var password string
	if err := json.Unmarshal([]byte(have["REGISTRY_REDIS_PASSWORD"]), &password); err != nil || password != canary+` "#\` {
		t.Errorf("the password is another one: %v", err)
	}
	// A changed header is one changed Secret, and one that goes nowhere is told.
	set("Bearer other", "config", "--field", "notifications.ci.Authorization")
	if _, errs, code := run(t, e.dir, "build", "overlays/e0"); code != exitFail || !strings.Contains(errs, "docker-registry-config-secrets.yaml") || strings.Contains(errs, "other") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	const file = "overlays/e0/registry/registry.yaml"
	whole := e.read(file)
	e.write(file, strings.Replace(whole, "  redis:", "  # redis:", 1))
	if _, errs, code := run(t, e.dir, "seal", "overlays/e0"); code != exitFail || !strings.Contains(errs, "stringData.REGISTRY_REDIS_PASSWORD: has no effect: there is no spec.redis") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	e.write(file, whole)
	set("x", "config", "--field", "notifications.cd.Authorization")
	set("x", "config", "--field", "REGISTRY_STORAGE_S3_REGION")
	set("x", "config", "--field", "REGISTRY_REDIS_ADDRS")
	set("x", "config", "--field", "REGISTRY_LOG_LEVEL")
	e.write(file, whole+"  extra: {env: [{name: REGISTRY_LOG_LEVEL, value: debug}]}\n")
	_, errs, code := run(t, e.dir, "seal", "overlays/e0")
	for _, want := range []string{`spec.notifications has no endpoint "cd"; did you mean "ci"?`, "REGISTRY_STORAGE_S3_REGION: would overrule the spec; expected spec.auth, spec.storage or a credential",
		"REGISTRY_REDIS_ADDRS: would overrule the spec; expected spec.redis", "REGISTRY_LOG_LEVEL: spec.extra.env sets it too; expected one of the two"} {
		if code != exitFail || !strings.Contains(errs, want) {
			t.Errorf("exit %d, does not say %s\n%s", code, want, errs)
		}
	}
}

// A field of a config credential that can't be one is refused, unseen.
func TestConfigFieldsAreChecked(t *testing.T) {
	e := newEnv(t, 1, 1)
	for _, args := range [][]string{{"--field", "redisPassword"}, {}} {
		before := len(e.files())
		out, errs, code := runWith(t, e.dir, canary+"=x\n", append([]string{"credential", "set", "config", "--stdin", "--dir", "overlays/e0"}, args...)...)
		if code == exitOK || out != "" || strings.Contains(errs, canary) || !strings.Contains(errs, "REGISTRY_") || len(e.files()) != before {
			t.Errorf("%v: exit %d\n%s", args, code, errs)
		}
	}
}

// plainSecret is the decoded content of a Secret in a build.
func plainSecret(t *testing.T, build, name string) map[string]string {
	t.Helper()
	objects, err := object.Parse("build", []byte(build))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, o := range objects {
		if !o.IsSecret() || o.Name() != name {
			continue
		}
		for k, v := range o.Map("data") {
			raw, err := base64.StdEncoding.DecodeString(v.(string))
			if err != nil {
				t.Fatal(err)
			}
			out[k] = string(raw)
		}
	}
	return out
}

// Keys that can't be ones are refused where they are given, unseen.
func TestStorageKeysAreChecked(t *testing.T) {
	e := newEnv(t, 1, 1)
	for _, c := range []struct{ kind, field, value, want string }{
		{"azure", "accountKey", canary, "is not the key of a storage account"},
		{"gcs", "key", `{"type": "` + canary + `"}`, "is not the JSON key file of a service account"},
		{"swift", "password", canary + "\x07", "control character"},
	} {
		args := []string{"credential", "set", c.kind, "--dir", "overlays/e0", "--stdin"}
		stdin := c.value
		if c.kind == "swift" {
			stdin = "username=a\npassword=" + c.value + "\n"
		} else {
			args = append(args, "--field", c.field)
		}
		before := e.files()
		_, errs, code := runWith(t, e.dir, stdin, args...)
		if code == exitOK || !strings.Contains(errs, c.want) || strings.Contains(errs, canary) || len(e.files()) != len(before) {
			t.Errorf("%s: exit %d\n%s", c.kind, code, errs)
		}
	}
}
