package takeover

import (
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/object"
)

func deployment(namespace, name, release string) object.Object {
	return object.Object{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": name, "namespace": namespace, "labels": map[string]any{"app.kubernetes.io/component": "registry"}},
		"spec":     map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": "docker-registry", "release": release}}}}
}

// The release is the one by which pods are selected, whatever its objects' name.
func TestTakeOverNamesTheRelease(t *testing.T) {
	script, err := TakeOver("kubectl", "it's here", "/a b", []object.Object{deployment("a", "images", "first")})
	for _, want := range []string{"\nset -eu\ncd '/a b'\n", "kubectl -n a delete deployment -l app=docker-registry,release=first,heritage --cascade=orphan\n", "#   kubectl -n a delete deployment images --cascade=orphan", `'it'\''s here'`, "helm -n a rollback first REVISION"} {
		if err != nil || !strings.Contains(script, want) {
			t.Errorf("%q is not in %v\n%s", want, err, script)
		}
	}
	if strings.Contains(script, "owner=helm") {
		t.Error("Helm forgets the release before somebody looked")
	}
	script, err = Forget([]object.Object{deployment("a", "images", "first")})
	for _, want := range []string{"\nset -eu\n", "delete secret -l owner=helm,name=first\n", "delete secret images-secret --ignore-not-found; fi\n"} {
		if err != nil || !strings.Contains(script, want) {
			t.Errorf("%q is not in %v\n%s", want, err, script)
		}
	}
}

// An autoscaler's Deployment names no number, so a new one would begin with one pod.
func TestTakeOverScales(t *testing.T) {
	hpa := object.Object{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": map[string]any{"name": "b"}, "spec": map[string]any{"minReplicas": int64(3), "scaleTargetRef": map[string]any{"name": "b"}}}
	script, err := TakeOver("flux", "-x", "/", []object.Object{hpa, deployment("a", "b", "c")})
	if want := "test -z \"$pods\" || kubectl -n a scale deployment b --replicas=\"$pods\"\n"; err != nil || !strings.Contains(script, want) || !strings.Contains(script, "'./-x'") {
		t.Errorf("%v\n%s", err, script)
	}
	if script, _ = TakeOver("flux", ".", "/", []object.Object{deployment("a", "b", "c")}); strings.Contains(script, " scale ") || !strings.Contains(script, "kubectl -n a delete horizontalpodautoscaler b --ignore-not-found\n") {
		t.Error(script)
	}
}

// What else is in the build is not of the release: another's autoscaler and Ingress.
func TestTheScriptsLeaveOthersAlone(t *testing.T) {
	other := func(kind string, spec map[string]any) object.Object {
		return object.Object{"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"name": "hello", "namespace": "a"}, "spec": spec}
	}
	ours := object.Object{"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "b", "namespace": "a", "labels": map[string]any{"release": "c"}}}
	built := []object.Object{deployment("a", "b", "c"), ours, other("Service", nil), other("ConfigMap", nil),
		other("Ingress", map[string]any{"ingressClassName": "nginx"}), other("HorizontalPodAutoscaler", map[string]any{"scaleTargetRef": map[string]any{"name": "hello"}})}
	take, err := TakeOver("kubectl", ".", "/", built)
	if err != nil {
		t.Fatal(err)
	}
	forget, err := Forget(built)
	if err != nil || strings.Contains(take+forget, "hello") || strings.Contains(take, " scale ") || !strings.Contains(forget, "annotate service/b meta") {
		t.Errorf("%v\n%s\n%s", err, take, forget)
	}
}

// What the new pods read stays: the release's old Secret, where the spec names it.
func TestForgetKeepsWhatIsRead(t *testing.T) {
	d := deployment("a", "b", "c")
	d.Map("spec")["template"] = map[string]any{"spec": map[string]any{"volumes": []any{map[string]any{"secret": map[string]any{"secretName": "b-secret"}}}}}
	script, err := Forget([]object.Object{d})
	if err != nil || strings.Contains(script, "delete secret b-secret") || !strings.Contains(script, "reads the Secret b-secret, so it stays") {
		t.Errorf("%v\n%s", err, script)
	}
}

// A rollout that ends old pods first is no moment without a gap, and the script
// does not say so.
func TestTakeOverSaysWhenNobodyServes(t *testing.T) {
	for strategy, pauses := range map[string]bool{"Recreate": true, "RollingUpdate": false} {
		d := deployment("a", "b", "c")
		d.Map("spec")["strategy"] = map[string]any{"type": strategy}
		script, err := TakeOver("kubectl", ".", "/", []object.Object{d})
		if err != nil || strings.Contains(script, "serves all the time") == pauses || strings.Contains(script, "can push or pull") != pauses {
			t.Errorf("%s: %v\n%s", strategy, err, script)
		}
	}
}

func TestTakeOverRefuses(t *testing.T) {
	for want, built := range map[string][]object.Object{
		"no Deployment":                 nil,
		"two registries":                {deployment("a", "b", "c"), deployment("a", "d", "e")},
		`has "b; rm" for a name`:        {deployment("a", "b; rm", "c")},
		`has "$(evil)" for a name`:      {deployment("$(evil)", "b", "c")},
		`has "c\nrm" for a name or`:     {deployment("a", "b", "c\nrm")},
		"no Deployment of a registry; ": {{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "x"}}},
	} {
		if script, err := TakeOver("kubectl", ".", "/", built); err == nil || !strings.Contains(err.Error(), want) || script != "" {
			t.Errorf("%s: %v\n%s", want, err, script)
		}
	}
}
