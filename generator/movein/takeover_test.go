package movein

import (
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/object"
)

func deployment(namespace, name, release string) object.Object {
	return object.Object{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": name, "namespace": namespace, "labels": map[string]any{"app.kubernetes.io/component": "registry"}},
		"spec":     map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"release": release}}}}
}

// The release is the one by which pods are selected, whatever its objects' name.
func TestTakeOverNamesTheRelease(t *testing.T) {
	script, err := TakeOver("kubectl", "it's here", []object.Object{deployment("a", "images", "first")})
	for _, want := range []string{"delete secret -l owner=helm,name=first\n", "kubectl -n a delete deployment images --cascade=orphan", `'it'\''s here'`, "helm -n a rollback first REVISION"} {
		if err != nil || !strings.Contains(script, want) {
			t.Errorf("%q is not in %v\n%s", want, err, script)
		}
	}
}

// An autoscaler's Deployment names no number, so a new one would begin with one pod.
func TestTakeOverScales(t *testing.T) {
	hpa := object.Object{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": map[string]any{"name": "b"}, "spec": map[string]any{"minReplicas": int64(3)}}
	script, err := TakeOver("flux", "-x", []object.Object{hpa, deployment("a", "b", "c")})
	if want := "kubectl -n a scale deployment b --replicas=3\n"; err != nil || !strings.Contains(script, want) || !strings.Contains(script, "'./-x'") {
		t.Errorf("%v\n%s", err, script)
	}
	if script, _ = TakeOver("flux", ".", []object.Object{deployment("a", "b", "c")}); strings.Contains(script, " scale ") || !strings.Contains(script, "kubectl -n a delete horizontalpodautoscaler b --ignore-not-found\n") {
		t.Error(script)
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
		if script, err := TakeOver("kubectl", ".", built); err == nil || !strings.Contains(err.Error(), want) || script != "" {
			t.Errorf("%s: %v\n%s", want, err, script)
		}
	}
}
