// Package takeover is how the objects of an environment take the place of those of a
// live Helm release: the scripts, what changes and what that comes to, what is left. It is
// pure: it asks no cluster and runs nothing.
package takeover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// Ways are how objects come into a cluster: by kubectl apply, the same
// server-side, by Flux, by Argo CD.
var Ways = []string{"kubectl", "server-side", "flux", "argocd"}

// taken is a live release that a build's objects take the place of.
type taken struct {
	namespace, name, app, release string
	pausing                       bool     // a rollout ends the old pods first
	scaled                        bool     // an autoscaler says how many pods there are
	classed                       []string // Ingresses that name their class by the field
	marked                        []string // KIND/NAME of what Helm may have marked as its own
	reads                         bool     // the new pods read the release's old Secret
	managed                       bool     // the environment's objects say who manages them
}

// TakeOver is a shell script that takes a live Helm release over in a way: what the
// old one does on its own ends, its Deployment goes without its pods, objects come,
// with comments on how to go back. built are the environment's objects, dir its
// folder as its user types it, and at the whole path of the folder they are in. An
// error says that they have no Deployment of a registry, or names that are none of
// Kubernetes'.
//
// Deleting a Deployment with --cascade=orphan keeps its pods; a new one of the same
// selector adopts them (Kubernetes: Deployments, "Rolling over"). In a new one
// no field is another manager's, so that nothing of Helm's stays. Helm's objects are
// known by the label heritage, which reggen's don't have.
func TakeOver(way, dir, at string, built []object.Object) (string, error) {
	t, err := takenBy(built)
	if err != nil {
		return "", err
	}
	s := script{}
	s.say("#!/bin/sh")
	s.say("# Takes the Helm release %s over in the namespace %s. Read it, then run it as a whole, by", t.release, t.namespace)
	s.say("# a kubectl that talks to the right cluster. It ends at the first command that fails, and can")
	s.say("# be run again from the start.")
	if t.pausing {
		s.say("# As in every rollout here old pods end before new ones start: for these seconds nobody")
		s.say("# can push or pull.")
	} else {
		s.say("# The registry serves all the time.")
	}
	s.say("set -eu")
	s.say("cd %s", quoted(at))
	for _, line := range first(way) {
		s.say("%s", line)
	}
	of := fmt.Sprintf("-l app=%s,release=%s", t.app, t.release)
	s.say("\n# 0. Nothing changes yet. Is it the right cluster, and the right names? Would it take the objects?")
	s.say("there=$(kubectl -n %s get deployment,replicaset %s -o name)", t.namespace, of)
	s.say("test -n \"$there\" || { echo 'no Deployment of the release %s in the namespace %s' >&2; exit 1; }", t.release, t.namespace)
	s.say("%s", rehearsal(way, quoted(dir)))
	s.say("\n# 1. What the old release does by itself ends: its collector deletes what is being pushed.")
	s.say("kubectl -n %s delete cronjob %s-garbage-collector --ignore-not-found", t.namespace, t.name)
	if !t.scaled { // the spec says how many pods there are
		s.say("kubectl -n %s delete horizontalpodautoscaler %s --ignore-not-found", t.namespace, t.name)
	}
	s.say("\n# 2. Helm's Deployment goes, the pods stay and serve. A new one has nothing of Helm's in it.")
	if t.scaled {
		s.say("numbers=$(kubectl -n %s get deployment,replicaset %s -o jsonpath='{range .items[*]}{.spec.replicas}{\"\\n\"}{end}')", t.namespace, of)
		s.say("pods=$(printf '%%s\\n' \"$numbers\" | sort -n | tail -1)")
	}
	s.say("kubectl -n %s delete deployment %s,heritage --cascade=orphan", t.namespace, of)
	s.say("\n# 3. reggen's objects. The new Deployment takes the old pods over and replaces them.")
	for _, line := range delivery(way, quoted(dir)) {
		s.say("%s", line)
	}
	if t.scaled {
		s.say("# With an autoscaler a Deployment names no number, and a new one begins with one pod: for a")
		s.say("# moment there are fewer pods than now. Do this in a quiet hour.")
		s.say("test -z \"$pods\" || kubectl -n %s scale deployment %s --replicas=\"$pods\"", t.namespace, t.name)
	}
	s.say("kubectl -n %s rollout status deployment/%s --timeout=10m", t.namespace, t.name)
	s.say("printf '%%s\\n' %s", quoted("taken over; when all is well: reggen takeover "+quoted(dir)+" --forget"))
	s.say(`
# To go back, while Helm knows the release:%[4]s
#   kubectl -n %[1]s delete deployment %[2]s --cascade=orphan
#   helm -n %[1]s rollback %[3]s REVISION --force-conflicts
# REVISION is the one that "helm -n %[1]s history %[3]s" shows as deployed; Helm 3 and releases
# made with --server-side=false have no conflicts, and no such flag. What is reggen's alone stays
# (Secrets, an account, a suspended collector, a policy) and does the old pods no harm.`, t.namespace, t.name, t.release, before(way))
	return s.String(), nil
}

