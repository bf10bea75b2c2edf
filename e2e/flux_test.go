package e2e

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	sops "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"sigs.k8s.io/yaml"
)

// fluxDecrypt is what kustomize-controller 1.9 does with an object that has a
// sops block after its own kustomize build (DecryptResource and
// SopsDecryptWithFormat in internal/decryptor): key-sorted JSON in and out, and
// no look at the MAC.
func fluxDecrypt(t testing.TB, o map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(o) // sorts keys
	must(t, err)
	store := common.StoreForFormat(formats.Json, config.NewStoresConfig())
	tree, err := store.LoadEncryptedFile(text)
	must(t, err)
	key, err := tree.Metadata.GetDataKeyWithKeyServices([]keyservice.KeyServiceClient{keyservice.NewLocalClient()}, sops.DefaultDecryptionOrder)
	if err != nil {
		t.Fatalf("%s: the cluster's key does not open it", nameOf(o))
	}
	if _, err := tree.Decrypt(key, aes.NewCipher()); err != nil {
		t.Fatalf("%s can't be decrypted", nameOf(o))
	}
	plain, err := store.EmitPlainFile(tree.Branches)
	must(t, err)
	var out map[string]any
	must(t, json.Unmarshal(plain, &out))
	return out
}

// fluxKustomizations are those of a folder of deploy/, by name.
func fluxKustomizations(t testing.TB, dir string) (kustomizations map[string]kustomizev1.Kustomization, sources map[string]bool) {
	t.Helper()
	kustomizations, sources = map[string]kustomizev1.Kustomization{}, map[string]bool{}
	for _, o := range deployed(t, dir) {
		if o["kind"] != "Kustomization" {
			sources[o["kind"].(string)+"/"+nameOf(o)] = true
			continue
		}
		text, err := yaml.Marshal(o)
		must(t, err)
		var k kustomizev1.Kustomization
		must(t, yaml.UnmarshalStrict(text, &k))
		kustomizations[k.Name] = k
	}
	return kustomizations, sources
}

// What deploy/flux applies is what reggen render writes: each path is there,
// builds, and every Secret in it becomes, with the cluster's key alone, what a
// plain build has.
func TestFluxAppliesWhatRenderWrites(t *testing.T) {
	p := examples(t)
	p.reggen("render", "overlays/dev", "overlays/staging", "overlays/prod", "overlays/hello-kubernetes", "-o", "rendered")
	for dir, root := range map[string]string{"deploy/flux/git": ".", "deploy/flux/oci": "rendered"} {
		kustomizations, sources := fluxKustomizations(t, dir)
		if len(kustomizations) != 2 {
			t.Fatalf("%s: %d Kustomizations", dir, len(kustomizations))
		}
		for name, k := range kustomizations {
			if !sources[k.Spec.SourceRef.Kind+"/"+k.Spec.SourceRef.Name] {
				t.Errorf("%s: %s reads from %s, which is not there", dir, name, k.Spec.SourceRef.String())
			}
			for _, d := range k.Spec.DependsOn {
				if on, ok := kustomizations[d.Name]; !ok || !on.Spec.Wait {
					t.Errorf("%s: %s depends on %s, which is not there or never waits", dir, name, d.Name)
				}
			}
			path := filepath.Join(root, k.Spec.Path)
			_, objects := documents(t, p.ok("", tool("kustomize"), "build", path))
			secrets := 0
			for _, o := range objects {
				if o["kind"] == "Secret" {
					secrets++
				}
			}
			decrypts := k.Spec.Decryption != nil && k.Spec.Decryption.Provider == "sops" && k.Spec.Decryption.SecretRef != nil
			if (secrets > 0) != decrypts || !k.Spec.Prune {
				t.Errorf("%s: %s has %d Secrets; decryption %v, prune %v", dir, name, secrets, k.Spec.Decryption, k.Spec.Prune)
			}
		}
		if hello := kustomizations["hello-kubernetes"]; len(hello.Spec.DependsOn) != 1 || hello.Spec.DependsOn[0].Name != "registry" {
			t.Errorf("%s: hello-kubernetes does not wait for the registry: %v", dir, hello.Spec.DependsOn)
		}
	}
}

func TestFluxDecryptsRenderedOutput(t *testing.T) {
	p := examples(t)
	p.reggen("render", "overlays/dev", "overlays/staging", "overlays/prod", "-o", "rendered")
	for _, name := range []string{"dev", "staging", "prod"} {
		plain := map[string]map[string]any{}
		_, objects := documents(t, p.withKey(demoKey(name)).reggen("build", "--secrets", "plain", "overlays/"+name))
		for _, o := range objects {
			plain[identity(o)] = o
		}
		// Only the cluster's key, where the SOPS library looks for it.
		t.Setenv("SOPS_AGE_KEY_FILE", demoKey(name))
		t.Setenv("SOPS_AGE_KEY", "")
		t.Setenv("HOME", p.home)
		t.Setenv("XDG_CONFIG_HOME", filepath.Join(p.home, ".config"))
		_, objects = documents(t, p.ok("", tool("kustomize"), "build", filepath.Join("rendered/overlays", name)))
		secrets := 0
		for _, o := range objects {
			if o["sops"] != nil {
				secrets++
				o = fluxDecrypt(t, o)
			}
			if !reflect.DeepEqual(o, plain[identity(o)]) {
				t.Errorf("%s: %s is not that of a plain build once Flux has decrypted it", name, identity(o))
			}
			delete(plain, identity(o))
		}
		if secrets < 3 || len(plain) > 0 {
			t.Errorf("%s: %d Secrets decrypted, %d objects missing", name, secrets, len(plain))
		}
	}
}

// Flux does not notice a deleted key of a Secret, so reggen has to: docs/guide/flux.md.
func TestFluxDoesNotCheckWhatReggenDoes(t *testing.T) {
	p := examples(t)
	p.reggen("render", "overlays/staging", "-o", "rendered")
	p.env = append(p.env, "SOPS_AGE_KEY_FILE="+demoKey("staging"))
	t.Setenv("SOPS_AGE_KEY_FILE", demoKey("staging"))
	file := "rendered/overlays/staging/registry_v1_secret_docker-registry-s3.yaml"
	var o map[string]any
	must(t, yaml.Unmarshal(p.read(file), &o))
	data := o["data"].(map[string]any)
	for key := range data {
		delete(data, key)
		break
	}
	if got := decode(t, fluxDecrypt(t, o)); len(got) != len(data) {
		t.Errorf("Flux would now notice: %d keys", len(got))
	}
	text, err := yaml.Marshal(o)
	must(t, err)
	p.write(file, string(text))
	p.fails([]string{file}, "render", "overlays/staging", "-o", "rendered", "--check")
	sealed := "overlays/staging/sealed/docker-registry-s3.yaml"
	lines := strings.SplitAfter(string(p.read(sealed)), "\n")
	for i, line := range lines {
		if strings.Contains(line, "ENC[") {
			lines = append(lines[:i:i], lines[i+1:]...)
			break
		}
	}
	p.write(sealed, strings.Join(lines, ""))
	if r := p.fails([]string{"docker-registry-s3"}, "build", "overlays/staging"); !bytes.Contains(r.stderr, []byte("reggen seal")) {
		t.Errorf("no way out in:\n%s", r.stderr)
	}
}

func identity(o map[string]any) string {
	namespace, _ := at(o, "metadata", "namespace").(string)
	kind, _ := o["kind"].(string)
	return kind + " " + namespace + "/" + nameOf(o)
}
