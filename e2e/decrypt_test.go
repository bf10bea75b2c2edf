package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

// Point 4: every Secret out of a build that changed namespace, prefix, suffix
// and labels is decrypted by the real sops, MAC check on, with nothing but the
// cluster's own key; and its content is what the credentials say.
func TestSopsDecryptsWhatBuildsEmit(t *testing.T) {
	for _, name := range []string{"dev", "staging"} { // prod has one pull secret in several namespaces: kustomize refuses to move them into one
		t.Run(name, func(t *testing.T) {
			p := examples(t)
			p.write("layer/kustomization.yaml", `resources:
- ../overlays/`+name+`
namespace: elsewhere
namePrefix: pre-
nameSuffix: -suf
labels:
- pairs: {aaa: first, zzz: last}
  includeSelectors: true
commonAnnotations: {Zeta: "1", alpha: "2"}
`)
			plain := p.withKey(demoKey("people")).payloads(filepath.Join("overlays", name))
			raw, objects := documents(t, p.reggen("build", "layer"))
			cluster := p.withKey(demoKey(name))
			secrets := 0
			for i, o := range objects {
				if o["kind"] != "Secret" {
					continue
				}
				secrets++
				file := fmt.Sprintf("emitted-%d.yaml", i)
				p.write(file, string(raw[i]))
				var opened map[string]any
				must(t, yaml.Unmarshal(cluster.ok("", tool("sops"), "decrypt", file), &opened))
				got := decode(t, opened)
				original := nameOf(o)[len("pre-") : len(nameOf(o))-len("-suf")]
				want := plain[original]
				if len(want) == 0 || len(got) != len(want) {
					t.Fatalf("Secret %s has %d keys; the plain build's %s has %d", nameOf(o), len(got), original, len(want))
				}
				for k := range want {
					if got[k] != want[k] {
						t.Errorf("Secret %s: data.%s decrypts to something else than the plain build holds", nameOf(o), k)
					}
				}
			}
			if want := map[string]int{"dev": 2, "staging": 4}[name]; secrets < want {
				t.Errorf("the build holds %d Secrets; expected at least %d", secrets, want)
			}
		})
	}
}

// What makes the test above mean something: sops does notice a change to a
// value, and a key that was taken away.
func TestSopsNoticesTampering(t *testing.T) {
	p := examples(t).withKey(demoKey("staging"))
	raw, objects := documents(t, p.reggen("build", "overlays/staging"))
	for i, o := range objects {
		data, _ := o["data"].(map[string]any)
		if o["kind"] != "Secret" || len(data) < 2 {
			continue
		}
		var doc map[string]any
		must(t, yaml.Unmarshal(raw[i], &doc))
		for k := range data {
			delete(doc["data"].(map[string]any), k)
			break
		}
		p.write("tampered.yaml", toYAML(t, doc))
		if r := p.run("", tool("sops"), "decrypt", "tampered.yaml"); r.code == 0 || !bytes.Contains(r.stderr, []byte("MAC mismatch")) {
			t.Errorf("sops decrypted a Secret that lost a key: exit status %d", r.code)
		}
		return
	}
	t.Fatal("no Secret with two keys in overlays/staging")
}

// The cluster's key opens what the cluster needs and no credential; another
// cluster's key opens nothing.
func TestKeysOpenNoMoreThanTheyShould(t *testing.T) {
	p := examples(t)
	for _, c := range []struct {
		key, pattern string
		opens        bool
	}{
		{"people", "overlays/*/credentials/*.yaml", true},
		{"people", "overlays/*/sealed/*.yaml", true},
		{"staging", "overlays/staging/sealed/*.yaml", true},
		{"staging", "overlays/*/credentials/*.yaml", false},
		{"staging", "overlays/dev/sealed/*.yaml", false},
		{"dev", "overlays/dev/sealed/*.yaml", true},
		{"dev", "overlays/*/credentials/*.yaml", false},
		{"dev", "overlays/staging/sealed/*.yaml", false},
	} {
		files, err := filepath.Glob(filepath.Join(p.dir, c.pattern))
		must(t, err)
		if len(files) == 0 {
			t.Errorf("%s: no such file", c.pattern)
		}
		for _, f := range files {
			if r := p.withKey(demoKey(c.key)).run("", tool("sops"), "decrypt", f); (r.code == 0) != c.opens {
				t.Errorf("the %s key on %s: exit status %d; expected it to open: %v", c.key, f, r.code, c.opens)
			}
		}
	}
}

// Flux decrypts objects one by one from key-sorted JSON; that is what sops
// --input-type json does.
func TestEmittedSecretsDecryptAsJSON(t *testing.T) {
	p := examples(t).withKey(demoKey("staging"))
	raw, objects := documents(t, p.reggen("build", "overlays/staging"))
	for i, o := range objects {
		if o["kind"] != "Secret" {
			continue
		}
		asJSON, err := yaml.YAMLToJSON(raw[i])
		must(t, err)
		file := filepath.Join(p.tmp, "secret.json")
		must(t, os.WriteFile(file, asJSON, 0o600))
		p.ok("", tool("sops"), "decrypt", file)
	}
}
