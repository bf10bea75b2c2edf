package cli

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/credential"
)

// changedLines are the lines that stand in only one of two texts.
func changedLines(a, b string) (gone, new []string) {
	count := map[string]int{}
	for _, l := range strings.Split(a, "\n") {
		count[l]++
	}
	for _, l := range strings.Split(b, "\n") {
		if count[l] == 0 {
			new = append(new, l)
		}
		count[l]--
	}
	for l, n := range count {
		if n > 0 {
			gone = append(gone, l)
		}
	}
	return gone, new
}

func changedFiles(a, b map[string]string) []string {
	var out []string
	for name, text := range b {
		if a[name] != text {
			out = append(out, name)
		}
	}
	for name := range a {
		if _, ok := b[name]; !ok {
			out = append(out, "-"+name)
		}
	}
	slices.Sort(out)
	return out
}

func TestSealTwiceTouchesNothing(t *testing.T) {
	e := newEnv(t, 1, 3)
	e.ok("seal", "overlays/e0")
	before := e.files()
	e.ok("seal", "overlays/e0")
	if got := changedFiles(before, e.files()); len(got) > 0 {
		t.Errorf("the second seal changed %v", got)
	}
	e.ok("build", "overlays/e0")
	e.ok("seal", "--check", "overlays/e0")
	e.ok("check", "overlays/e0")
}

func TestOneChangedPasswordChangesOneCiphertextLine(t *testing.T) {
	e := newEnv(t, 1, 3)
	e.ok("seal", "overlays/e0")
	before := e.files()

	// As sops edit leaves it: a new password beside the old hash.
	path := "overlays/e0/credentials/puller.enc.yaml"
	o, err := e.world().Keys.ReadCredential(t.Context(), e.path(path))
	if err != nil {
		t.Fatal(err)
	}
	doc := o.Doc
	doc.StringData = maps.Clone(doc.StringData)
	doc.StringData[credential.Password] = canary + "-new"
	e.credential(0, "puller", doc)

	_, errs, code := run(t, e.dir, "build", "overlays/e0")
	if code != 1 || !strings.Contains(errs, `user "puller" changed since`) || !strings.Contains(errs, "next: reggen seal") {
		t.Fatalf("a build after a forgotten seal: exit %d\n%s", code, errs)
	}
	warned, errs, code := run(t, e.dir, "build", "--stale", "warn", "overlays/e0")
	if code != 0 || warned == "" || !strings.Contains(errs, "warning: ") || !strings.Contains(errs, "next: reggen seal overlays/e0") {
		t.Errorf("--stale warn: exit %d\n%s", code, errs)
	}

	e.ok("seal", "overlays/e0")
	after := e.files()
	if got, want := changedFiles(before, after), []string{path, "overlays/e0/sealed/docker-registry-htpasswd.yaml", "overlays/e0/sealed/regcred.yaml"}; !slices.Equal(got, want) {
		t.Errorf("changed %v, want %v", got, want)
	}
	for _, name := range []string{"docker-registry-htpasswd", "regcred"} {
		file := "overlays/e0/sealed/" + name + ".yaml"
		_, added := changedLines(before[file], after[file])
		var data, block []string
		for _, l := range added {
			word, _, _ := strings.Cut(strings.TrimSpace(l), " ")
			switch word {
			case "htpasswd:", ".dockerconfigjson:":
				data = append(data, word)
			case "lastmodified:": // the same when both seals fall into one second
			case "mac:", "cipher", "digest", "fact", "rollout":
				block = append(block, word)
			default:
				t.Errorf("%s: unexpected line %q", name, word)
			}
		}
		if len(data) != 1 {
			t.Errorf("%s: %d ciphertext lines changed, want 1", name, len(data))
		}
		slices.Sort(block)
		if want := []string{"cipher", "digest", "fact", "mac:", "rollout"}; !slices.Equal(block, want) {
			t.Errorf("%s: other changed lines %v, want %v", name, block, want)
		}
	}
	// htpasswd is a mounted file: no pod rolls for it.
	if a, b := podTemplate(t, e), podTemplate(t, e); a != b {
		t.Error("two builds differ")
	}
}

func podTemplate(t *testing.T, e *testEnv) string {
	t.Helper()
	out := e.ok("build", "overlays/e0")
	_, rest, found := strings.Cut(out, "kind: Deployment")
	if !found {
		t.Fatal("no Deployment")
	}
	doc, _, _ := strings.Cut(rest, "\n---\n")
	return doc
}

