package cases

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/object"
)

// security is Kubernetes' own judge of pods.
var security = sync.OnceValues(func() (policy.Evaluator, error) {
	return policy.NewEvaluator(policy.DefaultChecks(), nil)
})

// restricted counts the pod templates of objects and reports each that Pod
// Security "restricted", as of the newest version, would refuse.
func restricted(t testing.TB, objects []object.Object) (templates int) {
	t.Helper()
	judge, err := security()
	if err != nil {
		t.Fatal(err)
	}
	newest := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, o := range objects {
		for _, template := range podTemplates(map[string]any(o)) {
			templates++
			var pod struct {
				Metadata metav1.ObjectMeta
				Spec     corev1.PodSpec
			}
			text, err := json.Marshal(template)
			if err == nil {
				err = json.Unmarshal(text, &pod)
			}
			if err != nil {
				t.Fatalf("%s: its pod template is none", o.ID())
			}
			if r := policy.AggregateCheckResults(judge.EvaluatePod(newest, &pod.Metadata, &pod.Spec)); !r.Allowed {
				t.Errorf("%s: %s: %s", o.ID(), r.ForbiddenReason(), r.ForbiddenDetail())
			}
		}
	}
	return templates
}

// podTemplates finds whatever holds a pod's spec, in any kind of object.
func podTemplates(v any) []map[string]any {
	var out []map[string]any
	switch t := v.(type) {
	case map[string]any:
		if spec, ok := t["spec"].(map[string]any); ok && spec["containers"] != nil {
			return []map[string]any{t}
		}
		for _, k := range sortedKeys(t) {
			out = append(out, podTemplates(t[k])...)
		}
	case []any:
		for _, e := range t {
			out = append(out, podTemplates(e)...)
		}
	}
	return out
}

// The examples' builds are restricted too, that of the sample application
// included.
func TestExamplesAreRestricted(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repo, "testdata/golden/*.yaml"))
	if err != nil || len(files) < 4 {
		t.Fatalf("golden files not found: %v %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := check.Parse(file, text)
		if err != nil {
			t.Fatal(err)
		}
		if restricted(t, objects) == 0 {
			t.Errorf("%s has no pod template", file)
		}
	}
}

// The judge judges: what the chart sets is not for show.
func TestUnrestrictedPodsAreFound(t *testing.T) {
	const kinds = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec: {template: {spec: {securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, securityContext: {CONTEXT}}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: c}
spec: {jobTemplate: {spec: {template: {spec: {securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, securityContext: {CONTEXT}}]}}}}}
`
	for context, want := range map[string]int{
		"allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}":                   0,
		"allowPrivilegeEscalation: false, capabilities: {drop: [NET_RAW]}":               2,
		"capabilities: {drop: [ALL]}":                                                    2,
		"allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, runAsNonRoot: no": 2,
	} {
		objects, err := check.Parse("test", []byte(strings.ReplaceAll(kinds, "CONTEXT", context)))
		if err != nil {
			t.Fatal(err)
		}
		r := &recorder{TB: t}
		if n := restricted(r, objects); n != 2 || r.errors != want {
			t.Errorf("%s: %d templates, %d errors, want %d", context, n, r.errors, want)
		}
	}
}

// recorder counts errors instead of failing.
type recorder struct {
	testing.TB
	errors int
}

func (r *recorder) Errorf(string, ...any) { r.errors++ }
