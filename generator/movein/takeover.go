package movein

import (
	"fmt"
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// Ways are how objects come into a cluster: by kubectl apply, the same
// server-side, by Flux, by Argo CD.
var Ways = []string{"kubectl", "server-side", "flux", "argocd"}

// taken is a live release that a build's objects take the place of.
type taken struct {
	namespace, name, release string
	single                   bool // its volume is one pod's: a rollout ends the old one first
	monitored                bool
	classed                  bool  // an Ingress names its class by the field
	least                    int64 // pods that an autoscaler keeps, 0 without one
}

// TakeOver is a shell script, commands and comments, that takes a live Helm
// release over in a way: what the old one does on its own ends, objects, how to
// go back, how Helm forgets the release, what is left of it. built are the
// environment's objects, dir its folder as its user types it. An error says that
// they have no Deployment of a registry, or names that are none of Kubernetes'.
//
// Deleting a Deployment with --cascade=orphan keeps its pods; a new one of the same
// selector adopts them (Kubernetes: Deployments, "Rolling over"). In a new one
// no field is another manager's, so that nothing of Helm's stays.
func TakeOver(way, dir string, built []object.Object) (string, error) {
	t, err := takenBy(built)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	say := func(format string, args ...any) {
		fmt.Fprintf(&b, format+"\n", args...)
	}
	say("# Takes the Helm release %s over in the namespace %s. Read it, then run it line by line,", t.release, t.namespace)
	say("# by a kubectl that talks to the right cluster. Each line can be run twice.")
	if t.single {
		say("# The images are on a volume for one pod: as in every rollout the old pod ends before the")
		say("# new one starts, and for these seconds nobody can push or pull.")
	} else {
		say("# The registry serves all the time.")
	}
	say("\n# 0. Nothing changes yet; this has to succeed.")
	say("%s", rehearsal(way, quoted(dir)))
	say("\n# 1. What the old release does by itself ends: its collector deletes what is being pushed.")
	say("kubectl -n %s delete cronjob %s-garbage-collector --ignore-not-found", t.namespace, t.name)
	if t.least == 0 { // the spec says how many pods there are
		say("kubectl -n %s delete horizontalpodautoscaler %s --ignore-not-found", t.namespace, t.name)
	}
	say("\n# 2. Its Deployment goes, the pods stay and serve. A new one has nothing of Helm's in it.")
	say("kubectl -n %s delete deployment %s --cascade=orphan --ignore-not-found", t.namespace, t.name)
	say("\n# 3. reggen's objects. The new Deployment takes the old pods over and replaces them.")
	for _, line := range delivery(way, quoted(dir)) {
		say("%s", line)
	}
	if t.least > 0 {
		say("# With an autoscaler a Deployment names no number, and a new one begins with one pod: until the")
		say("# autoscaler has looked at it, there are fewer pods than now. Do this in a quiet hour.")
		say("kubectl -n %s scale deployment %s --replicas=%d", t.namespace, t.name, t.least)
	}
	say("kubectl -n %s rollout status deployment/%s --timeout=10m", t.namespace, t.name)
	say(`
# To go back from here, while Helm knows the release:
#   kubectl -n %[1]s delete deployment %[2]s --cascade=orphan
#   helm -n %[1]s rollback %[3]s REVISION --force-conflicts
# REVISION is the one that "helm -n %[1]s history %[3]s" shows as deployed; Helm 3 and releases
# made with --server-side=false have no conflicts, and no such flag.%[4]s`, t.namespace, t.name, t.release, before(way))
	say("\n# 4. When all is well: Helm forgets the release, so that helm uninstall finds nothing to delete.")
	say("kubectl -n %s delete secret -l owner=helm,name=%s", t.namespace, t.release)
	say("\n# 5. What is left of the old release, and Helm's marks on what is reggen's now.")
	say("kubectl -n %s delete secret %s-secret --ignore-not-found", t.namespace, t.name)
	if t.monitored {
		say("kubectl -n %s delete servicemonitor %s-servicemonitor --ignore-not-found", t.namespace, t.name)
	}
	const kinds = "service,configmap,ingress,persistentvolumeclaim,serviceaccount,horizontalpodautoscaler"
	say("kubectl -n %s annotate %s -l release=%s meta.helm.sh/release-name- meta.helm.sh/release-namespace-", t.namespace, kinds, t.release)
	if t.classed {
		say("kubectl -n %s annotate ingress -l release=%s kubernetes.io/ingress.class-", t.namespace, t.release)
	}
	say("kubectl -n %s label %s -l release=%s heritage- chart- app.kubernetes.io/managed-by-", t.namespace, kinds, t.release)
	return b.String(), nil
}

// rehearsal asks the cluster whether it would take the objects.
func rehearsal(way, dir string) string {
	secrets, how := "plain", ""
	if way == "flux" || way == "argocd" { // what opens them is in the cluster
		secrets = "omit"
	}
	if way == "server-side" || way == "flux" {
		how = " --server-side --force-conflicts"
	}
	return "reggen build --secrets " + secrets + " " + dir + " | kubectl apply" + how + " --dry-run=server -f -"
}

// delivery are the lines that bring the objects.
func delivery(way, dir string) []string {
	switch way {
	case "server-side":
		return []string{"reggen build --secrets plain " + dir + " | kubectl apply --server-side --force-conflicts -f -"}
	case "flux":
		return []string{
			"# Flux gets them from git: push them first. KUSTOMIZATION is the name of yours. Flux may well",
			"# have applied them before step 2: it takes what is there, and step 2 then cleans it.",
			`flux reconcile kustomization "${KUSTOMIZATION:?}" --with-source`,
		}
	case "argocd":
		return []string{
			"# Argo CD gets them from git: push them first. APPLICATION is the name of yours. With automated",
			"# sync it may well have applied them before step 2: it takes what is there, and step 2 then cleans it.",
			`argocd app sync "${APPLICATION:?}"`,
		}
	}
	return []string{"reggen build --secrets plain " + dir + " | kubectl apply -f -"}
}

// before is what has to stop before somebody goes back.
func before(way string) string {
	switch way {
	case "flux":
		return "\n# Before that: flux suspend kustomization \"$KUSTOMIZATION\", or Flux takes it over again."
	case "argocd":
		return "\n# Before that: argocd app set \"$APPLICATION\" --sync-policy none, or Argo CD takes it over again."
	}
	return ""
}

// takenBy finds the registry among what was built.
func takenBy(built []object.Object) (t taken, err error) {
	for _, o := range built {
		labels := o.Map("metadata", "labels")
		selector := o.Map("spec", "selector", "matchLabels")
		release, _ := selector["release"].(string)
		switch {
		case o.Kind() == "ServiceMonitor":
			t.monitored = true
		case o.Kind() == "HorizontalPodAutoscaler":
			t.least = max(t.least, count(o.Map("spec")["minReplicas"]))
		case o.Kind() == "Ingress":
			t.classed = t.classed || o.Map("spec")["ingressClassName"] != nil
		case o.Kind() != "Deployment" || release == "" || labels["app.kubernetes.io/component"] != "registry":
		case t.name != "":
			return t, problem.Problem{What: "the build has two registries", Want: "an environment with one"}
		default:
			surge := o.Map("spec", "strategy", "rollingUpdate")["maxSurge"]
			t.namespace, t.name, t.release, t.single = o.Namespace(), o.Name(), release, fmt.Sprint(surge) == "0"
		}
	}
	if t.name == "" {
		return t, problem.Problem{What: "the build has no Deployment of a registry", Want: "an environment with a Registry"}
	}
	for _, name := range []string{t.namespace, t.name, t.release} { // they become words of commands
		if !object.IsName(name) {
			return t, problem.Problem{What: "has " + problem.Quoted(name) + " for a name or namespace", Want: "one that Kubernetes takes"}
		}
	}
	return t, nil
}

// Namespace is the one of the registry among what was built; errors are those of
// TakeOver.
func Namespace(built []object.Object) (string, error) {
	t, err := takenBy(built)
	return t.namespace, err
}

// count is a number as YAML and JSON have it; 1, Kubernetes' default, where there
// is none.
func count(v any) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	case int:
		return int64(n)
	}
	return 1
}

// quoted is the name of a folder as one word of a shell, and no option.
func quoted(text string) string {
	if strings.HasPrefix(text, "-") {
		text = "./" + text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
