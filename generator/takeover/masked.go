package takeover

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/refuse"
)

// notShown stands for a value of the live release.
const notShown = "(not shown)"

// A release has secrets in variables, arguments, annotations, ConfigMaps, headers of
// probes, addresses: so of its texts only those are shown whose field names a thing
// of Kubernetes', and numbers and truth values outside of what is free text.
var (
	shown = []string{
		"name", "key", "kind", "apiVersion", "type", "image", "imagePullPolicy", "claimName", "secretName", "serviceAccountName", "mountPath", "subPath",
		"port", "targetPort", "containerPort", "nodePort", "number", "protocol", "scheme", "pathType", "ingressClassName", "storageClassName", "storage", "cpu", "memory",
		"schedule", "operator", "effect", "topologyKey", "whenUnsatisfiable", "maxSurge", "maxUnavailable", "minAvailable", "restartPolicy", "concurrencyPolicy",
		"priorityClassName", "fsGroupChangePolicy", "app", "release", "chart", "heritage",
		"replicas", "minReplicas", "maxReplicas", "averageUtilization", "maxSkew", "runAsUser", "runAsGroup", "runAsNonRoot", "fsGroup", "readOnly", "readOnlyRootFilesystem",
		"allowPrivilegeEscalation", "privileged", "failureThreshold", "successThreshold", "periodSeconds", "timeoutSeconds", "initialDelaySeconds", "minReadySeconds",
		"terminationGracePeriodSeconds", "automountServiceAccountToken", "enableServiceLinks", "hostNetwork", "defaultMode", "optional", "suspend", "tolerationSeconds",
	}
	free     = []string{"env", "data", "stringData", "binaryData", "annotations", "args", "command", "httpHeaders", "volumeAttributes", "options", "parameters", "nodeSelector", "matchExpressions"}
	freeText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(^|/)(` + strings.Join(free, "|") + `)(/|$)`) })
	named    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/(env|httpHeaders)(/|$)`) }) // elements have names
	number   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]+$`) })                // of an element
	// A value by itself, which is never read as YAML: it may well look like some.
	single = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(^|/)(env/[^/]+/value|(data|stringData|binaryData|annotations)/[^:]+|(args|command)/[0-9]+|httpHeaders/[^/]+/value)$`)
	})
	byDigest  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`@sha256:[0-9a-f]{64}$`) })
	aHost     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9*.-]+$`) })
	ofIngress = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^spec/(rules|tls)/`) })
	pointer   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/env/.*KeyRef/(name|key)$`) }) // a name of a Secret, not what is in it
)

// Masked is what a live object had at a path, as diff writes it, without values that
// may be secrets; names stay. What is no block is never read as YAML with keys.
func Masked(path, from string, block bool) string {
	switch {
	case from == "" || pointer().MatchString(path):
		return from
	case single().MatchString(path):
		return notShown
	}
	var v any
	if yaml.Unmarshal([]byte(from), &v) != nil {
		return notShown
	}
	key := path[strings.LastIndexByte(path, '/')+1:]
	if number().MatchString(key) {
		above := strings.TrimSuffix(path, "/"+key)
		key = strings.TrimSuffix(above[strings.LastIndexByte(above, '/')+1:], "s") // accessModes, hosts
	}
	hidden := freeText().MatchString(path)
	switch v.(type) {
	case map[string]any, []any:
		if !block {
			return notShown
		}
		text, err := yaml.Marshal(mask(key, v, hidden, hidden && !named().MatchString(path)))
		if err != nil {
			return notShown
		}
		return strings.TrimSuffix(string(text), "\n")
	}
	if block || hidden || !harmlessIn(key, strings.Contains(path, "labels/"), v) && !(key == "host" && ofIngress().MatchString(path) && aHost().MatchString(from)) {
		return notShown
	}
	return from
}

// harmlessIn says that a value can be shown: one that names a thing of Kubernetes',
// and is no secret by its looks.
func harmlessIn(key string, label bool, v any) bool {
	if refuse.Looks(key, v) {
		return false
	}
	text, _ := v.(string)
	return label || slices.Contains(shown, key) && !strings.ContainsAny(byDigest().ReplaceAllString(text, ""), "?@=")
}

// mask puts notShown in the place of values: of all where hidden, of what is not known
// to be harmless elsewhere. Names are shown but where whole says otherwise.
func mask(key string, v any, hidden, whole bool) any {
	switch t := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range t {
			under := slices.Contains(free, k)
			out[k] = mask(k, e, hidden || under, whole || under && k != "env" && k != "httpHeaders")
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = mask(strings.TrimSuffix(key, "s"), e, hidden, whole)
		}
		return out
	case nil:
		return nil
	}
	if hidden && (whole || key != "name" && key != "key") || !harmlessIn(key, strings.HasSuffix(key, "abels"), v) {
		return notShown
	}
	return v
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
