package cli

import (
	"regexp"
	"strings"
	"testing"
)

// A secret that was pasted where a name belongs is not written into a log.
func TestAPastedSecretIsNotEchoed(t *testing.T) {
	const pasted = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY" // Amazon's example, made longer
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	good := e.files()
	patch := func(field string) map[string]string {
		name := "overlays/e0/registry/registry.yaml"
		return map[string]string{name: good[name] + field}
	}
	sealed := "overlays/e0/sealed/docker-registry-s3.yaml"
	credential := "overlays/e0/credentials/s3.enc.yaml"
	for name, files := range map[string]map[string]string{
		"a value of the chart":         patch("  values: {" + pasted + ": 1}\n"),
		"a value of the chart, nested": patch("  values: {podLabels: {" + pasted + ": 1}, service: {" + pasted + ": 1}}\n"),
		"a field":                      patch("  " + pasted + ": x\n"),
		"the configuration":            patch("  configuration: {http: {" + pasted + ": 1}}\n"),
		"a reason to silence":          patch("  check: {silence: {puller-pushes: 'because of " + pasted + "'}}\n"),
		"a login in a recipient":       {".sops.yaml": strings.ReplaceAll(good[".sops.yaml"], "    age:", "    hc_vault_transit_uri: https://me:"+pasted+"@vault.example.com/v1/transit/keys/k\n    age:")},
		"a token in a recipient":       {".sops.yaml": strings.ReplaceAll(good[".sops.yaml"], "    age:", "    hc_vault_transit_uri: https://vault.example.com/v1/transit/keys/k?token="+pasted+"\n    age:")},
		"a vault of Azure's":           {".sops.yaml": strings.ReplaceAll(good[".sops.yaml"], "    age:", "    azure_keyvault: https://me:"+pasted+"@v.vault.azure.net/keys/n/1\n    age:")},
		"a login in a block":           {sealed: strings.Replace(good[sealed], "sops:\n", "sops:\n    hc_vault:\n        - vault_address: https://me:"+pasted+"@vault.example.com\n          engine_path: transit\n          key_name: k\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: vault:v1:eHg=\n", 1)},
		"a rule to silence":            patch("  check: {silence: {" + pasted + ": ''}}\n"),
		"a region":                     patch("  storage: {s3: {region: '" + pasted + " x'}}\n"),
		"a credential's key":           {credential: pasted + ": x\n" + good[credential]},
		"a credential's field":         {credential: strings.Replace(good[credential], "stringData:\n", "stringData:\n    "+pasted+": x\n", 1)},
		"a kustomization's field":      {"overlays/e0/kustomization.yaml": "generators: [registry]\n" + pasted + ": x\n"},
		"a reader":                     {credential: regexp.MustCompile("recipient: age1[a-z0-9]+").ReplaceAllString(good[credential], "recipient: AGE-SECRET-KEY-1"+pasted)},
		"a reader of a sealed file":    {sealed: regexp.MustCompile("recipient: age1[a-z0-9]+").ReplaceAllString(good[sealed], "recipient: AGE-SECRET-KEY-1"+pasted)},
	} {
		t.Run(name, func(t *testing.T) {
			for path, text := range good {
				e.write(path, text)
			}
			for path, text := range files {
				if text == good[path] {
					t.Fatal("nothing was changed")
				}
				e.write(path, text)
			}
			for _, args := range []string{"build overlays/e0", "check overlays/e0", "check -o json overlays/e0", "check -o sarif overlays/e0", "user list --dir overlays/e0", "seal overlays/e0", "diff --against . overlays/e0", "credential show s3 --dir overlays/e0", "credential check overlays"} {
				out, errs, _ := run(t, e.dir, strings.Fields(args)...)
				if strings.Contains(out+errs, pasted) {
					t.Errorf("%s:\n%s%s", args, out, errs)
				}
			}
		})
	}
}
