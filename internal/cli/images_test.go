package cli

import (
	"strings"
	"testing"
)

// TestImagePullSecretsTakesPullSecretsOnly: whatever an application's spec says, what
// it brings out of a registry's sealed folder is that registry's pull secret.
func TestImagePullSecretsTakesPullSecretsOnly(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	e.write("app/kustomization.yaml", "resources: [app.yaml]\ntransformers: [pull.yaml]\n")
	e.write("app/app.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: app}\nspec: {containers: [{name: x, image: r0.example.com/x}]}\n")
	spec := func(name, more string) {
		e.write("app/pull.yaml", "apiVersion: reggen.dev/v1alpha1\nkind: ImagePullSecrets\nmetadata: {name: "+name+"}\nspec:\n  host: r0.example.com\n"+more)
	}
	refused := func(want string) {
		t.Helper()
		out, errs, code := run(t, e.dir, "build", "app")
		if code == 0 || out != "" || !strings.Contains(errs, want) {
			t.Errorf("exit %d, want %q: %s", code, want, errs)
		}
	}
	spec("regcred", "  secrets: {sealed: ../overlays/e0/sealed}\n")
	e.ok("build", "app")
	for _, name := range []string{"docker-registry-s3", "docker-registry-http", "docker-registry-htpasswd"} {
		spec(name, "  secrets: {sealed: ../overlays/e0/sealed}\n")
		refused("is no pull secret that reggen sealed")

		// A record that was forged to say that it is one: the file is none.
		text := e.read("overlays/e0/sealed/" + name + ".yaml")
		forged := strings.Replace(text, "    fact ", "    fact \"pull/"+name+"\" \"server\" \"r0.example.com\"\n      fact ", 1)
		if forged == text {
			forged = strings.Replace(text, "fact ", "fact \"pull/"+name+"\" \"server\" \"r0.example.com\"\n      fact ", 1)
		}
		e.write("app/sealed/"+name+".yaml", forged)
		spec(name, "")
		_, errs, code := run(t, e.dir, "build", "app")
		if code == 0 {
			t.Errorf("%s under a forged record is taken", name)
		}
		if strings.Contains(errs, canary) {
			t.Error("a secret is shown")
		}
	}
	spec("regcred", "  secrets: {sealed: ../overlays/e0/credentials}\n")
	refused("is missing")
	e.write("overlays/e0/credentials/regcred.yaml", e.read("overlays/e0/credentials/puller.enc.yaml"))
	refused("is not a sealed Secret")
	if _, errs, _ := run(t, e.dir, "build", "app"); !strings.Contains(errs, "next: reggen seal in the registry's environment") {
		t.Errorf("what to do: %s", errs)
	}
}
