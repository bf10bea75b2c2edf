package cases

import (
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/object"
)

// Such files render, and what comes out is as good as a build of reggen's own:
// no key of theirs ends up where Kubernetes has none.
func TestInstalledValuesFiles(t *testing.T) {
	for name := range Installed {
		t.Run(name, func(t *testing.T) {
			v, objects, err := RenderInstalled(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range (check.Rendered{From: name, Objects: objects}).Run() {
				if f.Severity == check.Error {
					t.Error(f)
				}
			}
			if restricted(t, objects) == 0 {
				t.Error("no pod template")
			}
			if name == "every key" {
				everyKey(t, v, objects)
			}
		})
	}
}

func everyKey(t *testing.T, v map[string]any, objects []object.Object) {
	t.Helper()
	set := leaves(v)
	for _, key := range strings.Fields(contract) {
		found := false
		for path := range set {
			found = found || path == key || strings.HasPrefix(path, key+".")
		}
		if !found {
			t.Errorf("the values file doesn't set %s", key)
		}
	}
	var have []string
	for _, o := range objects {
		have = append(have, o.Kind())
	}
	for _, kind := range []string{
		"ConfigMap", "CronJob", "Deployment", "HorizontalPodAutoscaler", "Ingress", "PodDisruptionBudget", "PrometheusRule", "Secret", "Service",
		"ServiceAccount", "ServiceMonitor",
	} {
		if !slices.Contains(have, kind) {
			t.Errorf("there is no %s among %v", kind, have)
		}
	}
}