func TestRolloutsMeanSomething(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	before := podTemplate(t, e)
	if !strings.Contains(before, "reggen.dev/rollout: ") {
		t.Fatal("no rollout digest")
	}

	e.user(0, "newcomer", "another-"+canary)
	e.ok("seal", "overlays/e0")
	if podTemplate(t, e) != before {
		t.Error("a new user rolls the pods")
	}

	e.key("second")
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), e.keys["people"], e.keys["people"]+","+e.keys["second"]))
	files := e.files()
	e.ok("seal", "overlays/e0")
	if got := changedFiles(files, e.files()); len(got) < 6 {
		t.Errorf("re-encryption for a new recipient changed only %v", got)
	}
	if podTemplate(t, e) != before {
		t.Error("re-encryption rolls the pods")
	}

	e.credential(0, "s3", credential.Document{Type: credential.S3, StringData: map[string]string{"accessKey": "0012345", "secretKey": canary + "-rotated"}})
	e.ok("seal", "overlays/e0")
	if podTemplate(t, e) == before {
		t.Error("a changed S3 key does not roll the pods")
	}
}

// payload is what the sealed files decrypt to.
func payload(t *testing.T, e *testEnv) string {
	t.Helper()
	out := e.ok("build", "--secrets", "plain", "overlays/e0")
	return out
}

func TestDeletedSealedFilesComeBackWithTheSameContent(t *testing.T) {
	e := newEnv(t, 1, 3)
	e.ok("seal", "overlays/e0")
	before := payload(t, e)
	if err := os.RemoveAll(e.path("overlays/e0/sealed")); err != nil {
		t.Fatal(err)
	}
	_, errs, code := run(t, e.dir, "seal", "--check", "overlays/e0")
	if code != 1 {
		t.Errorf("seal --check without sealed files: exit %d\n%s", code, errs)
	}
	e.ok("seal", "overlays/e0")
	if payload(t, e) != before {
		t.Error("other content")
	}
}

func TestARemovedUserAndOrphansGo(t *testing.T) {
	e := newEnv(t, 1, 3)
	e.ok("seal", "overlays/e0")
	if err := os.Remove(e.path("overlays/e0/credentials/u0.enc.yaml")); err != nil {
		t.Fatal(err)
	}
	e.write("overlays/e0/sealed/README.yaml", "not: ours\n")
	e.write("bases/registry/registry.yaml", strings.ReplaceAll(e.read("bases/registry/registry.yaml"), "regcred:", "pull:"))
	e.ok("seal", "overlays/e0")
	files := e.files()
	if _, ok := files["overlays/e0/sealed/regcred.yaml"]; ok {
		t.Error("the orphan regcred.yaml is still there")
	}
	if _, ok := files["overlays/e0/sealed/pull.yaml"]; !ok {
		t.Error("pull.yaml is missing")
	}
	if _, ok := files["overlays/e0/sealed/README.yaml"]; !ok {
		t.Error("a file of somebody else was deleted")
	}
	if strings.Contains(files["overlays/e0/sealed/docker-registry-htpasswd.yaml"], "user/u0") {
		t.Error("u0 is still recorded")
	}
}

func TestAForgedSealedFileIsFound(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	good := e.files()
	// Whoever can read the repository can encrypt for its recipients: a twin
	// environment with the same users but another password for one of them,
	// its record made to fit.
	e.user(0, "u0", "forged")
	e.ok("seal", "overlays/e0")
	forged := e.read("overlays/e0/sealed/docker-registry-htpasswd.yaml")
	for name, text := range good {
		e.write(name, text)
	}
	e.write("overlays/e0/sealed/docker-registry-htpasswd.yaml", withFactsOf(t, forged, good["overlays/e0/sealed/docker-registry-htpasswd.yaml"]))
	e.ok("build", "overlays/e0") // without a key the record is believed
	_, errs, code := run(t, e.dir, "seal", "--check", "overlays/e0")
	if code != 1 || !strings.Contains(errs, "forged or edited") {
		t.Errorf("seal --check: exit %d\n%s", code, errs)
	}
}

// withFactsOf gives a sealed file the digest, facts and rollout lines of
// another, and keeps its own cipher line: what a forger would write.
func withFactsOf(t *testing.T, forged, good string) string {
	t.Helper()
	record := func(s string) (head, rec, tail string) {
		i := strings.Index(s, "      cipher ")
		j := strings.Index(s, "    "+"config.kubernetes.io") // annotations before the record
		_ = j
		k := i
		for _, l := range strings.SplitAfter(s[i:], "\n") {
			if !strings.HasPrefix(l, "      ") {
				break
			}
			k += len(l)
		}
		return s[:i], s[i:k], s[k:]
	}
	head, mine, tail := record(forged)
	_, theirs, _ := record(good)
	cipher, _, _ := strings.Cut(mine, "\n")
	_, rest, _ := strings.Cut(theirs, "\n")
	return head + cipher + "\n" + rest + tail
}