// Forget is the shell script that comes after TakeOver's, when all is well: Helm
// forgets the release, and what is left of it goes. It stops where the take-over is
// not done, and keeps what is still read. Errors are those of TakeOver.
func Forget(built []object.Object) (string, error) {
	t, err := takenBy(built)
	if err != nil {
		return "", err
	}
	s := script{}
	s.say("#!/bin/sh")
	s.say("# Ends the Helm release %s in the namespace %s, which reggen has taken over. There is no way", t.release, t.namespace)
	s.say("# back from here by helm rollback. It can be run again from the start.")
	s.say("set -eu")
	of := fmt.Sprintf("-l app=%s,release=%s", t.app, t.release)
	s.say("\n# The new pods serve, and the Deployment is not Helm's any more.")
	s.say("kubectl -n %s rollout status deployment/%s --timeout=1m", t.namespace, t.name)
	s.say("still=$(kubectl -n %s get deployment %s,heritage -o name)", t.namespace, of)
	s.say("test -z \"$still\" || { echo 'the Deployment is still the release'\\''s: take it over first' >&2; exit 1; }")
	s.say("\n# Helm forgets the release, so that helm uninstall finds nothing to delete.")
	s.say("kubectl -n %s delete secret -l owner=helm,name=%s", t.namespace, t.release)
	s.say("\n# Its marks go from what is reggen's now.")
	on := strings.Join(t.marked, " ")
	s.say("kubectl -n %s annotate %s meta.helm.sh/release-name- meta.helm.sh/release-namespace-", t.namespace, on)
	if len(t.classed) > 0 {
		s.say("kubectl -n %s annotate %s kubernetes.io/ingress.class-", t.namespace, strings.Join(t.classed, " "))
	}
	managed := " app.kubernetes.io/managed-by-"
	if t.managed {
		managed = "" // the environment has one of its own
	}
	s.say("kubectl -n %s label %s heritage- chart-%s", t.namespace, on, managed)
	s.say("\n# What is left of it: its monitor, which finds nothing any more, and its Secret.")
	s.say("kubectl -n %s delete servicemonitor -l release=%s,heritage=Helm || true # fails where there is no operator of Prometheus", t.namespace, t.release)
	if t.reads {
		s.say("# Your spec reads the Secret %s-secret, so it stays.", t.name)
	} else {
		s.say("named=$(kubectl -n %s get deployment,statefulset,daemonset,cronjob,pod -o yaml)", t.namespace)
		s.say("if printf '%%s\\n' \"$named\" | grep -q ': %[2]s-secret$'; then echo '%[2]s-secret stays: something still reads it; look with kubectl -n %[1]s get pod -o yaml' >&2; else kubectl -n %[1]s delete secret %[2]s-secret --ignore-not-found; fi", t.namespace, t.name)
	}
	s.say("\n# Whatever this still shows the old release had and your environment has not: look, then delete it.")
	s.say("kubectl -n %s get deployment,service,configmap,secret,ingress,persistentvolumeclaim,horizontalpodautoscaler,cronjob,poddisruptionbudget,networkpolicy,serviceaccount,role,rolebinding -l release=%s,heritage=Helm", t.namespace, t.release)
	return s.String(), nil
}

// script is lines.
type script struct{ strings.Builder }

func (s *script) say(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// first is what a way needs before anything begins.
func first(way string) []string {
	switch way {
	case "flux":
		return []string{
			"# Flux gets the objects from git: push them first. It may well have applied them when you come",
			"# here: it takes what is there, and this cleans it.",
			`: "${KUSTOMIZATION:?is the name of the Flux Kustomization that applies the environment}"`,
		}
	case "argocd":
		return []string{
			"# Argo CD gets the objects from git: push them first. With automated sync it may well have applied",
			"# them when you come here: it takes what is there, and this cleans it.",
			`: "${APPLICATION:?is the name of the Argo CD application of the environment}"`,
		}
	}
	return nil
}

// rehearsal asks the cluster whether it would take the objects. Without objects
// kubectl fails, so that a build that fails ends the script.
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
		return []string{`flux reconcile kustomization "$KUSTOMIZATION" --with-source`}
	case "argocd":
		return []string{`argocd app sync "$APPLICATION"`}
	}
	return []string{"reggen build --secrets plain " + dir + " | kubectl apply -f -"}
}

