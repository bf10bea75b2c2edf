package takeover

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/reggen/reggen/generator/object"
)

// New says what an object is for that the release has none of.
func New(o object.Object) string {
	switch o.Kind() {
	case "Secret":
		return "a Secret for one purpose, instead of one for all"
	case "ServiceAccount":
		return "an account of its own, which can do nothing"
	case "CronJob":
		return "the collector, suspended while the registry takes pushes"
	case "NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler", "PrometheusRule", "ServiceMonitor", "HTTPRoute", "BackendTLSPolicy":
		return "by the spec"
	}
	return "by the environment"
}

// Of says whether a live object is one of a release's: by Helm's annotation, or by
// the labels of the tutorial's chart.
func Of(o object.Object, release string) bool {
	labels, annotations := o.Map("metadata", "labels"), o.Map("metadata", "annotations")
	if name := annotations["meta.helm.sh/release-name"]; name != nil {
		return name == release
	}
	return labels["heritage"] == "Helm" && labels["release"] == release
}

// Left says what an object of the old release would still do, and by which command it
// goes: "" for what holds images, what the environment reads, and what the script
// takes away that Forget makes.
func Left(o object.Object, built []object.Object) (what, command string) {
	kind := strings.ToLower(o.Kind())
	switch {
	case readBy(o, built):
		return "stays, since your environment reads it", ""
	case o.Kind() == "PersistentVolumeClaim":
		return "is left behind: it holds what the release had on it", ""
	case o.Kind() == "Secret" && strings.HasSuffix(o.Name(), "-secret"):
		return "is left behind: it holds every secret of the release; reggen takeover --forget deletes it once nothing reads it", ""
	}
	what = map[string]string{
		"CronJob":                 "would go on collecting garbage while pushes go on",
		"ServiceMonitor":          "selects by heritage: Helm and finds nothing any more",
		"PodDisruptionBudget":     "counts the same pods as a budget of reggen's would",
		"HorizontalPodAutoscaler": "would go on scaling the Deployment",
		"Ingress":                 "would go on sending the old hosts to the registry",
	}[o.Kind()]
	if what == "" {
		what = "is of the release and not of the environment"
	}
	if object.IsName(kind) && object.IsName(o.Name()) && object.IsName(o.Namespace()) {
		command = fmt.Sprintf("kubectl -n %s delete %s %s", o.Namespace(), kind, o.Name())
	}
	return "is left behind: " + what, command
}

// references are the fields that name an object of a kind.
var references = map[string]*regexp.Regexp{
	"PersistentVolumeClaim": regexp.MustCompile(`claimName$`),
	"Secret":                regexp.MustCompile(`(secretName|secret(Key)?Ref\.name|[pP]ullSecrets.*name|secretRef\.name)$`),
	"ConfigMap":             regexp.MustCompile(`configMap((Key)?Ref)?\.name$`),
	"ServiceAccount":        regexp.MustCompile(`serviceAccountName$`),
}

func readBy(o object.Object, built []object.Object) (reads bool) {
	at := references[o.Kind()]
	if at == nil {
		return false
	}
	for _, b := range built {
		b.Walk(func(path, text string) { reads = reads || text == o.Name() && at.MatchString(path) })
	}
	return reads
}

// filledIn are fields that a cluster writes by itself where an object doesn't say
// them, with what it writes (Kubernetes' API reference; kube-apiserver 1.35).
var filledIn = map[string]any{
	"dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30,
	"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
	"failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1, "scheme": "HTTP", "protocol": "TCP",
	"defaultMode": 420, "sessionAffinity": "None", "internalTrafficPolicy": "Cluster", "ipFamilyPolicy": "SingleStack", "volumeMode": "Filesystem", "type": "ClusterIP",
}

// allotted are fields of a spec that a cluster, or an autoscaler in it, fills in with
// what only it knows.
var allotted = []string{"replicas", "clusterIP", "clusterIPs", "ipFamilies", "volumeName", "storageClassName"}

// Settled is a live object as somebody would have written it: without what the
// cluster keeps for itself, without its defaults, and a Secret without its values.
// written is what somebody wrote: what it says was not the cluster's choice.
func Settled(o, written object.Object) object.Object {
	out := o.Copy()
	delete(out, "status")
	if o.IsSecret() {
		delete(out, "sops")
		for _, field := range []string{"data", "stringData"} {
			for key := range out.Map(field) {
				out.Map(field)[key] = "a value"
			}
		}
	}
	meta := out.Map("metadata")
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "finalizers", "ownerReferences", "selfLink"} {
		delete(meta, field)
	}
	annotations := out.Map("metadata", "annotations")
	for key := range annotations {
		if strings.HasPrefix(key, "deployment.kubernetes.io/") || strings.HasPrefix(key, "pv.kubernetes.io/") || key == "kubectl.kubernetes.io/last-applied-configuration" {
			delete(annotations, key)
		}
	}
	if len(annotations) == 0 {
		delete(meta, "annotations")
	}
	if s := out.Map("spec"); s != nil {
		for _, field := range allotted {
			if written.Map("spec")[field] == nil {
				delete(s, field)
			}
		}
		if o.Kind() == "Deployment" {
			if rolling, ok := s["strategy"].(map[string]any); ok && rolling["type"] == "RollingUpdate" {
				if r, ok := rolling["rollingUpdate"].(map[string]any); ok && r["maxSurge"] == "25%" && r["maxUnavailable"] == "25%" {
					delete(s, "strategy")
				}
			}
		}
		undefaulted(s)
	}
	return out
}

// undefaulted takes defaults out, on every level.
func undefaulted(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if was, ok := filledIn[key]; ok && fmt.Sprint(was) == fmt.Sprint(value) {
				delete(v, key)
				continue
			}
			undefaulted(value)
			if m, ok := value.(map[string]any); ok && len(m) == 0 && (key == "resources" || key == "securityContext") {
				delete(v, key)
			}
		}
		if v["serviceAccount"] == v["serviceAccountName"] {
			delete(v, "serviceAccount") // its old name
		}
		if v["name"] != nil && v["apiVersion"] == "v1" { // fieldRef
			delete(v, "apiVersion")
		}
	case []any:
		for _, one := range v {
			undefaulted(one)
		}
	}
}
