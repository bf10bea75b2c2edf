package cluster

import (
	"path/filepath"
	"strings"
	"testing"
)

// What reggen check finds and only an API server shows: docs/pitfalls.md sends
// its readers here.
func TestPitfalls(t *testing.T) {
	const namespace = "pitfalls"
	sound := strings.ReplaceAll(command(t, repo, "", "reggen", "build", filepath.Join("overlays", "staging")), "namespace: registry", "namespace: "+namespace)
	kubectl(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+namespace+"}\n", "apply", "--server-side", "-f", "-")
	t.Cleanup(func() { kubectl(t, "", "delete", "namespace", namespace, "--wait=false") })
	one := func(kind string) string {
		t.Helper()
		for _, doc := range strings.Split(sound, "\n---\n") {
			if strings.Contains("\n"+doc, "\nkind: "+kind+"\n") {
				return doc
			}
		}
		t.Fatalf("the build has no %s", kind)
		return ""
	}
	edited := func(doc, from, to string) string {
		t.Helper()
		if strings.Count(doc, from) != 1 {
			t.Fatalf("the object has %d times %q", strings.Count(doc, from), from)
		}
		return strings.Replace(doc, from, to, 1)
	}
	finds := func(t *testing.T, rule, doc string, want bool) {
		t.Helper()
		_, err := tried(t.TempDir(), doc, "reggen", "check", "--rendered", "-", "--fail-on", "info")
		if said := err != nil && strings.Contains(err.Error(), "["+rule+"]"); said != want {
			t.Errorf("check finds %s: %v; expected %v (%v)", rule, said, want, err)
		}
	}

	apply := []string{filepath.Join(bin, "kubectl"), "apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"}
	for name, r := range map[string]struct{ kind, from, to, says string }{
		"a field that doesn't exist": {"Ingress", "pathType:", "pathTyp:", "pathTyp"},
		"a number that is a word":    {"Deployment", "replicas: 2", "replicas: two", "replicas"},
	} {
		t.Run("schema/"+name, func(t *testing.T) {
			good := one(r.kind)
			bad := edited(good, r.from, r.to)
			finds(t, "schema", good, false)
			finds(t, "schema", bad, true)
			if _, err := tried(t.TempDir(), good, apply...); err != nil {
				t.Errorf("the sound object is refused: %v", err)
			}
			if _, err := tried(t.TempDir(), bad, apply...); err == nil || !strings.Contains(err.Error(), r.says) {
				t.Errorf("the API server takes it, or says something else than %q: %v", r.says, err)
			}
		})
	}

	// An autoscaler has gone to five, and the next apply, as Flux and Argo CD do
	// one, goes back to what the Deployment says.
	t.Run("autoscaler-replicas", func(t *testing.T) {
		scaler := "\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: docker-registry, namespace: " + namespace + "}\nspec:\n" +
			"  minReplicas: 2\n  maxReplicas: 5\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: docker-registry}\n" +
			"  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]\n"
		with := one("Deployment")
		without := edited(with, "  replicas: 2\n", "")
		finds(t, "autoscaler-replicas", with+scaler, true)
		finds(t, "autoscaler-replicas", without+scaler, false)
		replicas := func(doc string) string {
			t.Helper()
			kubectl(t, doc, "apply", "--server-side", "--force-conflicts", "-f", "-")
			kubectl(t, "", "scale", "-n", namespace, "deployment/docker-registry", "--replicas=5")
			kubectl(t, doc, "apply", "--server-side", "--force-conflicts", "-f", "-")
			return kubectl(t, "", "get", "-n", namespace, "deployment/docker-registry", "-o", "jsonpath={.spec.replicas}")
		}
		if n := replicas(with); n != "2" {
			t.Errorf("with replicas an apply leaves %s", n)
		}
		kubectl(t, "", "delete", "-n", namespace, "deployment/docker-registry", "--wait=false")
		if n := replicas(without); n != "5" {
			t.Errorf("without them it leaves %s", n)
		}
	})
}
