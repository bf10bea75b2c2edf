package krm

import (
	"errors"
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const made = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: made\ndata:\n  n: \"0755\"\n"

func list(items, config string) []byte {
	return []byte("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:" + items + "\nfunctionConfig:" + config + "\n")
}

const config = "\n  apiVersion: reggen.dev/v1alpha1\n  kind: Registry\n  metadata: {name: r}\n  spec: {host: h}"

func TestGeneratorDoesNotEchoItsConfig(t *testing.T) {
	in := list("\n- apiVersion: reggen.dev/v1alpha1\n  kind: Registry\n  metadata: {name: r}", config)
	out, err := Run(in, func(config []byte, _ []*yaml.RNode, sealed map[string][]byte) ([]byte, error) {
		if !strings.Contains(string(config), "host: h") || sealed != nil {
			t.Errorf("config %q, %d sealed", config, len(sealed))
		}
		return []byte(made), nil
	})
	items, _, _ := strings.Cut(string(out), "functionConfig:")
	if err != nil || strings.Contains(items, "Registry") || !strings.Contains(items, `n: "0755"`) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTransformerUpsertsAndTakesSealedItems(t *testing.T) {
	in := list(`
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: made, annotations: {internal.config.kubernetes.io/index: "4"}}
  data: {old: old}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: other}
  data: {big: 12345678901234567890}
- apiVersion: v1
  kind: Secret
  metadata: {name: twin, annotations: {reggen.dev/record: r}}`, config)
	out, err := Run(in, func(_ []byte, _ []*yaml.RNode, sealed map[string][]byte) ([]byte, error) {
		if len(sealed) != 1 || !strings.Contains(string(sealed["twin"]), "name: twin") {
			t.Errorf("sealed: %v", sealed)
		}
		return []byte(made + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: new}\n"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	for _, gone := range []string{"old", "twin"} {
		if strings.Contains(text, gone) {
			t.Errorf("%q is still there:\n%s", gone, text)
		}
	}
	for _, want := range []string{"12345678901234567890", "name: new", `internal.config.kubernetes.io/index: "4"`, "n: \"0755\""} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q:\n%s", want, text)
		}
	}
	if strings.Index(text, "name: made") > strings.Index(text, "name: other") {
		t.Error("the replaced item lost its place")
	}
}

func TestRunRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "stdin is not a ResourceList",
		"a: b\n":                         "stdin is not a ResourceList",
		"{[":                             "stdin is not a ResourceList",
		string(list("", "")):             "functionConfig: is missing",
		string(list("\n- - {}", config)): "an item is no object",
		string(list("\n- {apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {reggen.dev/record: x}}}\n- {apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {reggen.dev/record: x}}}", config)): "two sealed files",
	} {
		out, err := Run([]byte(in), func([]byte, []*yaml.RNode, map[string][]byte) ([]byte, error) { return []byte(made), nil })
		if err == nil || !strings.Contains(err.Error(), want) || out != nil {
			t.Errorf("%q: %v, %d bytes", in, err, len(out))
		}
	}
	mine := errors.New("mine")
	if out, err := Run(list("", config), func([]byte, []*yaml.RNode, map[string][]byte) ([]byte, error) { return nil, mine }); !errors.Is(err, mine) || out != nil {
		t.Errorf("the generator's error: %v", err)
	}
}

func TestPluginConfig(t *testing.T) {
	env := func(root string) func(string) string {
		return func(k string) string {
			if k == "KUSTOMIZE_PLUGIN_CONFIG_ROOT" {
				return root
			}
			return ""
		}
	}
	read := func(path string) ([]byte, error) {
		if path == "/tmp/config" {
			return []byte("spec"), nil
		}
		return nil, os.ErrNotExist
	}
	config, root, ok, err := PluginConfig([]string{"/tmp/config"}, env("/root-folder"), read)
	if string(config) != "spec" || root != "/root-folder" || !ok || err != nil {
		t.Errorf("%q %q %v %v", config, root, ok, err)
	}
	if _, _, ok, err := PluginConfig([]string{"/tmp/other"}, env("/r"), read); ok || err == nil {
		t.Error("an unreadable file is no error")
	}
	for _, args := range [][]string{{}, {"version"}, {"/tmp/config", "x"}} {
		if _, _, ok, err := PluginConfig(args, env("/r"), read); ok || err != nil {
			t.Errorf("%v counts as a plugin call", args)
		}
	}
	if _, _, ok, _ := PluginConfig([]string{"/tmp/config"}, env(""), read); ok {
		t.Error("without kustomize's environment it counts as a plugin call")
	}
}

