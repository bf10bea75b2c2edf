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

// A copy of a sealed Secret is decrypted by whatever decrypts the build, where
// its author likes; a stranger's Secret in the place of one that was renamed is
// read instead of it; and a piece of a ciphertext is a ciphertext.
func TestSecretsAreThereOnce(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	clone := strings.NewReplacer("name: docker-registry-s3", "name: loot\n  namespace: eve", "    config.kubernetes.io/local-config: \"true\"\n", "").
		Replace(e.read("overlays/e0/sealed/docker-registry-s3.yaml"))
	e.write("overlays/outer/clone.yaml", clone)
	e.write("overlays/outer/own.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: regcred, namespace: default}\ndata: {.dockerconfigjson: e30=}\ntype: kubernetes.io/dockerconfigjson\n")
	e.write("overlays/outer/moved.yaml", strings.Replace(e.read("overlays/outer/own.yaml"), "namespace: default", "namespace: moved", 1))
	e.write("overlays/outer/nowhere.yaml", strings.Replace(e.read("overlays/outer/own.yaml"), ", namespace: default", "", 1))
	e.write("overlays/outer/list.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: l}\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: regcred, namespace: default}, data: {.dockerconfigjson: e30=}, type: kubernetes.io/dockerconfigjson}\n")
	const bare = "patches:\n- target: {kind: Secret, name: loot}\n  patch: |\n    - {op: remove, path: /metadata/annotations}\n"
	const renamed = "patches:\n- target: {kind: Secret, name: regcred}\n  options: {allowNameChange: true}\n  patch: |\n    - {op: replace, path: /metadata/name, value: unused}\n"
	const piece = "replacements:\n- source: {kind: Secret, name: docker-registry-s3, fieldPath: 'data.s3SecretKey', options: {delimiter: ',', index: 1}}\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.x], options: {create: true}}]\n"
	for name, c := range map[string]struct{ inner, outer, says string }{
		"a copy":                  {"", "resources: [../e0, clone.yaml]\n" + bare, "Secret registry/docker-registry-s3 is in the finished build 2 times and was made 1: also as Secret eve/loot"},
		"a copy for other keys":   {"", "resources: [../e0, clone.yaml]\n" + strings.Replace(bare, "    - {op", "    - {op: remove, path: /sops/age/0}\n    - {op", 1), "Secret eve/loot holds data[s3AccessKey] of Secret registry/docker-registry-s3 at data.s3AccessKey"},
		"another in its place":    {renamed, "resources: [../e0, own.yaml]\n", "Secret default/regcred is not the one that was made: another stands in its place"},
		"another where it moved":  {renamed + "namespace: moved\n", "resources: [../e0, moved.yaml]\n", "Secret moved/regcred is not the one that was made"},
		"another in a list":       {renamed, "resources: [../e0, list.yaml]\npatches:\n- target: {kind: ConfigMap, name: l}\n  options: {allowKindChange: true}\n  patch: |\n    - {op: replace, path: /kind, value: SecretList}\n", "SecretList l of the finished build holds Secret default/regcred"},
		"another without a place": {renamed, "resources: [../e0, nowhere.yaml]\n", "Secret regcred is not the one that was made: another stands in its place"},
		"a piece":                 {piece, "resources: [../e0]\n", "Deployment registry/docker-registry holds data[s3SecretKey] of Secret registry/docker-registry-s3 at metadata.annotations.x"},
	} {
		t.Run(name, func(t *testing.T) {
			e.write("overlays/e0/kustomization.yaml", "generators: [registry]\n"+c.inner)
			e.write("overlays/outer/kustomization.yaml", c.outer)
			for _, args := range []string{"build overlays/outer", "build --secrets plain overlays/outer", "seal --check overlays/outer", "check overlays/outer", "render overlays/outer -o out"} {
				out, errs, code := run(t, e.dir, strings.Fields(args)...)
				if code == 0 || !strings.Contains(errs, c.says) || strings.Contains(out, "kind: ") {
					t.Errorf("%s: exit %d\n%s\n%.300s", args, code, errs, out)
				}
			}
		})
	}
}