func TestBrokenSealedFilesAreRebuilt(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	before := payload(t, e)
	file := "overlays/e0/sealed/docker-registry-s3.yaml"
	good := e.read(file)
	for name, broken := range map[string]string{
		"conflict":  "<<<<<<< ours\n" + good + "=======\n" + good + ">>>>>>> theirs\n",
		"truncated": good[:len(good)/2],
		"empty":     "",
		"mac":       strings.Replace(good, "s3SecretKey: ENC[AES256_GCM,data:", "s3SecretKey: ENC[AES256_GCM,data:A", 1),
	} {
		t.Run(name, func(t *testing.T) {
			e.write(file, broken)
			if _, errs, code := run(t, e.dir, "build", "overlays/e0"); code != 1 || !strings.Contains(errs, "next: reggen seal") {
				t.Errorf("build: exit %d\n%s", code, errs)
			}
			_, errs, code := run(t, e.dir, "seal", "overlays/e0")
			if code != 0 || !strings.Contains(errs, "rebuilt") {
				t.Errorf("seal: exit %d\n%s", code, errs)
			}
			if payload(t, e) != before {
				t.Error("other content after the rebuild")
			}
		})
	}
}

func TestALostMachineCredentialIsNotMadeAnew(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	if err := os.Remove(e.path("overlays/e0/credentials/machine.enc.yaml")); err != nil {
		t.Fatal(err)
	}
	before := e.files()
	_, errs, code := run(t, e.dir, "seal", "overlays/e0")
	if code != 1 || !strings.Contains(errs, "would roll every pod") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if got := changedFiles(before, e.files()); len(got) > 0 {
		t.Errorf("changed %v", got)
	}
}

func TestARemovedRecipientGetsNoNewSecrets(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.key("leaver")
	rules := e.read(".sops.yaml")
	e.write(".sops.yaml", strings.ReplaceAll(rules, e.keys["people"], e.keys["people"]+","+e.keys["leaver"]))
	e.ok("seal", "overlays/e0")
	before := e.files()
	e.write(".sops.yaml", rules)
	_, errs, code := run(t, e.dir, "check", "overlays/e0")
	if code != 1 || !strings.Contains(errs, "recipients that .sops.yaml does not name: "+e.keys["leaver"]) {
		t.Errorf("check: exit %d\n%s", code, errs)
	}
	e.ok("seal", "overlays/e0")
	after := e.files()
	for name, text := range after {
		if strings.Contains(text, e.keys["leaver"]) {
			t.Errorf("%s still names the leaver", name)
		}
		if strings.HasSuffix(name, "docker-registry-s3.yaml") || strings.HasSuffix(name, "puller.enc.yaml") {
			for _, l := range strings.Split(before[name], "\n") {
				if strings.Contains(l, "ENC[") && strings.Contains(text, l) {
					t.Errorf("%s keeps a ciphertext: the data key is the old one", name)
				}
			}
		}
	}
	e.ok("check", "overlays/e0")
}

func TestSealOfManyEnvironmentsTellsEveryFailure(t *testing.T) {
	e := newEnv(t, 3, 1)
	e.write("overlays/e1/credentials/puller.enc.yaml", "a: b\n")
	_, errs, code := run(t, e.dir, "seal", "overlays/e0", "overlays/e1", "overlays/e2")
	if code != 1 || !strings.Contains(errs, "overlays/e1/credentials/puller.enc.yaml") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	for _, i := range []int{0, 2} {
		e.ok("build", fmt.Sprintf("overlays/e%d", i))
	}
}

func TestTwoRegistriesOfOneRoot(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.write("overlays/e0/kustomization.yaml", "generators: [registry, second.yaml]\n")
	second := `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: second, namespace: registry}
spec: {host: second.example.com, storage: {filesystem: {}}, secrets: {credentials: [CREDENTIALS], sealed: SEALED}}
`
	write := func(credentials, sealed string) {
		e.write("overlays/e0/second.yaml", strings.NewReplacer("CREDENTIALS", credentials, "SEALED", sealed).Replace(second))
	}
	write("credentials", "sealed")
	if _, errs, code := run(t, e.dir, "seal", "overlays/e0"); code != 1 || !strings.Contains(errs, `the Registry "docker-registry" and the Registry "second" share one sealed folder`) {
		t.Errorf("exit %d\n%s", code, errs)
	}
	write("credentials", "sealed-2")
	if _, errs, code := run(t, e.dir, "seal", "overlays/e0"); code != 1 || !strings.Contains(errs, "share one folder for their machine credential") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}
