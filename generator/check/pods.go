package check

import (
	"strconv"
	"strings"
	"time"
)

// podRules look at how the registry's containers are run.
var podRules = []Rule{
	{
		ID: "service-links", Severity: Warning, Inputs: []Input{Objects}, onlyOn: serviceLinks,
		Title:  "no Service becomes the registry's configuration",
		Reason: "Kubernetes tells every pod of the Services beside it in variables. Those of a Service whose name begins with registry look like the registry's own: one named registry-auth keeps it from starting. An error where such a Service stands beside it.",
		Fix:    "Set enableServiceLinks: false in the pod; reggen does.",
	},
	{
		ID: "drain", Severity: Warning, Inputs: []Input{Objects}, onlyOn: drain,
		Title:  "a pod that ends finishes what it is doing",
		Reason: "Without http.draintimeout the registry ends in the middle of every upload and download, at each rollout and each drained node. The pod needs a longer terminationGracePeriodSeconds (30 unless said), or it is killed while it waits.",
		Fix:    "Set http.draintimeout below terminationGracePeriodSeconds; reggen sets 120s and 150, spec.values.drainSeconds changes both.",
	},
	{
		ID: "liveness-on-storage", Severity: Warning, Inputs: []Input{Objects}, onlyOn: livenessOnStorage,
		Title:  "an outage of the storage restarts nothing",
		Reason: "With health.storagedriver the registry answers 503 while its storage is away. A liveness probe that asks it then restarts every replica, again and again, and none is warm when the storage is back.",
		Fix:    "Ask by TCP whether it lives, and by HTTP on / whether it is ready.",
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
		Fix:    "One replica with strategy Recreate, a ReadWriteMany volume, or object storage.",
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
			if o.Kind() == "Service" && o.Namespace() == r.object.Namespace() && strings.HasPrefix(o.Name(), "registry-") {
				h.severity, h.what = Error, "is not false, and the Service "+o.Name()+" stands beside it"
			}
		}
		l = append(l, h)
	}
	return l
}

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
		case !s.set:
			l = append(l, at(r.object, r.path, "http.draintimeout in its configuration", "ends in the middle of uploads"))
		case err == nil && wait >= time.Duration(seconds)*time.Second:
			l = append(l, r.hit(s, "less than the pod's terminationGracePeriodSeconds", "is %s, and the pod is killed after %d seconds", text, seconds))
		}
	}
	return l
}

func livenessOnStorage(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		probe := mapping(r.container, "livenessProbe", "httpGet")
		path := text(probe, "path")
		if probe == nil || path != "/" && path != "" && path != "/debug/health" {
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
			if sub != "" && strings.HasPrefix(file, at_) && file == at_ {
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

// readOnly says whether the registry refuses pushes.
func (r registry) readOnly() bool {
	return r.setting("storage", "maintenance", "readonly", "enabled").value == true ||
		mapping(r.config.values, "storage", "maintenance", "readonly")["enabled"] == true
}

func collectReadOnly(b *build) []hit {
	var l []hit
	for _, c := range b.registries {
		if !c.collects || c.object.Map("spec")["suspend"] == true {
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

func volumeReplicas(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		if r.object.Kind() != "Deployment" || !r.section("storage", "filesystem") {
			continue
		}
		root, _ := r.setting("storage", "filesystem", "rootdirectory").value.(string)
		if root == "" {
			root = "/var/lib/registry"
		}
		n := b.replicas(r)
		volume, i := r.volumeAt(root)
		where := strings.TrimSuffix(r.path, r.path[strings.LastIndex(r.path, ".containers"):]) + ".volumes[" + itoa(i) + "]"
		claim := b.find("PersistentVolumeClaim", r.object.Namespace(), text(volume, "persistentVolumeClaim", "claimName"))
		once := claim != nil
		for _, mode := range list(claim, "spec", "accessModes") {
			once = once && mode != "ReadWriteMany"
		}
		switch {
		case n > 1 && (volume == nil || mapping(volume, "emptyDir") != nil):
			l = append(l, at(r.object, where, "a volume that all share", "is each pod's own, and there are %d", n))
		case n > 1 && once:
			l = append(l, at(r.object, where, "accessModes: [ReadWriteMany]", "is on one node alone, and there are %d pods", n))
		case once && text(r.object, "spec", "strategy", "type") != "Recreate":
			h := at(r.object, "spec.strategy", "type: Recreate", "starts the new pod before the old one ends, which a volume on one node may not allow")
			h.severity = Warning
			l = append(l, h)
		}
	}
	return l
}

// volumeAt finds the volume whose mount covers a folder best.
func (r registry) volumeAt(folder string) (map[string]any, int) {
	best, name := -1, ""
	for _, m := range list(r.container, "volumeMounts") {
		path := strings.TrimSuffix(text(m, "mountPath"), "/")
		if (folder == path || strings.HasPrefix(folder, path+"/")) && len(path) > best {
			best, name = len(path), text(m, "name")
		}
	}
	for i, v := range list(r.pod, "volumes") {
		if name != "" && text(v, "name") == name {
			volume, _ := v.(map[string]any)
			return volume, i
		}
	}
	return nil, 0
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
			if stay, ok := podsOf(o, "minAvailable", least); ok && stay >= least {
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
	template, _ := r.object.PodTemplate()
	labels := mapping(template, "metadata", "labels")
	for k, v := range selector {
		if labels[k] != v {
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

// clusterWide are the kinds of Kubernetes itself that have no namespace.
var clusterWide = map[string]bool{
	"Namespace": true, "ClusterRole": true, "ClusterRoleBinding": true, "CustomResourceDefinition": true, "PersistentVolume": true,
	"StorageClass": true, "IngressClass": true, "PriorityClass": true, "Node": true, "CSINode": true,
	"MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true, "APIService": true, "RuntimeClass": true,
	"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true, "CSIDriver": true, "CertificateSigningRequest": true, "VolumeAttachment": true,
	"VolumeAttributesClass": true, "FlowSchema": true, "PriorityLevelConfiguration": true, "IPAddress": true, "ServiceCIDR": true,
}

// namespaced are kinds of others that stand beside a registry; of the rest
// nobody here knows.
var namespaced = map[string]bool{"ServiceMonitor": true, "PrometheusRule": true, "HTTPRoute": true, "BackendTLSPolicy": true, "Certificate": true, "Issuer": true}

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
		if o.Namespace() == "" && (namespaced[o.Kind()] || kubernetesOwn(o) && !clusterWide[o.Kind()]) {
			l = append(l, at(o, "metadata.namespace", "a namespace, as the objects beside it have", "is missing"))
		}
	}
	return l
}
