package movein

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// harmless are texts that can't well be a secret: truth values, amounts, times,
// short words.
var harmless = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(|-?[0-9.]+[A-Za-z%]{0,2}|[a-z][a-z-]{0,15}|[a-z]+/[a-z-]{1,12})$`)
})

// known are variables and annotations that name things: the time zone, a role at a
// cloud provider.
var known = []string{"TZ", "eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id"}

// readable names what people may have written a secret into and what the spec
// says in the clear: in a values file they may have been alone with it, in git
// they are not.
func (m *move) readable() {
	var found []string
	look := func(what, name string, v any) {
		if text, is := v.(string); is && !harmless().MatchString(text) && !slices.Contains(known, name) {
			found = append(found, what+" "+name)
		}
	}
	env, _ := m.out.get("extra", "env").([]any)
	for _, e := range env {
		if of, is := e.(map[string]any); is {
			look("the variable", fmt.Sprint(of["name"]), of["value"])
		}
	}
	for _, path := range [][]string{
		{"ingress", "annotations"}, {"service", "annotations"}, {"serviceAccount", "annotations"},
		{"values", "podAnnotations"}, {"values", "deployment", "annotations"}, {"values", "garbageCollect", "podAnnotations"},
	} {
		of, _ := m.out.get(path...).(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(of)) {
			look("the annotation", key, of[key])
		}
	}
	if len(found) > 0 {
		m.left("spec", "says in the clear, for everybody who reads the repository: "+strings.Join(found, ", ")+"; is one of them a secret?",
			"take it out; a variable can be read from a Secret by valueFrom, or set with reggen credential set config")
	}
}
