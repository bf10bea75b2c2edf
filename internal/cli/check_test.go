package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/credential"
)

func checked(t *testing.T, e *testEnv, want ...string) {
	t.Helper()
	out, errs, code := run(t, e.dir, "check")
	wantCode := exitFail
	if len(want) == 0 {
		wantCode, want = exitOK, []string{": 0 errors, "}
	}
	if code != wantCode || out != "" {
		t.Errorf("exit %d, %d bytes on stdout\n%s", code, len(out), errs)
	}
	for _, w := range want {
		if !strings.Contains(errs, w) {
			t.Errorf("does not say %q:\n%s", w, errs)
		}
	}
	if strings.Contains(errs, canary) {
		t.Error("a password is in the report")
	}
}

// Each environment is judged by its own objects: what is wrong in one is told
// for that one, and a good twin hides nothing.
func TestCheckOfSeveralEnvironments(t *testing.T) {
	e := newEnv(t, 2, 2)
	e.ok("seal", "overlays/e0", "overlays/e1")
	checked(t, e)
	e.write("overlays/e1/kustomization.yaml", "generators: [registry]\nnamespace: elsewhere\n")
	checked(t, e, "overlays/e1: spec.pullSecrets.regcred: was meant for namespace default", "check found 1 problem")
	e.write("overlays/e1/kustomization.yaml", "generators: [registry]\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n")
	e.write("overlays/e1/p.yaml", "- {op: add, path: /spec/replcas, value: 2}\n")
	checked(t, e, "overlays/e1: Deployment registry/docker-registry is not what Kubernetes takes", "replcas", "check found 1 problem")
	e.write("overlays/e1/kustomization.yaml", "generators: [registry]\npatches: [{path: missing.yaml}]\n")
	checked(t, e, `names "missing.yaml", and there is no such file`, "check found 1 problem")
}

