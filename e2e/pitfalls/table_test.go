package pitfalls

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/check"
)

// reasons are the rules that can't be shown with the programs here, and why.
var reasons = map[string]string{
	"build":                 "what can't be built is given to no program",
	"recipients":            "nothing runs otherwise than before; with the real sops, `TestKeysOpenNoMoreThanTheyShould` and `TestOffboard` of e2e show who opens what",
	"nested-rules":          "it works as that file says; whether that is meant only people know",
	"cluster-key":           "it is Flux or a cluster that fails to decrypt; `TestFluxDecryptsRenderedOutput` of e2e shows the way that works",
	"cluster-keys-disjoint": "nothing fails until somebody uses the other cluster's key",
	"host":                  "the kubelet and the Ingress controller decide it, and neither is here",
	"password":              "it needs a key: `TestCheckFindsAForgedHash` of internal/cli puts the hash of another password into a credential",
	"function-annotation":   "it is an object that doesn't come out, without a word; what kustomize says of functions is in e2e/krm_test.go",
	"older":                 "an old file is as good as a new one for every program: `TestRotationCanary` of e2e holds what it could bring back",
	"expiry":                "a day has to come",
	"weak-password":         "it takes somebody who guesses; what zxcvbn makes of a password is in generator/strength",
	"password-age":          "an old password opens the registry as a new one does; who else knows it, nobody can show",
	"data-key-age":          "an old data key opens a file as a new one does",
	"certificate-age":       "it works until its last day",
	"outside":               "reggen's own builds run none of it: e2e/hostile shows that",
	"silence":               "it is about what check says",
	"schema":                "it takes an API server, which refuses it: `TestPitfalls` of e2e/cluster",
	"readable-secret":       "the registry works; what is wrong is who reads the secret",
	"spaces-encrypt":        "it takes DigitalOcean to refuse it",
	"configuration-path":    "which file it is stands in the image, and no container runs here",
	"disruption-budget":     "the eviction API counts pods that run; no node drains here",
	"autoscaler-replicas":   "it takes an API server, where the next apply undoes what the autoscaler did: `TestPitfalls` of e2e/cluster",
	"namespace":             "whoever applies it chooses",
	"secret-key":            "the kubelet refuses to start the container, and none is here",
	"service-target":        "kube-proxy has no endpoint to lead to, and none is here",
	"timeouts":              "it takes a minute of silence; nginx's own default is 60 seconds",
	"ingress-nginx":         "nobody mends it, which shows on the day that it needs mending",
	"image-tag":             "a tag that somebody moved looks like one that nobody did",
	"image-version":         "it is about what can be known",
	"vulnerable-image":      "the advisories show it; the registry that is built here is the one that has none of them",
	"own-image":             "it takes a kubelet on a node that doesn't have the image",
	"gitlab-htpasswd":       "GitLab's fork can't be built from the public Go modules",
}

// broken is a row's build.
func (r row) build(t *testing.T, sound map[string]string) string {
	text := sound[r.example]
	for i := 0; i+1 < len(r.edits); i += 2 {
		if !strings.Contains(text, r.edits[i]) {
			t.Fatalf("the build has no %q", r.edits[i])
		}
		text = strings.ReplaceAll(text, r.edits[i], r.edits[i+1])
	}
	return text
}

func (r row) findings(t *testing.T, text string) []check.Finding {
	if r.finds != nil {
		return r.finds(t, text)
	}
	return found(t, r.rule, text)
}

func sound(t *testing.T) map[string]string {
	return map[string]string{"dev": build(t, "dev"), "staging": build(t, "staging")}
}

// Each row's build fails in the real program as the row says, check finds it
// before, and says nothing of the build that is sound.
func TestPitfalls(t *testing.T) {
	builds := sound(t)
	for _, r := range rows {
		t.Run(r.rule+"/"+r.broken, func(t *testing.T) {
			t.Parallel()
			text := r.build(t, builds)
			said := false
			for _, f := range r.findings(t, text) {
				said = said || strings.Contains(f.Error(), r.says)
			}
			if !said {
				t.Errorf("check doesn't say %q: %v", r.says, r.findings(t, text))
			}
			if r.finds == nil {
				for _, f := range found(t, r.rule, builds[r.example]) {
					t.Errorf("of the sound build check says %s", f.Error())
				}
			}
			if says, ends := strings.CutPrefix(r.does, "ends: "); r.shows == nil && ends {
				launch(t, text).ends(says)
			} else {
				r.shows(t, text)
			}
		})
	}
}

