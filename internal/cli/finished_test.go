package cli

import (
	"strings"
	"testing"
)

// A patch puts something else into a Secret that reggen made: no command takes
// it, and the error names the object and the key.
func TestSecretsOfTheFinishedBuild(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	const target = "target: {kind: Secret, name: docker-registry-htpasswd}"
	for name, c := range map[string]struct{ kustomization, says string }{
		"stringData":             {"patches:\n- " + target + "\n  patch: |\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: x}\n    stringData: {htpasswd: 'eve:x'}\n", "stringData[htpasswd] is added, readable"},
		"a key":                  {"patches:\n- " + target + "\n  patch: |\n    - {op: add, path: /data/more, value: eA==}\n", "data[more] is added"},
		"another ciphertext":     {"patches:\n- " + target + "\n  patch: |\n    - {op: replace, path: /data/htpasswd, value: 'ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]'}\n", "data[htpasswd] is another"},
		"another block":          {"patches:\n- " + target + "\n  patch: |\n    - {op: replace, path: /sops/mac, value: 'ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]'}\n", "its sops block is another"},
		"no block":               {"patches:\n- " + target + "\n  patch: |\n    - {op: remove, path: /sops}\n    - {op: replace, path: /data/htpasswd, value: eA==}\n", "data[htpasswd] is another, its sops block is another"},
		"another type":           {"patches:\n- " + target + "\n  patch: |\n    - {op: replace, path: /type, value: example.com/x}\n", "its type is another"},
		"deleted":                {"patches:\n- patch: |\n    $patch: delete\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: docker-registry-htpasswd, namespace: registry}\n", "is not in the finished build"},
		"under another name":     {"namePrefix: my-\npatches:\n- " + target + "\n  patch: |\n    - {op: add, path: /data/more, value: eA==}\n", "data[more] is added"},
		"a replacement":          {"replacements:\n- source: {kind: Secret, name: docker-registry-http, fieldPath: 'data.haSharedSecret'}\n  targets: [{select: {kind: Secret, name: docker-registry-htpasswd}, fieldPaths: [data.htpasswd]}]\n", "data[htpasswd] is another"},
		"carried into an object": {"replacements:\n- source: {kind: Secret, name: docker-registry-htpasswd, fieldPath: 'data.htpasswd'}\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.x], options: {create: true}}]\n", "Deployment registry/docker-registry holds data[htpasswd] of Secret registry/docker-registry-htpasswd at metadata.annotations.x"},
		"a transformer":          {"transformers:\n- |\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: x}\n  target: {kind: Secret, name: regcred}\n  patch: '[{\"op\": \"add\", \"path\": \"/data/more\", \"value\": \"eA==\"}]'\n", "Secret default/regcred is not in the finished build as its sealed file says: data[more] is added"},
	} {
		t.Run(name, func(t *testing.T) {
			e.write("overlays/e0/kustomization.yaml", "generators: [registry]\n"+c.kustomization)
			for _, args := range []string{"build overlays/e0", "build --secrets plain overlays/e0", "build --secrets redacted overlays/e0", "seal --check overlays/e0", "check overlays/e0", "diff --against . overlays/e0", "render overlays/e0 -o out"} {
				if strings.Contains(args, "redacted") && (name == "a replacement" || strings.Contains(name, "carried") || strings.Contains(c.says, "block")) {
					continue // there is no ciphertext and no block in such a build
				}
				out, errs, code := run(t, e.dir, strings.Fields(args)...)
				if code == 0 || !strings.Contains(errs, c.says) || out != "" {
					t.Errorf("%s: exit %d\n%s\n%.300s", args, code, errs, out)
				}
				if strings.Contains(errs+out, canary) {
					t.Errorf("%s shows a secret", args)
				}
			}
		})
	}
}

// What kustomize may do to a Secret it still may, and secrets in the clear come
// out as before.
func TestSecretsUnderOtherNames(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	e.write("overlays/e0/kustomization.yaml", "generators: [registry]\nnamePrefix: my-\ncommonAnnotations: {a: b, data: c}\nlabels: [{pairs: {x: z}}]\n")
	sealed, plain := e.ok("build", "overlays/e0"), e.ok("build", "--secrets", "plain", "overlays/e0")
	e.ok("seal", "--check", "overlays/e0")
	if !strings.Contains(sealed, "name: my-docker-registry-htpasswd") || !strings.Contains(plain, "name: my-docker-registry-htpasswd") {
		t.Error("the prefix is gone")
	}
	if strings.Contains(plain, "ENC[") || strings.Contains(plain, "sops:") || strings.Count(plain, "\n---\n") != strings.Count(sealed, "\n---\n") {
		t.Errorf("not in the clear:\n%s", plain)
	}
}

// A value that a replacement carries out of a Secret would stand readable
// beside it: kustomize never sees one.
func TestPlainSecretsNeverReachKustomize(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	for _, kustomization := range []string{
		"replacements:\n- source: {kind: Secret, name: docker-registry-s3, fieldPath: 'data.s3SecretKey'}\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.x], options: {create: true}}]\n",
		"replacements:\n- source: {kind: Secret, name: docker-registry-s3, fieldPath: 'data.s3SecretKey', options: {delimiter: ',', index: 1}}\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.x], options: {create: true}}]\n",
		"vars: [{name: V, objref: {kind: Secret, name: docker-registry-s3, apiVersion: v1}, fieldref: {fieldpath: data.s3SecretKey}}]\nconfigurations: [v.yaml]\ncommonAnnotations: {x: $(V)}\n",
	} {
		e.write("overlays/e0/v.yaml", "varReference: [{kind: Deployment, path: metadata/annotations}]\n")
		e.write("overlays/e0/kustomization.yaml", "generators: [registry]\n"+kustomization)
		out, errs, _ := run(t, e.dir, "build", "--secrets", "plain", "overlays/e0")
		for _, doc := range strings.Split(out, "\n---\n") {
			if !strings.Contains(doc, "kind: Secret") && (strings.Contains(doc, canary) || strings.Contains(doc, "Y2FuYXJ5")) {
				t.Errorf("carried away:\n%s", doc)
			}
		}
		if strings.Contains(errs, canary) {
			t.Error("an error shows a secret")
		}
	}
}
