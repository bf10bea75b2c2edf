package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/inspect"
	"github.com/reggen/reggen/internal/sarif"
)

// inSpecOf adds lines to an environment's spec.
func inSpecOf(e *testEnv, dir, lines string) {
	const file = "/registry/registry.yaml"
	text := e.read(dir + file)
	if !strings.Contains(text, "\nspec:\n") {
		e.t.Fatalf("no spec in\n%s", text)
	}
	e.write(dir+file, strings.Replace(text, "\nspec:\n", "\nspec:\n"+lines, 1))
}

func TestCheckSeveritiesDecide(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	for level, want := range map[string]int{"error": exitOK, "warning": exitFail, "info": exitFail} {
		if _, errs, code := run(t, e.dir, "check", "--fail-on", level); code != want {
			t.Errorf("--fail-on %s: exit %d\n%s", level, code, errs)
		}
	}
	inSpecOf(e, "overlays/e0", "  check:\n    silence:\n      ingress-nginx: it is what we have\n")
	if _, errs, code := run(t, e.dir, "check", "--fail-on", "warning"); code != exitOK || !strings.Contains(errs, "0 errors, 0 warnings, 1 info (1 silenced in the spec)") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	for _, args := range [][]string{{"check", "--fail-on", "bad"}, {"check", "-o", "xml"}} {
		if out, errs, code := run(t, e.dir, args...); code != exitUsage || out != "" || !strings.Contains(errs, "expected") {
			t.Errorf("%v: exit %d\n%s", args, code, errs)
		}
	}
}

func TestCheckAsJSON(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	inSpecOf(e, "overlays/e0", "  check:\n    silence:\n      ingress-nginx: it is what we have\n")
	out, errs, code := run(t, e.dir, "check", "-o", "json")
	var r inspect.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitOK || errs != "" {
		t.Fatalf("exit %d, %v\n%s\n%s", code, err, out, errs)
	}
	if r.Environments != 1 || r.Passwords.Verified != 2 || r.Count.Info != 1 || r.Count.Silenced != 1 || len(r.Findings) != 2 {
		t.Errorf("%+v", r)
	}
	for _, f := range r.Findings {
		want := inspect.Reported{Rule: f.Rule, Severity: "info", Environment: "overlays/e0", File: "overlays/e0", Object: "Deployment registry/docker-registry",
			Path: "spec.template.spec.containers[0].image", Message: "is known by the tag 3.1.1 alone", Expected: "a digest", Next: f.Next}
		if f.Rule == "ingress-nginx" {
			if f.Silenced != "it is what we have" || f.Severity != "warning" {
				t.Errorf("%+v", f)
			}
			continue
		}
		if f != want {
			t.Errorf("%+v", f)
		}
	}
	// What can't be built is a finding like any other.
	e.write("overlays/e0/kustomization.yaml", "generators: [registry]\npatches: [{path: missing.yaml}]\n")
	out, errs, code = run(t, e.dir, "check", "-o", "json")
	r = inspect.Report{}
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitFail || r.Count.Error != 1 || r.Findings[0].Rule != "build" || strings.Contains(out, e.dir) {
		t.Errorf("exit %d, %v\n%s\n%s", code, err, out, errs)
	}
	if !strings.Contains(errs, "check found 1 problem") {
		t.Error(errs)
	}
}

func TestCheckAsSARIF(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	inSpecOf(e, "overlays/e0", "  check:\n    silence:\n      ingress-nginx: it is what we have\n")
	out, errs, code := run(t, e.dir, "check", "-o", "sarif")
	var log sarif.Log
	if err := json.Unmarshal([]byte(out), &log); err != nil || code != exitOK || log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("exit %d, %v\n%s", code, err, errs)
	}
	rules, results := log.Runs[0].Tool.Driver.Rules, log.Runs[0].Results
	if len(results) != 2 {
		t.Fatalf("%+v", results)
	}
	for _, r := range results {
		if rules[r.RuleIndex].ID != r.RuleID || r.Locations[0].PhysicalLocation.ArtifactLocation.URI != "overlays/e0/kustomization.yaml" || len(r.Locations[0].LogicalLocations) != 1 {
			t.Errorf("%+v", r)
		}
		if silenced := r.RuleID == "ingress-nginx"; silenced != (len(r.Suppressions) == 1) {
			t.Errorf("%+v", r)
		}
	}
	// Code scanners show a file that is there.
	if _, err := os.Stat(filepath.Join(e.dir, results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI)); err != nil {
		t.Error(err)
	}
	page, err := os.ReadFile("../../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if !strings.Contains(string(page), "\n## "+r.ID+"\n") || r.HelpURI != "https://github.com/reggen/reggen/blob/main/docs/reference/rules.md#"+r.ID {
			t.Errorf("%s is not on the page", r.ID)
		}
	}
}

// What another program rendered is judged by the rules on objects, and its
// secrets are not told.
func TestCheckOfRenderedObjects(t *testing.T) {
	dir := t.TempDir()
	const chart = `apiVersion: apps/v1
kind: Deployment
metadata: {name: reg, namespace: r}
spec:
  replicas: 2
  selector: {matchLabels: {app: reg}}
  template:
    metadata: {labels: {app: reg}}
    spec:
      containers:
      - name: registry
        image: registry:2.8.1
        env:
        - {name: REGISTRY_STORAGE_S3_SECRETKEY, value: "0012345-canary"}
        volumeMounts: [{name: c, mountPath: /etc/docker/registry}]
      volumes: [{name: c, configMap: {name: c}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: r}
data: {config.yml: "version: 0.1\nhttp: {addr: ':5000'}\nstorage: {s3: {bucket: b}}\n"}
`
	file := filepath.Join(dir, "rendered.yaml")
	if err := os.WriteFile(file, []byte(chart), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code := run(t, dir, "check", "--rendered", "rendered.yaml")
	for _, want := range []string{"[http-secret]", "[vulnerable-image]", "[service-links]", "[readable-secret]", "1 file checked:", "[startup]", "check found 3 problems"} {
		if !strings.Contains(errs, want) {
			t.Errorf("does not say %q", want)
		}
	}
	if code != exitFail || out != "" || strings.Contains(errs, "canary") {
		t.Errorf("exit %d\n%s\n%s", code, out, errs)
	}
	for _, bad := range []string{"", "a: [", "apiVersion: v1\nkind: Secret\nmetadata: {name: canary\n"} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, errs, code := run(t, dir, "check", "--rendered", "rendered.yaml"); code != exitFail || out != "" || !strings.Contains(errs, "rendered.yaml") || strings.Contains(errs, "canary") {
			t.Errorf("%q: exit %d\n%s", bad, code, errs)
		}
	}
	if _, errs, code := run(t, dir, "check", "--rendered", "nowhere.yaml"); code != exitFail || !strings.Contains(errs, "can't be read") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// The same finding in many environments is told once.
func TestCheckFolds(t *testing.T) {
	e := newEnv(t, 3, 2)
	e.ok("seal", "overlays/e0", "overlays/e1", "overlays/e2")
	_, errs, code := run(t, e.dir, "check")
	if n := strings.Count(errs, "[image-tag]"); code != exitOK || n != 1 || !strings.Contains(errs, "info: overlays/e0, overlays/e1, overlays/e2: Deployment") || !strings.Contains(errs, "3 infos") {
		t.Errorf("exit %d, told %d times\n%s", code, n, errs)
	}
}