func FuzzRun(f *testing.F) {
	f.Add(list("", config))
	f.Add(list("\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}", config))
	f.Add(list("\n- - {}", config))
	f.Add([]byte("apiVersion: v1\nkind: List\nitems: []\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := Run(in, func([]byte, []*yaml.RNode, map[string][]byte) ([]byte, error) { return []byte(made), nil })
		if (err == nil) == (len(out) == 0) {
			t.Errorf("%d bytes and error %v", len(out), err)
		}
		if err == nil && !strings.Contains(string(out), "name: made") {
			t.Error("what was made is missing")
		}
	})
}

// What kustomize did to a sealed file before it came as an item is taken back:
// the generator sees the file as seal wrote it.
func TestSealedItemsAreAsSealed(t *testing.T) {
	got, err := SealedItems([]byte(`apiVersion: v1
kind: Secret
metadata:
  name: pre-twin
  namespace: moved
  labels: {team: a}
  annotations: {reggen.dev/record: r, other: o, internal.config.kubernetes.io/previousNames: "twin,x-twin"}
data: {k: v}
`))
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %d items", err, len(got))
	}
	text := string(got["twin"])
	for _, gone := range []string{"moved", "team", "other", "previousNames", "pre-twin"} {
		if strings.Contains(text, gone) {
			t.Errorf("%q is still there:\n%s", gone, text)
		}
	}
	if !strings.Contains(text, "reggen.dev/record: r") || !strings.Contains(text, "name: twin") {
		t.Errorf("lost too much:\n%s", text)
	}
	if none, err := SealedItems(nil); err != nil || none != nil {
		t.Errorf("%v %v", none, err)
	}
}

// Credentials that come as items are found by the path that the caller gave
// them; other objects, and what is no list, have none.
func TestCredentialItems(t *testing.T) {
	in := list(`
- apiVersion: reggen.dev/v1alpha1
  kind: RegistryCredential
  metadata: {name: alice, annotations: {config.kubernetes.io/path: credentials/a.enc.yaml}}
- apiVersion: reggen.dev/v1alpha1
  kind: RegistryCredential
  metadata: {name: bob}
- apiVersion: example.com/v1
  kind: RegistryCredential
  metadata: {name: other}`, config)
	got := CredentialItems(in)
	if len(got) != 2 || !strings.Contains(string(got["credentials/a.enc.yaml"]), "name: alice") || !strings.Contains(string(got["bob.yaml"]), "name: bob") {
		t.Errorf("%q", got)
	}
	for _, in := range []string{"", "{[", string(list("", config))} {
		if got := CredentialItems([]byte(in)); got != nil {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func returns(made string) func([]*yaml.RNode) ([]byte, error) {
	return func([]*yaml.RNode) ([]byte, error) { return []byte(made), nil }
}

func TestTransformKeepsWhatIsNotMade(t *testing.T) {
	out, err := Transform([]byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made, annotations: {kustomize.config.k8s.io/id: \"1\"}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: stays}\n"), returns(made))
	text := string(out)
	if err != nil || strings.Count(text, "name: made") != 1 || !strings.Contains(text, "name: stays") || !strings.Contains(text, `kustomize.config.k8s.io/id: "1"`) || !strings.Contains(text, `n: "0755"`) {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := Transform([]byte("{["), returns(made)); err == nil {
		t.Error("a broken stream is taken")
	}
}

// A place that leads out of the folder of whoever writes the items stays with
// the item that names it.
func TestForeignPlacesAreNotCopied(t *testing.T) {
	for path, copied := range map[string]bool{"a/b.yaml": true, "../../x": false, "/etc/x": false, "a\nb": false} {
		old, made := yaml.MustParse("metadata: {name: x}"), yaml.MustParse("metadata: {name: x}")
		if err := old.SetAnnotations(map[string]string{"config.kubernetes.io/path": path, "internal.config.kubernetes.io/path": path}); err != nil {
			t.Fatal(err)
		}
		keepPlace(old, made)
		for _, key := range []string{"config.kubernetes.io/path", "internal.config.kubernetes.io/path"} {
			if got := made.GetAnnotations()[key] == path; got != copied {
				t.Errorf("%s: %q copied: %t", key, path, got)
			}
		}
	}
}
