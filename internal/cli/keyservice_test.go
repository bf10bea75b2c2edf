package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"sigs.k8s.io/yaml"
)

// vaultStandIn counts who asks a Vault; nobody should.
func vaultStandIn(t *testing.T) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Error(w, `{"errors":["no"]}`, http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	t.Setenv("VAULT_TOKEN", canary+"-token")
	return server.URL, asked
}

// forVault makes an encrypted file one that only a Vault opens, or that it
// opens too.
func forVault(t *testing.T, text, address string, alone bool) string {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	block := doc["sops"].(map[string]any)
	if alone {
		delete(block, "age")
	}
	block["hc_vault"] = []any{map[string]any{"vault_address": address, "engine_path": "transit", "key_name": "k", "created_at": "2026-01-01T00:00:00Z", "enc": "vault:v1:eHg="}}
	out, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// A sops block names a key service, with an address of a stranger's choice:
// the token at hand goes there in no command, whether or not the rule names the
// address too, unless the command line allows it.
func TestNoKeyServiceIsAsked(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	address, asked := vaultStandIn(t)
	good := e.files()
	for name, alone := range map[string]bool{"instead of the key at hand": true, "beside the key at hand": false} {
		for _, named := range []bool{false, true} {
			for path, text := range good {
				if strings.HasSuffix(path, ".enc.yaml") || strings.Contains(path, "/sealed/") {
					e.write(path, forVault(t, text, address, alone))
				}
			}
			rules := good[".sops.yaml"]
			if named {
				rules = strings.ReplaceAll(rules, "    age:", "    hc_vault_transit_uri: "+address+"/v1/transit/keys/k\n    age:")
			}
			e.write(".sops.yaml", rules)
			for _, args := range []string{"check overlays/e0", "seal --check overlays/e0", "seal overlays/e0", "user verify puller", "build --secrets plain overlays/e0", "credential show s3 --secrets plain",
				"credential set s3 --field secretKey --generate", "user rotate puller", "diff --against .", "render overlays/e0 -o out", "offboard " + e.keys["people"] + " --dry-run", "user list"} {
				_, errs, _ := run(t, e.dir, strings.Fields(args)...)
				if n := asked.Swap(0); n > 0 {
					t.Errorf("%s, named by the rule: %t: %s asked %d times\n%s", name, named, args, n, errs)
				}
				if strings.Contains(errs, canary) {
					t.Errorf("%s shows a secret:\n%s", args, errs)
				}
			}
			for path, text := range good {
				e.write(path, text)
			}
		}
	}
}

func TestKeyServicesOnRequest(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	address, asked := vaultStandIn(t)
	const file = "overlays/e0/sealed/regcred.yaml"
	text := e.read(file)
	e.write(file, forVault(t, text, address, true))
	build := []string{"build", "--secrets", "plain", "overlays/e0"}
	if _, errs, _ := run(t, e.dir, append(build, "--allow-network")...); asked.Load() > 0 || !strings.Contains(errs, "does not name for this file") {
		t.Errorf("asked %d times though no rule names it\n%s", asked.Load(), errs)
	}
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "    age:", "    hc_vault_transit_uri: "+address+"/v1/transit/keys/k\n    age:"))
	if _, errs, code := run(t, e.dir, build...); asked.Load() > 0 || code == 0 || !strings.Contains(errs, "the same command with --allow-network") {
		t.Errorf("asked %d times\n%s", asked.Load(), errs)
	}
	if _, errs, _ := run(t, e.dir, append(build, "--allow-network")...); asked.Load() == 0 {
		t.Errorf("not asked on request\n%s", errs)
	}
	// A key at hand comes first: then nobody is asked, though it is allowed.
	asked.Store(0)
	e.write(file, forVault(t, text, address, false))
	if _, errs, code := run(t, e.dir, append(build, "--allow-network")...); code != 0 || asked.Load() > 0 {
		t.Errorf("with a key at hand: exit %d, asked %d times\n%s", code, asked.Load(), errs)
	}
	// Over http to another machine never, on request neither.
	far := strings.Replace(address, "127.0.0.1", "vault.example.com", 1)
	e.write(file, forVault(t, text, far, true))
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), address, far))
	if _, errs, code := run(t, e.dir, append(build, "--allow-network")...); code == 0 || !strings.Contains(errs, "are never asked") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if err := os.Remove(e.path(file)); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := run(t, e.dir, "seal", "overlays/e0", "--allow-network", "--accept-recipients", far+"/v1/transit/keys/k"); code == 0 || !strings.Contains(errs, "in the clear") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if entries, _ := filepath.Glob(e.path("overlays/e0/sealed/regcred*")); len(entries) > 0 {
		t.Error("something was written")
	}
}