// before is what has to stop before somebody goes back.
func before(way string) string {
	switch way {
	case "flux":
		return " first\n# flux suspend kustomization \"$KUSTOMIZATION\", or Flux takes it over again; then"
	case "argocd":
		return " first\n# argocd app set \"$APPLICATION\" --sync-policy none, or Argo CD takes it over again; then"
	}
	return ""
}

// markable are the kinds of objects that a release has in common with a registry of
// reggen's; a new Deployment has no marks.
var markable = []string{"Service", "ConfigMap", "Ingress", "PersistentVolumeClaim", "ServiceAccount", "HorizontalPodAutoscaler", "PodDisruptionBudget"}

// takenBy finds the registry among what was built.
func takenBy(built []object.Object) (t taken, err error) {
	for _, o := range built {
		labels := o.Map("metadata", "labels")
		selector := o.Map("spec", "selector", "matchLabels")
		release, _ := selector["release"].(string)
		app, _ := selector["app"].(string)
		switch {
		case o.Kind() != "Deployment" || release == "" || labels["app.kubernetes.io/component"] != "registry":
		case t.name != "":
			return t, problem.Problem{What: "the build has two registries", Want: "an environment with one"}
		default:
			surge := fmt.Sprint(o.Map("spec", "strategy", "rollingUpdate")["maxSurge"])
			t.namespace, t.name, t.app, t.release = o.Namespace(), o.Name(), app, release
			t.pausing = o.Map("spec", "strategy")["type"] == "Recreate" || surge == "0" || surge == "0%"
		}
	}
	for _, o := range built {
		if o.Kind() == "HorizontalPodAutoscaler" && o.Map("spec", "scaleTargetRef")["name"] == t.name {
			t.scaled = true
		}
		of := o.Namespace() == t.namespace && o.Map("metadata", "labels")["release"] == t.release && object.IsName(o.Name())
		if of && o.Kind() == "Ingress" && o.Map("spec")["ingressClassName"] != nil {
			t.classed = append(t.classed, "ingress/"+o.Name())
		}
		if of && slices.Contains(markable, o.Kind()) {
			t.marked = append(t.marked, strings.ToLower(o.Kind())+"/"+o.Name())
			t.managed = t.managed || o.Map("metadata", "labels")["app.kubernetes.io/managed-by"] != nil
		}
		if o.IsSecret() {
			t.reads = t.reads || o.Name() == t.name+"-secret"
			continue
		}
		o.Walk(func(_, text string) { t.reads = t.reads || text == t.name+"-secret" })
	}
	if t.name == "" {
		return t, problem.Problem{What: "the build has no Deployment of a registry", Want: "an environment with a Registry"}
	}
	for _, name := range []string{t.namespace, t.name, t.app, t.release} { // they become words of commands
		if !object.IsName(name) {
			return t, problem.Problem{What: "has " + problem.Quoted(name) + " for a name or namespace", Want: "one that Kubernetes takes"}
		}
	}
	return t, nil
}

// Target is the release that a build takes over.
type Target struct {
	Name, Namespace string
	name, app       string
}

// Taken is the release that the registry among what was built takes over; errors are
// those of TakeOver.
func Taken(built []object.Object) (Target, error) {
	t, err := takenBy(built)
	return Target{t.release, t.namespace, t.name, t.app}, err
}

// Matches is an error where live objects, or all that there were before those of
// other namespaces went, have not the Deployment that a build would take over.
func (t Target) Matches(live, all []object.Object) error {
	const want = "the objects of the release, or --name and --namespace of reggen import as the release has them"
	for _, o := range live {
		if o.Kind() != "Deployment" || o.Name() != t.name {
			continue
		}
		selector := o.Map("spec", "selector", "matchLabels")
		if selector["app"] != t.app || selector["release"] != t.Name {
			return problem.Problem{What: fmt.Sprintf("the live Deployment %s/%s selects other pods than app=%s, release=%s", t.Namespace, t.name, t.app, t.Name), Want: want}
		}
		if o.Map("spec", "template", "spec") == nil {
			return problem.Problem{What: fmt.Sprintf("the live Deployment %s/%s has no pods' template", t.Namespace, t.name), Want: "the whole of it, as kubectl get -o yaml prints it"}
		}
		return nil
	}
	var have []string
	for _, o := range all {
		if o.Kind() == "Deployment" {
			have = append(have, problem.Quoted(o.Namespace()+"/"+o.Name()))
		}
	}
	p := problem.Problem{What: fmt.Sprintf("the live objects hold no Deployment %s/%s", t.Namespace, t.name), Want: want}
	if len(have) > 0 {
		p.What += "; they hold " + strings.Join(have[:min(len(have), 5)], ", ")
	}
	return p
}

// quoted is the name of a folder as one word of a shell, and no option.
func quoted(text string) string {
	if strings.HasPrefix(text, "-") {
		text = "./" + text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
