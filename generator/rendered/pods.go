package rendered

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/reggen/reggen/generator/kubernetes"
	"github.com/reggen/reggen/generator/object"
)

// podRules look at how the registry's containers are run.
var podRules = []Rule{
	{
		ID: "service-links", Severity: Warning, Inputs: []Input{Objects}, onlyOn: serviceLinks,
		Title:  "no Service becomes the registry's configuration",
		Reason: "Kubernetes tells every pod of the Services beside it in variables. Those of a Service whose name begins with registry look like the registry's own: one named registry-auth or registry-storage-gateway keeps it from starting. An error where such a Service stands beside it.",
		Fix:    "Set enableServiceLinks: false in the pod; reggen does.",
	},
	{
		ID: "drain", Severity: Warning, Inputs: []Input{Objects}, onlyOn: drain,
		Title:  "a pod that ends finishes what it is doing",
		Reason: "Without http.draintimeout the registry ends in the middle of every upload and download, at each rollout and each drained node. The pod needs a longer terminationGracePeriodSeconds (30 unless said), or it is killed while it waits.",
		Fix:    "Set http.draintimeout below terminationGracePeriodSeconds; reggen sets 120s and 155, spec.values.drainSeconds changes both. The time counts from the beginning of a preStop hook.",
	},
	{
		ID: "liveness-on-storage", Severity: Warning, Inputs: []Input{Objects}, onlyOn: livenessOnStorage,
		Title:  "an outage of the storage restarts nothing",
		Reason: "With health.storagedriver the registry answers 503 while its storage is away. A liveness probe that asks it then restarts every replica, again and again, and the kubelet's back-off keeps them away when the storage is back.",
		Fix:    "Ask by HTTP on / whether it is ready; whether it lives by TCP, or so that ten minutes of failures pass (periodSeconds times failureThreshold): a pod that ran for as long has no back-off.",
	},
	{
		ID: "htpasswd-mount", Severity: Error, Inputs: []Input{Objects}, onlyOn: htpasswdMount,
		Title:  "the htpasswd file is there and follows its Secret",
		Reason: "Where the file is missing the registry invents a user and logs its password. Where it is mounted with subPath, a new user has to wait for the next rollout.",
		Fix:    "Mount the Secret as a folder, without subPath, where auth.htpasswd.path points to.",
	},
	{
		ID: "collect-read-only", Severity: Error, Inputs: []Input{Objects}, onlyOn: collectReadOnly,
		Title:  "garbage is collected while nobody can push",
		Reason: "The collector marks what is in use, then deletes the rest. A layer that is pushed in between is deleted, and the image that needs it is broken.",
		Fix:    "Suspend it, and set the registry read-only first: spec.readOnly does both, and the guide's page on upkeep has the sequence.",
	},
	{
		ID: "volume-replicas", Severity: Error, Inputs: []Input{Objects}, onlyOn: volumeReplicas,
		Title:  "every replica has the same storage",
		Reason: "A ReadWriteOnce volume is on one node: pods elsewhere never start. An emptyDir is each pod's own: what one took another doesn't have.",
		Fix:    "One replica with a strategy that ends the old pod first (maxSurge: 0, or Recreate), a ReadWriteMany volume, or object storage.",
	},
	{
		ID: "disruption-budget", Severity: Error, Inputs: []Input{Objects}, onlyOn: disruptionBudget,
		Title:  "a node can be drained",
		Reason: "A budget that allows no disruption blocks every drain, and with it the cluster's upgrades, until somebody deletes it by hand.",
		Fix:    "Allow one pod to be away: maxUnavailable: 1, with two replicas or more.",
	},
	{
		ID: "autoscaler-replicas", Severity: Warning, Inputs: []Input{Objects}, onlyOn: autoscalerReplicas,
		Title:  "one of them says how many replicas there are",
		Reason: "Every apply of a Deployment with replicas sets the number back that the autoscaler chose, in the middle of the load that asked for more.",
		Fix:    "Leave replicas out where a HorizontalPodAutoscaler scales; spec.autoscaling does.",
	},
	{
		ID: "namespace", Severity: Warning, Inputs: []Input{Objects}, onlyOn: namespaces,
		Title:  "every object says its namespace",
		Reason: "What says none lands in the namespace of whoever applies it, apart from the others.",
		Fix:    "Set metadata.namespace; in an environment of reggen's the spec's counts for all.",
	},
}

func itoa(n int) string { return strconv.Itoa(n) }

