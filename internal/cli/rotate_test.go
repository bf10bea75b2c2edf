package cli

import (
	"slices"
	"strings"
	"testing"
)

// Each step of a rotation touches what it has to and nothing else.
func TestRotationStepByStep(t *testing.T) {
	e := newEnv(t, 2, 2)
	e.ok("seal", "overlays/e0", "overlays/e1")
	files := e.files()
	rolled := podTemplate(t, e)
	step := func(want []string, args ...string) {
		t.Helper()
		e.ok(args...)
		now := e.files()
		if got := changedFiles(files, now); !slices.Equal(got, want) {
			t.Errorf("reggen %s changed %v, want %v", strings.Join(args, " "), got, want)
		}
		for name, text := range now {
			if strings.Contains(text, canary) {
				t.Errorf("%s holds a password", name)
			}
		}
		files = now
	}
	const dir = "overlays/e0"
	patch := files[dir+"/registry/registry.yaml"]
	step([]string{dir + "/credentials/puller-2.enc.yaml", dir + "/registry/registry.yaml"}, "user", "rotate", "puller", "--dir", dir)
	if got := strings.TrimPrefix(files[dir+"/registry/registry.yaml"], patch); got != "  pullSecrets:\n    regcred:\n      user: puller-2\n" {
		t.Errorf("the patch was changed otherwise than by three lines at its end: %q", got)
	}
	sealed := []string{dir + "/sealed/docker-registry-htpasswd.yaml", dir + "/sealed/regcred.yaml"}
	step(sealed, "seal", dir)
	step([]string{"-" + dir + "/credentials/puller.enc.yaml"}, "user", "retire", "puller", "--dir", dir)
	step(sealed[:1], "seal", dir)
	step(nil, "user", "retire", "puller", "--dir", dir)
	e.ok("seal", "--check", dir)
	e.ok("check", dir)
	if podTemplate(t, e) != rolled {
		t.Error("a rotation rolls the pods")
	}
}

// What no file of the environment's own can take is refused, with what to
// write, before anything is.
func TestRotationRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(e *testEnv)
		says   string
	}{
		"no file of its own": {func(e *testEnv) {
			e.write("overlays/e0/kustomization.yaml", "generators: [../e1/registry]\n")
		}, `set spec.pullSecrets.regcred.user to "puller-2" in a patch`},
		"an inline patch has the last word": {func(e *testEnv) {
			e.write("overlays/e0/registry/kustomization.yaml", "resources: [../../../bases/registry]\npatches:\n- path: registry.yaml\n- target: {kind: Registry}\n  patch: '[{\"op\": \"replace\", \"path\": \"/spec/pullSecrets/regcred/user\", \"value\": \"puller\"}]'\n")
		}, "can't be changed"},
		"anonymous": {func(e *testEnv) {
			e.write("bases/registry/registry.yaml", "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: docker-registry, namespace: registry}\nspec: {auth: {anonymous: true}}\n")
		}, "nothing to rotate"},
		"users from elsewhere": {func(e *testEnv) {
			e.write("bases/registry/registry.yaml", strings.Replace(e.read("bases/registry/registry.yaml"), "spec:\n", "spec:\n  auth: {existingSecret: {name: users, key: htpasswd}}\n", 1))
		}, "brings the users"},
		"a file in the way": {func(e *testEnv) {
			e.write("overlays/e0/credentials/puller-2.enc.yml", e.read("overlays/e0/credentials/puller.enc.yaml"))
		}, `"puller" is also the name of`},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, 2, 1)
			c.change(e)
			before := e.files()
			_, errs, code := run(t, e.dir, "user", "rotate", "puller", "--dir", "overlays/e0")
			if code != 1 || !strings.Contains(errs, c.says) {
				t.Errorf("exit %d:\n%s", code, errs)
			}
			if got := changedFiles(before, e.files()); len(got) > 0 {
				t.Errorf("changed %v", got)
			}
		})
	}
}

// A folder of credentials that environments share: none of them may still need
// a user that one of them retires.
func TestRotationOfASharedUser(t *testing.T) {
	e := newEnv(t, 2, 1)
	e.write(".sops.yaml", "creation_rules:\n  - path_regex: ^shared/\n    age: "+e.keys["people"]+"\n"+strings.TrimPrefix(e.read(".sops.yaml"), "creation_rules:\n"))
	for _, i := range []string{"0", "1"} {
		spec := "overlays/e" + i + "/registry/registry.yaml"
		e.write(spec, e.read(spec)+"  secrets: {credentials: [credentials, ../../shared]}\n")
	}
	e.ok("user", "add", "ci", "--generate", "--dir", "overlays/e0")
	e.write("shared/ci.enc.yaml", e.read("overlays/e0/credentials/ci.enc.yaml"))
	e.remove("overlays/e0/credentials/ci.enc.yaml")
	for _, i := range []string{"0", "1"} {
		spec := "overlays/e" + i + "/registry/registry.yaml"
		e.write(spec, e.read(spec)+"  pullSecrets: {farm: {user: ci}}\n")
	}
	e.ok("seal", "overlays/e0", "overlays/e1")
	_, errs, code := run(t, e.dir, "user", "rotate", "ci", "--dir", "overlays/e0")
	if code != 0 || !strings.Contains(errs, "overlays/e1 reads these credentials too") {
		t.Fatalf("exit %d:\n%s", code, errs)
	}
	e.read("shared/ci-2.enc.yaml")
	e.ok("seal", "overlays/e0")
	for _, says := range []string{`overlays/e1: spec.pullSecrets.farm.user: is still "ci"`, `overlays/e1/sealed: "ci-2" can't log in yet`} {
		if _, errs, code := run(t, e.dir, "user", "retire", "ci", "--dir", "overlays/e0"); code != 1 || !strings.Contains(errs, says) {
			t.Errorf("exit %d:\n%s", code, errs)
		}
		e.ok("user", "rotate", "ci", "--dir", "overlays/e1")
	}
	e.ok("seal", "overlays/e1")
	e.ok("user", "retire", "ci", "--dir", "overlays/e0")
	e.ok("seal", "overlays/e0", "overlays/e1")
}