// The builds that the rows break serve, ask for a password, take a push and let
// it be pulled.
func TestSound(t *testing.T) {
	for example, text := range sound(t) {
		p := launch(t, text).serves()
		p.wants(401, "", "GET", "/v2/", "")
		p.wants(200, user, "GET", "/v2/", "")
		if example == "dev" {
			p.blob(user, "{}")
			p.wants(201, user, "PUT", "/v2/app/manifests/v1", manifest("{}"))
			p.wants(200, puller, "GET", "/v2/app/manifests/v1", "")
		}
	}
}

// Every rule is shown, or it is said why not; never both.
func TestEveryRuleHasARow(t *testing.T) {
	shown := map[string]bool{}
	for _, r := range rows {
		shown[r.rule] = true
	}
	for _, r := range check.Rules() {
		if shown[r.ID] == (reasons[r.ID] != "") {
			t.Errorf("%s: shown %v, the reason why not: %q", r.ID, shown[r.ID], reasons[r.ID])
		}
		delete(shown, r.ID)
	}
	for id := range shown {
		t.Errorf("%s is no rule", id)
	}
	for id := range reasons {
		if _, ok := check.Lookup(id); !ok {
			t.Errorf("%s is no rule", id)
		}
	}
}

// TestPage holds docs/pitfalls.md against the rows.
func TestPage(t *testing.T) {
	const head = `# Pitfalls, broken for real

Generated by ` + "`go test ./pitfalls -run TestPage -update`" + ` in e2e. Each row changes a build of the examples in one place, starts the real
program on it (distribution's registry 3.1.2, or 2.8.3 where it says so, with what its pod would get, kustomize, nginx), and asks ` + "`reggen check`" + ` about the same
build: it finds it before. ` + "`go test ./pitfalls`" + ` runs all of them. [The rules](reference/rules.md) say why and what to do.

| rule | broken | what the real program does | what check says |
|---|---|---|---|
`
	var page strings.Builder
	page.WriteString(head)
	builds := sound(t)
	cell := strings.NewReplacer("|", "\\|", "\n", " ")
	for _, rule := range check.Rules() {
		for _, r := range rows {
			if r.rule != rule.ID {
				continue
			}
			does, says := r.does, ""
			if why, ends := strings.CutPrefix(does, "ends: "); ends {
				does = "the registry ends at its start: `" + why + "`"
			}
			for _, f := range r.findings(t, r.build(t, builds)) {
				if strings.Contains(f.Error(), r.says) && says == "" {
					says, _, _ = strings.Cut(f.Error(), "\n")
					says = fmt.Sprintf("%s: %s", f.Severity, strings.TrimSuffix(strings.TrimPrefix(says, f.Root+": "), " ["+r.rule+"]"))
				}
			}
			fmt.Fprintf(&page, "| [`%s`](reference/rules.md#%s) | %s | %s | %s |\n", r.rule, r.rule, cell.Replace(r.broken), cell.Replace(does), cell.Replace(says))
		}
	}
	page.WriteString("\n## What can't be shown here\n\n| rule | why |\n|---|---|\n")
	for _, rule := range check.Rules() {
		if why := reasons[rule.ID]; why != "" {
			fmt.Fprintf(&page, "| [`%s`](reference/rules.md#%s) | %s |\n", rule.ID, rule.ID, why)
		}
	}
	drift(t, filepath.Join(repo, "docs", "pitfalls.md"), page.String(), "TestPage")
}

// TestKnownRegions holds the regions that check knows against those of the SDK
// that the real registry is built with.
func TestKnownRegions(t *testing.T) {
	out, err := exec.Command(filepath.Join(bin, "regions")).Output()
	if err != nil || strings.Count(string(out), "\n") < 20 {
		t.Fatalf("%v: %s", err, out)
	}
	drift(t, filepath.Join(repo, "generator", "configuration", "regions.txt"), "# Regions of AWS that the registry's S3 driver takes, derived from aws-sdk-go by\n# go test ./pitfalls -run TestKnownRegions -update in e2e.\n"+string(out), "TestKnownRegions")
}

// drift compares a file with what it should be, or writes it.
func drift(t *testing.T, path, want, test string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != want {
		t.Errorf("%s is out of date (%v): go test ./pitfalls -run %s -update", path, err, test)
	}
}