func serviceLinks(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		if r.pod["enableServiceLinks"] == false {
			continue
		}
		h := at(r.object, strings.TrimSuffix(r.path, r.path[strings.LastIndex(r.path, ".containers"):])+".enableServiceLinks", "false", "is not false")
		for _, o := range b.objects {
			if o.Kind() == "Service" && o.Namespace() == r.object.Namespace() && breaks(o) {
				h.severity, h.what = Error, "is not false, and the Service "+o.Name()+" stands beside it"
				break
			}
		}
		l = append(l, h)
	}
	return l
}

// breaks says whether the variables that a Service makes keep the registry from
// starting: they land in a part of the configuration where any name counts.
// Others it passes over. A Service without an address of its own makes none.
func breaks(service object.Object) bool {
	if text(service, "spec", "clusterIP") == "None" || text(service, "spec", "type") == "ExternalName" {
		return false
	}
	return anyName().MatchString(service.Name())
}

// anyName are the names of such Services. TestServiceNames of e2e/configuration
// asks the registry's parsers.
var anyName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^registry-((storage|auth|middleware)(-|$)|(http-headers|log-hooks|notifications-endpoints)$)`)
})

// grace is how long Kubernetes waits for a pod to end unless told otherwise.
const grace = 30

func drain(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		if b.hidden(r) {
			continue
		}
		s := r.setting("http", "draintimeout")
		text, _ := s.value.(string)
		wait, err := time.ParseDuration(text)
		seconds, set := number(r.pod, "terminationGracePeriodSeconds")
		if !set {
			seconds = grace
		}
		switch {
		case !s.set || err == nil && wait <= 0 || s.value == 0.0:
			l = append(l, at(r.object, r.path, "http.draintimeout in its configuration", "ends in the middle of uploads"))
		case err == nil && wait >= time.Duration(seconds)*time.Second:
			l = append(l, r.hit(s, "less than the pod's terminationGracePeriodSeconds", "is %s, and the pod is killed after %d seconds", text, seconds))
		case err == nil && wait >= time.Duration(seconds-r.pause())*time.Second:
			l = append(l, r.hit(s, "less than what its preStop hook leaves of the pod's terminationGracePeriodSeconds", "is %s, and the pod is killed after %d seconds, of which its preStop hook takes %d", text, seconds, r.pause()))
		}
	}
	return l
}

// backOffReset is how many seconds a container has to run for the kubelet to
// forget that it was restarted (Kubernetes: Pod Lifecycle, "Container restart
// policy").
const backOffReset = 600

// patience is for how many seconds a probe fails before the kubelet acts, by
// Kubernetes' defaults where it doesn't say.
func patience(probe map[string]any) int {
	period, threshold := 10, 3
	if n, set := number(probe, "periodSeconds"); set {
		period = n
	}
	if n, set := number(probe, "failureThreshold"); set {
		threshold = n
	}
	return period * threshold
}

func livenessOnStorage(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		live := mapping(r.container, "livenessProbe")
		probe := mapping(live, "httpGet")
		path := text(probe, "path")
		if probe == nil || path != "/" && path != "" && path != "/debug/health" || patience(live) >= backOffReset {
			continue
		}
		if r.setting("health", "storagedriver", "enabled").value == true {
			l = append(l, at(r.object, r.path+".livenessProbe", "tcpSocket", "asks whether the storage is well"))
		}
	}
	return l
}

func htpasswdMount(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		file, _ := r.setting("auth", "htpasswd", "path").value.(string)
		if file == "" {
			continue
		}
		covered := false
		for i, m := range list(r.container, "volumeMounts") {
			at_, sub := strings.TrimSuffix(text(m, "mountPath"), "/"), text(m, "subPath")
			if file != at_ && !strings.HasPrefix(file, at_+"/") {
				continue
			}
			covered = true
			if volume, _ := r.volume(text(m, "name")); sub == "" && b.lacks(r, volume, strings.TrimPrefix(file, at_+"/")) {
				l = append(l, at(r.object, r.path+".volumeMounts["+itoa(i)+"]", "a key or an item for it", "brings no file %s: its Secret has none of that name", file))
			}
			if sub != "" && file == at_ {
				h := at(r.object, r.path+".volumeMounts["+itoa(i)+"].subPath", "the whole Secret as a folder", "keeps new users out until the next rollout")
				h.severity = Warning
				l = append(l, h)
			}
		}
		if !covered {
			l = append(l, at(r.object, r.path+".volumeMounts", "the htpasswd Secret at "+file, "has nothing where auth.htpasswd.path points to"))
		}
	}
	return l
}

// lacks says that a volume is a Secret known not to bring a file of that name.
func (b *build) lacks(r registry, volume map[string]any, file string) bool {
	secret := mapping(volume, "secret")
	if secret == nil {
		return false
	}
	if items := list(secret, "items"); len(items) > 0 {
		return !slices.ContainsFunc(items, func(item any) bool { return text(item, "path") == file })
	}
	source := b.find("Secret", r.object.Namespace(), text(secret, "secretName"))
	return source != nil && !keys(source)[file]
}

// readOnly says whether the registry refuses pushes.
func (r registry) readOnly() bool {
	s := r.setting("storage", "maintenance", "readonly", "enabled")
	return s.value == true || s.blind
}

func collectReadOnly(b *build) []hit {
	var l []hit
	for _, c := range b.collectors {
		if c.object.Map("spec")["suspend"] == true {
			continue
		}
		for _, r := range b.serving() {
			if r.object.Namespace() == c.object.Namespace() && !r.readOnly() && !b.hidden(r) {
				l = append(l, at(c.object, c.path, "storage.maintenance.readonly.enabled: true in the registry's configuration", "collects garbage while %s takes pushes", r.object.ID()))
			}
		}
	}
	return l
}

// replicas is how many pods there may be at once.
func (b *build) replicas(r registry) int {
	n, set := number(r.object, "spec", "replicas")
	if !set {
		n = 1
	}
	for _, o := range b.scalers(r) {
		if most, ok := number(o, "spec", "maxReplicas"); ok {
			n = max(n, most)
		}
	}
	return n
}

func disruptionBudget(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		least, set := number(r.object, "spec", "replicas")
		if !set {
			least = 1
		}
		for _, s := range b.scalers(r) {
			if n, ok := number(s, "spec", "minReplicas"); ok {
				least = n
			}
		}
		for _, o := range b.objects {
			if o.Kind() != "PodDisruptionBudget" || o.Namespace() != r.object.Namespace() || !r.matches(mapping(o, "spec", "selector", "matchLabels")) {
				continue
			}
			if stay, ok := podsOf(o, "minAvailable", least); ok && stay >= least && least > 0 {
				l = append(l, at(o, "spec.minAvailable", "less than the replicas that there always are, "+itoa(least), "lets no pod go"))
			}
			if away, ok := podsOf(o, "maxUnavailable", least); ok && away == 0 {
				l = append(l, at(o, "spec.maxUnavailable", "1", "lets no pod go"))
			}
		}
	}
	return l
}

// podsOf is how many pods a budget means, of so many: a part of them counts as
// a whole one (policy/v1, PodDisruptionBudgetSpec).
func podsOf(budget map[string]any, field string, all int) (int, bool) {
	percent, isPercent := strings.CutSuffix(text(budget, "spec", field), "%")
	if n, err := strconv.Atoi(percent); isPercent && err == nil {
		return (n*all + 99) / 100, true
	}
	return number(budget, "spec", field)
}

// matches says whether a selector takes the registry's pods.
func (r registry) matches(selector map[string]any) bool {
	for k, v := range selector {
		if r.labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

// scalers are the autoscalers of a registry.
func (b *build) scalers(r registry) []map[string]any {
	var out []map[string]any
	for _, o := range b.objects {
		if o.Kind() == "HorizontalPodAutoscaler" && o.Namespace() == r.object.Namespace() &&
			text(o, "spec", "scaleTargetRef", "kind") == r.object.Kind() && text(o, "spec", "scaleTargetRef", "name") == r.object.Name() {
			out = append(out, o)
		}
	}
	return out
}

func autoscalerReplicas(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		if _, set := number(r.object, "spec", "replicas"); set && len(b.scalers(r)) > 0 {
			l = append(l, at(r.object, "spec.replicas", "no replicas beside an autoscaler", "fights the autoscaler"))
		}
	}
	return l
}

func namespaces(b *build) []hit {
	some := false
	for _, o := range b.objects {
		some = some || o.Namespace() != ""
	}
	if !some {
		return nil // whoever applies them says it for all
	}
	var l []hit
	for _, o := range b.objects {
		if o.Namespace() == "" && kubernetes.Namespaced(o) {
			l = append(l, at(o, "metadata.namespace", "a namespace, as the objects beside it have", "is missing"))
		}
	}
	return l
}
