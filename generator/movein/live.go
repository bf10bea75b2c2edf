package movein

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/reggen/reggen/generator/object"
)

// Word says what a difference to a live release comes to.
type Word string

// The words.
const (
	Better Word = "better"
	Needed Word = "needed"
	Same   Word = "same in effect"
	Look   Word = "look" // it follows from the spec: does it say what was meant?
)

// why are differences by the path of a field and what stands or stood there, the
// first that fits.
var why = []struct {
	subject *regexp.Regexp
	word    Word
	reason  string
}{
	{regexp.MustCompile(`meta\.helm\.sh/`), Needed, "it is no release's any more"},
	{regexp.MustCompile(`^[\w/]*labels\b[^+]*(heritage|chart|managed-by)`), Same, "nothing of reggen's selects by it"},
	{regexp.MustCompile(`^[\w/]*labels\b`), Better, "labels that tools look for"},
	{regexp.MustCompile(`checksum/|reggen\.dev/`), Needed, "pods are replaced when what they read at their start changes"},
	{regexp.MustCompile(`^metadata/annotations[\s\S]*ingress`), Better, "large layers and slow uploads get through"},
	{regexp.MustCompile(`/env\b[\s\S]*REGISTRY_(STORAGE|AUTH|PROXY)`), Same, "stands in the ConfigMap, or in a Secret of its own"},
	{regexp.MustCompile(`/env\b[\s\S]*REGISTRY_HTTP_SECRET`), Needed, "the same value, in a Secret of its own"},
	{regexp.MustCompile(`/env\b`), Needed, "secrets by variables that the registry does not parse"},
	{regexp.MustCompile(`Probe`), Better, "an outage of the storage restarts nothing; a slow start is waited for"},
	{regexp.MustCompile(`ecurityContext|automountServiceAccountToken|enableServiceLinks`), Better, "pods may do no more than they have to"},
	{regexp.MustCompile(`serviceAccountName`), Better, "an account of its own, which can do nothing"},
	{regexp.MustCompile(`terminationGracePeriodSeconds|strategy|minReadySeconds|topologySpread`), Better, "uploads and downloads end before their pod does, and a pod is there meanwhile"},
	{regexp.MustCompile(`/volume(s|Mounts)\b[\s\S]*[sS]ecret`), Needed, "a Secret for each purpose"},
	{regexp.MustCompile(`/volume(s|Mounts)\b`), Same, "the same files, and a folder for what is temporary"},
	{regexp.MustCompile(`/(command|args|ports|imagePullPolicy|backend)\b`), Same, "the same program on the same port"},
	{regexp.MustCompile(`^data/config\.yml`), Needed, "what were variables stands here"},
}

// Why says what a difference of a field comes to: its path, as diff writes it, and
// what it takes away and brings.
func Why(path, from, to string) (Word, string) {
	subject := path + "\n" + from + "\n+" + to
	for _, w := range why {
		if w.subject.MatchString(subject) {
			return w.word, w.reason
		}
	}
	return Look, "it follows from the spec or its values"
}

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

// Left says what an object of the old release would still do, and how it goes;
// "" for what is none of its.
func Left(o object.Object) string {
	labels := o.Map("metadata", "labels")
	if labels["heritage"] != "Helm" && o.Map("metadata", "annotations")["meta.helm.sh/release-name"] == nil {
		return ""
	}
	what := map[string]string{
		"CronJob":                 "would go on collecting garbage while pushes go on",
		"ServiceMonitor":          "selects by heritage: Helm and finds nothing any more",
		"Secret":                  "holds every secret of the release, and no new pod needs it",
		"PodDisruptionBudget":     "counts the same pods as a budget of reggen's would",
		"HorizontalPodAutoscaler": "would go on scaling the Deployment",
		"PersistentVolumeClaim":   "holds images: look before you delete it",
	}[o.Kind()]
	if what == "" {
		what = "is of the release and not of the environment"
	}
	return what
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
