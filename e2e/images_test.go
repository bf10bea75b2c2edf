package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const imagesApp = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1.29"} # rewritten
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: worker, namespace: other}
spec: {template: {spec: {initContainers: [{name: i, image: "registry.example.com/worker@sha256:` + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" + `"}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: foreign}
spec: {containers: [{name: f, image: "quay.io/acme/f:1"}]}
`

const imagesSpec = `apiVersion: reggen.dev/v1alpha1
kind: ImagePullSecrets
metadata:
  name: regcred
ANNOTATIONS
spec:
  host: registry.example.com
  rewrite: {docker.io: registry.example.com/cache}
  kinds: {Rollout.argoproj.io: spec.template.spec}
  secrets: {sealed: ../overlays/staging/sealed}
`

// An application's pull secret is the same in every way in: the exec plugin, the
// KRM function that kustomize starts, reggen build, a ResourceList, and over
// what it has done already.
func TestImagePullSecretsEveryWay(t *testing.T) {
	p := examples(t)
	home := plugins(t, p)
	plain := strings.Replace(imagesSpec, "ANNOTATIONS\n", "", 1)
	p.write("app/app.yaml", imagesApp)
	p.write("app/pull.yaml", plain)
	p.write("app/kustomization.yaml", "resources: [app.yaml]\ntransformers: [pull.yaml]\n")
	want := p.reggen("build", "app")
	for _, text := range []string{"image: registry.example.com/cache/library/nginx:1.29", "image: quay.io/acme/f:1", "kind: Rollout"} {
		if !bytes.Contains(want, []byte(text)) {
			t.Errorf("no %s in\n%s", text, want)
		}
	}
	if n := bytes.Count(want, []byte("- name: regcred")); n != 2 {
		t.Errorf("%d pods pull with the secret, not 2", n)
	}
	if n := bytes.Count(want, []byte("kind: Secret\n")); n != 2 {
		t.Errorf("%d Secrets, not one where each of the two pods is", n)
	}
	same(t, "the exec plugin", kustomize(t, p, home, tool("kustomize"), "build", "--enable-alpha-plugins", "app"), want)

	// As a function that kustomize starts it has the folder of the kustomization.
	p.write("fn/app.yaml", imagesApp)
	p.write("fn/pull.yaml", strings.Replace(imagesSpec, "ANNOTATIONS", "  annotations: {config.kubernetes.io/function: \"exec: {path: reggen}\"}", 1))
	p.write("fn/kustomization.yaml", "resources: [app.yaml]\ntransformers: [pull.yaml]\n")
	withReggen := *p
	withReggen.env = append(append([]string{}, p.env...), "PATH="+bin)
	same(t, "the KRM function", withReggen.ok("", tool("kustomize"), "build", "--enable-alpha-plugins", "--enable-exec", "fn"), want)
	same(t, "reggen build of the function", p.reggen("build", "fn"), want)

	// A ResourceList, and once more what came out of it.
	_, objects := documents(t, []byte(imagesApp))
	var config map[string]any
	must(t, yaml.Unmarshal([]byte(plain), &config))
	list := toYAML(t, map[string]any{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": objects, "functionConfig": config})
	run := func(list string) []byte {
		cmd := exec.Command(tool("reggen"))
		cmd.Dir, cmd.Env, cmd.Stdin = filepath.Join(p.dir, "app"), p.env, strings.NewReader(list)
		return finishOK(t, cmd)
	}
	once := run(list)
	same(t, "the function over its own result", run(string(once)), once)

	// A kustomization over the finished build changes nothing more.
	must(t, os.WriteFile(filepath.Join(p.dir, "app", "app.yaml"), want, 0o644))
	same(t, "a build over a build", p.reggen("build", "app"), want)
	same(t, "the plugin over a build", kustomize(t, p, home, tool("kustomize"), "build", "--enable-alpha-plugins", "app"), want)
}

// In one build with the registry that emits it the Secret stands once.
func TestImagePullSecretsBesideTheRegistry(t *testing.T) {
	p := examples(t)
	p.write("both/app.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: default}\nspec: {containers: [{name: web, image: registry.example.com/web}]}\n")
	p.write("both/pull.yaml", strings.NewReplacer("ANNOTATIONS\n", "", "  rewrite: {docker.io: registry.example.com/cache}\n", "").Replace(imagesSpec))
	p.write("both/kustomization.yaml", "resources: [app.yaml, ../overlays/staging]\ntransformers: [pull.yaml]\n")
	out := p.reggen("build", "both")
	if n := bytes.Count(out, []byte("  name: regcred\n")); n != 1 {
		t.Errorf("%d Secrets named regcred", n)
	}
	if n := bytes.Count(out, []byte("- name: regcred\n")); n != 1 {
		t.Errorf("%d pods pull with it", n)
	}
	same(t, "the exec plugin", kustomize(t, p, plugins(t, p), tool("kustomize"), "build", "--enable-alpha-plugins", "both"), out)
	p.write("both/app.yaml", string(p.read("both/app.yaml"))+"---\napiVersion: v1\nkind: Secret\nmetadata: {name: regcred, namespace: shop}\ntype: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: e30=}\n"+
		"---\napiVersion: v1\nkind: Pod\nmetadata: {name: shop, namespace: shop}\nspec: {containers: [{name: web, image: registry.example.com/web}]}\n")
	if r := p.run("", tool("reggen"), "build", "both"); r.code == 0 || !bytes.Contains(r.stderr, []byte("is among the resources already, and reggen did not make it")) {
		t.Errorf("somebody's own Secret: exit status %d\n%s", r.code, r.stderr)
	}
}
