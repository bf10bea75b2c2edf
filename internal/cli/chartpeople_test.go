package cli

import (
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/credential"
)

// withChart is an environment of a Chart whose values come from a user of a
// registry, from a storage's key and from a credential of its own.
func withChart(t *testing.T) *testEnv {
	t.Helper()
	e := newEnv(t, 1, 1)
	e.write("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n")
	e.write("chart/values.yaml", "password: \"\"\nbucketKey: \"\"\ndirectory: \"\"\n")
	e.write("chart/templates/secret.yaml", `apiVersion: v1
kind: Secret
metadata: {name: shop}
stringData:
  password: {{ .Values.password | quote }}
  key: {{ .Values.bucketKey | quote }}
  directory: {{ .Values.directory | quote }}
`)
	e.write("overlays/e0/registry/kustomization.yaml", "resources: [registry.yaml]\n")
	e.write("overlays/e0/registry/registry.yaml", `apiVersion: reggen.dev/v1alpha1
kind: Chart
metadata: {name: shop, namespace: apps}
spec:
  chart: {path: ../../chart}
  secretValues:
    password: {credential: puller, field: password}
    bucketKey: {credential: s3, field: secretKey}
    directory: {credential: ldap, field: DIRECTORY}
`)
	e.credential(0, "ldap", credential.Document{Type: credential.Generic, StringData: map[string]string{"DIRECTORY": canary}})
	e.ok("seal", "overlays/e0")
	return e
}

// TestChartsCredentialIsKept: a user whose password is a chart's value is not
// removed while it is.
func TestChartsCredentialIsKept(t *testing.T) {
	e := withChart(t)
	before := e.files()
	_, errs, code := run(t, e.dir, "user", "remove", "puller", "--dir", "overlays/e0")
	if code == 0 || !strings.Contains(errs, `spec.secretValues.password.credential: is "puller": the chart would lose a value`) || !strings.Contains(errs, "next: name another credential there first") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if got := changedFiles(before, e.files()); len(got) > 0 {
		t.Errorf("changed %v", got)
	}
	e.credential(0, "idle", credential.Document{Type: credential.User, Cost: credential.MinCost, StringData: map[string]string{"password": canary}})
	e.ok("user", "remove", "idle", "--dir", "overlays/e0")
}

// TestOffboardFromAChart: of whatever type a credential is, the value that came
// from it is named, and nothing that only a registry has.
func TestOffboardFromAChart(t *testing.T) {
	e := withChart(t)
	out := e.ok("offboard", e.keys["e0"], "--dry-run") // opens sealed files only
	for _, want := range []string{
		`the field password of credential "puller": it is the chart's password`, "reggen credential set puller --field password --dir overlays/e0",
		`the field secretKey of credential "s3": it is the chart's bucketKey`, "reggen credential set s3 --field secretKey --dir overlays/e0",
		"reggen credential set ldap --field DIRECTORY --dir overlays/e0",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the report does not say %q:\n%s", want, out)
		}
	}
	for _, never := range []string{canary, "the field hash", "accessKey", "http secret", "the seed", "random values", "user rotate"} {
		if strings.Contains(strings.ReplaceAll(out, "reggen user remove", ""), never) {
			t.Errorf("the report says %q:\n%s", never, out)
		}
	}
}