func TestCheckOfWhatIsNoEnvironment(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	e.write("overlays/app/kustomization.yaml", "resources: [d.yaml]\n")
	e.write("overlays/app/d.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{prot: 1}]}\n")
	_, errs, code := run(t, e.dir, "check", "overlays/e0", "overlays/app")
	if code != exitFail || !strings.Contains(errs, "overlays/app: Service s is not what Kubernetes takes") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// With a key, every password is verified against what is sealed, not only
// against the hash beside it.
func TestCheckFindsAForgedHash(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	good := e.files()
	const file = "overlays/e0/sealed/docker-registry-htpasswd.yaml"
	for name, c := range map[string]struct {
		forge func()
		want  string
	}{
		"another password": {func() { e.user(0, "u0", "forged") }, `does not accept the password of user "u0"`},
		"another user":     {func() { e.user(0, "mallory", "forged") }, `lets a user in who has no credential: "mallory"`},
	} {
		t.Run(name, func(t *testing.T) {
			e := &testEnv{t: t, dir: e.dir, keys: e.keys}
			restore(t, e, good)
			c.forge()
			e.ok("seal", "overlays/e0")
			forged := e.read(file)
			restore(t, e, good)
			e.write(file, withFactsOf(t, forged, good[file]))
			e.ok("build", "overlays/e0") // without a key the record is believed
			checked(t, e, file+": data[htpasswd]: "+c.want)
		})
	}
	restore(t, e, good)
	checked(t, e)
}

// A person known by a hash alone is sealed with that hash.
func TestCheckComparesHashes(t *testing.T) {
	e := newEnv(t, 1, 1)
	hash, err := credential.HashPassword(canary, credential.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	e.credential(0, "bob", credential.Document{Type: credential.User, Cost: credential.MinCost, StringData: map[string]string{"hash": hash}})
	e.ok("seal", "overlays/e0")
	checked(t, e)
	good := e.files()
	other, err := credential.HashPassword("other", credential.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	e.credential(0, "bob", credential.Document{Type: credential.User, Cost: credential.MinCost, StringData: map[string]string{"hash": other}})
	e.ok("seal", "overlays/e0")
	const file = "overlays/e0/sealed/docker-registry-htpasswd.yaml"
	forged := e.read(file)
	restore(t, e, good)
	e.write(file, withFactsOf(t, forged, good[file]))
	checked(t, e, `holds another hash of user "bob" than the credential`)
}

func TestCheckSeesWhatNoBuildReads(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	for _, name := range []string{"bob.json", ".bob.yaml", "bob.enc.yaml~"} {
		path := "overlays/e0/credentials/" + name
		e.write(path, "password: "+canary+"\n")
		checked(t, e, path+": is no credential that reggen reads")
		if err := os.Remove(e.path(path)); err != nil {
			t.Fatal(err)
		}
	}
	e.write("overlays/e0/credentials/README.md", "who is who\n")
	checked(t, e)
}

// The same people, but in groups: that is another rule.
func TestCheckComparesKeyGroups(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	rules := e.read(".sops.yaml")
	e.write(".sops.yaml", strings.Replace(rules, "    age: "+e.keys["people"]+","+e.keys["e0"],
		"    shamir_threshold: 2\n    key_groups: [{age: ["+e.keys["people"]+"]}, {age: ["+e.keys["e0"]+"]}]", 1))
	checked(t, e, "has other key groups or another threshold than .sops.yaml says")
}

func TestCheckOfNothing(t *testing.T) {
	e := newEnv(t, 1, 1)
	for _, args := range [][]string{{"check", "bases"}, {"check", "nowhere"}} {
		if _, errs, code := run(t, e.dir, args...); code != exitFail || !strings.Contains(errs, "no ") {
			t.Errorf("%v: exit %d\n%s", args, code, errs)
		}
	}
}

// A password that was changed and not sealed is stale, not forged, and what
// could not be compared is no matter of keys.
func TestCheckTellsStaleOnce(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	if _, errs, code := runWith(t, e.dir, "password=another-demo-password\n", "credential", "set", "u0", "--dir", "overlays/e0", "--stdin"); code != 0 {
		t.Fatal(errs)
	}
	_, errs, code := run(t, e.dir, "check")
	if code != 1 || strings.Count(errs, "error: ") != 1 || !strings.Contains(errs, "is stale: the credential of user \"u0\" changed since") || strings.Contains(errs, "not verified") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// Files without a rule are told as one.
func TestCheckWithoutRules(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	if err := os.Remove(e.path(".sops.yaml")); err != nil {
		t.Fatal(err)
	}
	_, errs, code := run(t, e.dir, "check")
	if code != 1 || strings.Count(errs, "error: ") != 1 || !strings.Contains(errs, "error: overlays/e0: no .sops.yaml in its folder or above says who may read it [build]\n  next: reggen init overlays/e0 --print-rules") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// Another generator that a program answers is left out just so.
func TestCheckSeesOthersFunctions(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	e.write("overlays/e0/kustomization.yaml", e.read("overlays/e0/kustomization.yaml")+"transformers: [exec.yaml]\n")
	e.write("overlays/e0/exec.yaml", "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: secrets, annotations: {config.kubernetes.io/function: 'exec: {path: ksops}'}}\n")
	_, errs, code := run(t, e.dir, "check")
	if code != 1 || strings.Count(errs, "error: ") != 1 || !strings.Contains(errs, "error: overlays/e0: the ksops secrets is a function that a program answers") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// A spec that is annotated as a function is left out by kustomize, without a
// word, where --enable-exec is missing.
func TestCheckSeesAnnotatedFunctions(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	const file = "overlays/e0/registry/registry.yaml"
	e.write(file, strings.Replace(e.read(file), "namespace: registry}", "namespace: registry, annotations: {config.kubernetes.io/function: 'exec: {path: reggen}'}}", 1))
	checked(t, e, "overlays/e0: metadata.annotations: config.kubernetes.io/function makes kustomize leave the registry out", "[function-annotation]")
}
