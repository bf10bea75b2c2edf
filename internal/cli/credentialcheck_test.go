package cli

import (
	"strings"
	"testing"
)

// credential check finds what is readable wherever it lies and whatever the
// file is called, and lets everything else alone.
func TestCredentialCheck(t *testing.T) {
	e := newEnv(t, 1, 2)
	sealed := e.read("overlays/e0/credentials/u0.enc.yaml")
	readable := "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\nmetadata: {name: alice}\ntype: user\nstringData: {password: " + canary + "}\n"
	at := strings.Index(sealed, "password: ENC[")
	end := at + strings.Index(sealed[at:], "\n")
	oneReadable := sealed[:at] + "password: " + canary + sealed[end:]

	for name, c := range map[string]struct {
		file, text string
		want       string // "" passes
	}{
		"a good one":                   {"overlays/e0/credentials/u0.enc.yaml", sealed, ""},
		"a good one, elsewhere":        {"people/u0.yml", sealed, ""},
		"never encrypted":              {"overlays/e0/credentials/alice.enc.yaml", readable, "overlays/e0/credentials/alice.enc.yaml:1: is not encrypted: it has no sops block"},
		"one value":                    {"overlays/e0/credentials/u0.enc.yaml", oneReadable, "stringData.password: is readable: not encrypted"},
		"at the top of the tree":       {"alice.yaml", readable, "alice.yaml:5: stringData.password: is readable: not encrypted"},
		"another suffix":               {"tmp/alice.yaml.orig", readable, "stringData.password: is readable"},
		"no suffix":                    {"tmp/alice", readable, "stringData.password: is readable"},
		"a hidden file":                {".alice.yaml", readable, "stringData.password: is readable"},
		"JSON":                         {"alice.json", `{"apiVersion":"reggen.dev/v1alpha1","kind":"RegistryCredential","metadata":{"name":"a"},"type":"user","stringData":{"password":"` + canary + `"}}`, "stringData.password: is readable"},
		"the second document":          {"all.yaml", "kind: ConfigMap\n---\n" + readable, "holds more than one YAML document"},
		"behind a good one":            {"all.yaml", sealed + "---\n" + readable, "holds more than one YAML document"},
		"in a List":                    {"all.yaml", "kind: List\nitems:\n- {apiVersion: reggen.dev/v1alpha1, kind: RegistryCredential, stringData: {password: " + canary + "}}\n", "is not a RegistryCredential"},
		"another version":              {"alice.yaml", strings.Replace(readable, "v1alpha1", "v2", 1), "is not a RegistryCredential of reggen.dev/v1alpha1"},
		"no version":                   {"alice.yaml", strings.Replace(readable, "apiVersion: reggen.dev/v1alpha1\n", "", 1), "is not a RegistryCredential of reggen.dev/v1alpha1"},
		"YAML that can't be read":      {"alice.yaml", readable + "\t- x: [\n", "not a YAML mapping"},
		"an unfinished merge":          {"alice.yaml", "<<<<<<< HEAD\n" + readable + "=======\n" + readable + ">>>>>>> b\n", "unfinished git merge"},
		"a stray beside credentials":   {"overlays/e0/credentials/passwords.txt", canary, "passwords.txt: is no credential, in a folder of credentials"},
		"YAML without a kind":          {"overlays/e0/credentials/alice.yaml", "password: " + canary + "\n", "alice.yaml: is no credential, in a folder of credentials"},
		"a large one":                  {"alice.yaml", readable + "# " + strings.Repeat("x", 2<<20) + "\n", "alice.yaml:5: stringData.password: is readable"},
		"a README beside them":         {"overlays/e0/credentials/README.md", "who is who", ""},
		"a folder of others":           {"terraform/credentials/main.tf", "variable {}", ""},
		"a page about credentials":     {"docs/page.md", "A file:\n\n```yaml\n" + readable + "```\n", ""},
		"code about credentials":       {"main.go", "package main\n\nconst kind = \"RegistryCredential\"\n", ""},
		"the target of a patch":        {"kustomization.yaml", "patches:\n- target: {kind: RegistryCredential}\n  path: p.yaml\n", ""},
		"somebody else's kind":         {"other.yaml", "apiVersion: example.com/v1\nkind: RegistryCredential\nspec: {password: x}\n", ""},
		"a template in another tongue": {"chart/templates/x.yaml", "{{- if .Values.RegistryCredential }}\na: [\n{{ end }}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			old, was := e.files()[c.file]
			e.write(c.file, c.text)
			defer func() {
				if was {
					e.write(c.file, old)
				} else {
					e.remove(c.file)
				}
			}()
			for _, args := range [][]string{nil, {c.file}} { // everything, and what a hook passes
				out, errs, code := run(t, e.dir, append([]string{"credential", "check"}, args...)...)
				if out != "" || (code == 0) != (c.want == "") || !strings.Contains(errs, c.want) {
					t.Errorf("%v: exit %d, stdout %q\n%s", args, code, out, errs)
				}
				if strings.Contains(errs, canary) {
					t.Error("the value is in the message")
				}
			}
		})
	}
	_, errs, code := run(t, e.dir, "credential", "check")
	if code != 0 || errs != "3 credential files: every value is encrypted\n" {
		t.Errorf("exit %d: %s", code, errs)
	}
	if _, errs, code := run(t, e.dir, "credential", "check", "gone.yaml"); code == 0 || !strings.Contains(errs, "gone.yaml") {
		t.Errorf("a file that is not there: exit %d: %s", code, errs)
	}
}