// A sealed Secret that was moved into a list is where nothing decrypts it, and a
// list may leave the kind of its items out.
func TestNoSecretIsInAList(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	moved := strings.ReplaceAll("- "+strings.TrimSpace(e.read("overlays/e0/sealed/docker-registry-htpasswd.yaml")), "\n", "\n  ")
	const gone = "- patch: |\n    $patch: delete\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: docker-registry-htpasswd, namespace: registry}\n"
	const other = "- {metadata: {name: docker-registry-htpasswd, namespace: registry}, stringData: {htpasswd: 'eve:x'}}"
	for name, c := range map[string]struct{ kind, items, more string }{
		"moved": {"List", moved, gone}, "without a kind": {"SecretList", other, ""}, "in a list in it": {"List", "- {apiVersion: v1, kind: SecretList, items: [" + other[2:] + "]}", ""}, "of another kind": {"ConfigMapList", "- {apiVersion: v1, kind: Secret, " + other[3:], ""},
	} {
		t.Run(name, func(t *testing.T) {
			e.write("overlays/e0/l.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: l}\nitems:\n"+c.items+"\n")
			e.write("overlays/e0/kustomization.yaml", "generators: [registry]\nresources: [l.yaml]\npatches:\n- target: {kind: ConfigMap, name: l}\n  options: {allowKindChange: true}\n  patch: |\n    - {op: replace, path: /kind, value: "+c.kind+"}\n"+c.more)
			for _, args := range []string{"build overlays/e0", "build --secrets plain overlays/e0", "seal --check overlays/e0", "check overlays/e0", "render overlays/e0 -o out"} {
				out, errs, code := run(t, e.dir, strings.Fields(args)...)
				if code == 0 || !strings.Contains(errs, c.kind+" l of the finished build holds Secret ") || strings.Contains(out, "kind: ") {
					t.Errorf("%s: exit %d\n%s\n%.300s", args, code, errs, out)
				}
			}
		})
	}
}

// An environment that two others build, each under a name of its own, is made
// as often: nothing is a copy.
func TestSecretsOfAnEnvironmentBuiltTwice(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	for _, name := range []string{"a", "b"} {
		e.write("overlays/"+name+"/kustomization.yaml", "resources: [../e0]\nnamePrefix: "+name+"-\n")
	}
	e.write("overlays/both/kustomization.yaml", "resources: [../a, ../b]\n")
	if out := e.ok("build", "overlays/both"); strings.Count(out, "\nsops:\n") != 8 {
		t.Errorf("%d sealed Secrets, want 8", strings.Count(out, "\nsops:\n"))
	}
	if out := e.ok("build", "--secrets", "plain", "overlays/both"); strings.Contains(out, "ENC[") {
		t.Error("not in the clear")
	}
	const gone = "patches:\n- patch: |\n    $patch: delete\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: docker-registry-s3, namespace: registry}\n"
	e.write("overlays/b/kustomization.yaml", "resources: [../e0]\nnamePrefix: b-\n"+gone)
	if _, errs, code := run(t, e.dir, "build", "overlays/both"); code == 0 || !strings.Contains(errs, "docker-registry-s3 is not in the finished build") {
		t.Errorf("one of two is gone: exit %d\n%s", code, errs)
	}
}

// Sealed Secrets that come as items of a transformer are what is deployed, so
// they have to be those of the sealed folder, which everything else looks at.
func TestSealedItemsAreTheSealedFiles(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	wanted := e.ok("build", "overlays/e0")
	old := map[string]string{}
	names := []string{"docker-registry-htpasswd", "docker-registry-http", "docker-registry-s3", "regcred"}
	for _, name := range names {
		old[name] = e.read("overlays/e0/sealed/" + name + ".yaml")
	}
	e.ok("seal", "--rotate-keys", "overlays/e0") // the same, encrypted anew
	resources := func(changed string) string {
		list := ""
		for _, name := range names {
			file := "sealed/" + name + ".yaml"
			if name == changed {
				file = "other.yaml"
				e.write("overlays/e0/other.yaml", old[name])
			}
			list += file + ","
		}
		return "resources: [" + list + "]\ntransformers: [registry]\n"
	}
	good := e.ok("build", "overlays/e0")
	e.write("overlays/e0/kustomization.yaml", resources(""))
	if out := e.ok("build", "overlays/e0"); strings.Count(out, "\n---\n") != strings.Count(good, "\n---\n") || out == wanted {
		t.Errorf("the sealed files as items:\n%s", out)
	}
	commands := []string{"build overlays/e0", "build --secrets plain overlays/e0", "seal --check overlays/e0", "check overlays/e0", "diff --against . overlays/e0", "render overlays/e0 -o out"}
	for _, name := range names {
		e.write("overlays/e0/kustomization.yaml", resources(name))
		for _, args := range commands {
			out, errs, code := run(t, e.dir, strings.Fields(args)...)
			if says := "the sealed Secret " + name + " among the resources is not the one in overlays/e0/sealed"; code == 0 || !strings.Contains(errs, says) || strings.Contains(out, "kind: ") {
				t.Errorf("%s, %s: exit %d\n%s\n%.300s", name, args, code, errs, out)
			}
		}
	}
	e.write("overlays/e0/kustomization.yaml", resources(""))
	e.write("overlays/e0/registry/registry.yaml", e.read("overlays/e0/registry/registry.yaml")+"  secrets: {sealed: nothing}\n")
	if _, errs, code := run(t, e.dir, "build", "overlays/e0"); code == 0 || !strings.Contains(errs, "is not the one in overlays/e0/nothing") {
		t.Errorf("no sealed folder: exit %d\n%s", code, errs)
	}
}
