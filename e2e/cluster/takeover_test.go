package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"
)

// one applies one object as a program does that applies a file.
func (l *live) one(o object, args ...string) error {
	doc, err := json.Marshal(o)
	must(l.t, err)
	err = l.try(string(doc), "kubectl", append([]string{"apply", "-n", l.namespace, "-f", "-"}, args...)...)
	if err != nil {
		return fmt.Errorf("%v %s: %w", o["kind"], text(o, "metadata", "name"), err)
	}
	return nil
}

// all applies every object, in an order, and looks after each.
func (l *live) all(args ...string) {
	l.t.Helper()
	for _, o := range l.ours {
		if err := l.one(o, args...); err != nil {
			l.t.Error(err)
		}
		l.check(fmt.Sprintf("%v %s", o["kind"], text(o, "metadata", "name")))
	}
}

var byHelm = map[string][]string{"server-side": nil, "client-side": {"--server-side=false"}}

// However objects are applied over a live release, with nothing done before:
// each is taken, and after each the registry serves.
func TestApplyOverALiveRelease(t *testing.T) {
	ways := map[string][]string{
		"kubectl":          nil,
		"server":           {"--server-side", "--force-conflicts"},
		"helm":             {"--server-side", "--force-conflicts", "--field-manager=helm"},
		"set-last-applied": nil,
		"replace":          nil,
		"argocd":           nil,
		"argocd-server":    nil,
	}
	// Where Helm's own fields go: with its manager's next apply, with what was last
	// applied known, with a whole new Deployment.
	clean := []string{"server-side/helm", "client-side/set-last-applied", "server-side/set-last-applied", "client-side/replace", "server-side/replace"}
	for _, values := range []string{"s3", "volume", "upkeep", "role"} {
		for mode, flags := range byHelm {
			for way, args := range ways {
				t.Run(strings.Join([]string{values, mode, way}, "/"), func(t *testing.T) {
					t.Parallel()
					l := install(t, values, flags...)
					switch way {
					case "set-last-applied":
						l.run(l.run("", "helm", "get", "manifest", release, "-n", l.namespace), "kubectl", "apply", "set-last-applied", "--create-annotation", "-n", l.namespace, "-f", "-")
					case "replace":
						l.replaced()
					}
					if strings.HasPrefix(way, "argocd") {
						l.argocd(way == "argocd-server")
						l.check("Argo CD's sync")
					} else {
						l.all(args...)
					}
					// Helm's own manager takes its fields away; another can't, so the
					// old Secret has to stay until they are gone.
					stays := l.leftover()
					if slices.Contains(clean, mode+"/"+way) != (len(stays) == 0) {
						t.Errorf("of the old release stays in the pods: %q", stays)
					}
				})
			}
		}
	}
}

// replaced puts the Deployment in the place of the live one, with what it needs.
func (l *live) replaced() {
	l.t.Helper()
	for _, o := range l.ours {
		switch o["kind"] {
		case "Secret", "ServiceAccount":
			must(l.t, l.one(o))
		case "Deployment":
			l.run(asJSON(o), "kubectl", "replace", "-n", l.namespace, "-f", "-")
		}
	}
	l.check("replace")
}

// The checks see what they are for: what the release before did to a live one.
func TestWhatWentWrongIsSeen(t *testing.T) {
	l := install(t, "s3")
	var service, deployment object
	for _, o := range l.ours {
		switch o["kind"] {
		case "Service":
			service = asCopy(o)
		case "Deployment":
			deployment = asCopy(o)
		}
	}
	list(service, "spec", "ports")[0].(object)["targetPort"] = "http"
	must(t, l.one(service, "--server-side", "--force-conflicts"))
	if problems := l.unserved(l.now()); len(problems) == 0 {
		t.Error("a Service that sends to a port without pods is not seen")
	}
	list(deployment, "spec", "template", "spec", "containers")[0].(object)["livenessProbe"] = object{"tcpSocket": object{"port": "http"}}
	if err := l.one(deployment, "--server-side", "--force-conflicts"); err == nil || !strings.Contains(err.Error(), "may not specify more than 1 handler type") {
		t.Errorf("a second kind of probe: %v", err)
	}
	missing := needs(at(deployment, "spec", "template"))
	if len(missing) < 5 {
		t.Errorf("the pods need only %v", missing)
	}
}

// In the reverse order too, and to the end: what is applied last would be first
// for nobody, and still no Service loses its pods.
func TestApplyInReverseOrder(t *testing.T) {
	for mode, flags := range byHelm {
		t.Run(mode, func(t *testing.T) {
			l := install(t, "upkeep", flags...)
			for _, o := range slices.Backward(l.ours) {
				must(t, l.one(o, "--server-side", "--force-conflicts", "--field-manager=another"))
				if problems := l.unserved(l.now()); len(problems) > 0 {
					t.Errorf("after %v %s: %q", o["kind"], text(o, "metadata", "name"), problems)
				}
			}
			l.check("everything")
		})
	}
}

// The script that reggen takeover prints, line by line, on the real API server:
// by every way into a cluster, over releases that Helm made in both of its ways.
// Nothing of Helm's stays in the pods or beside them, the registry serves after
// each step, one can go back, and a helm uninstall deletes nothing.
func TestTheScript(t *testing.T) {
	for _, way := range []string{"kubectl", "server-side", "flux", "argocd"} {
		for _, values := range []string{"s3", "volume", "upkeep", "role"} {
			for mode, flags := range byHelm {
				if way != "kubectl" && (mode == "server-side") == ((len(way)+len(values))%2 == 0) {
					continue // one of the two, by turns
				}
				t.Run(strings.Join([]string{way, values, mode}, "/"), func(t *testing.T) {
					t.Parallel()
					l := install(t, values, flags...)
					stop := l.orphan()
					defer stop()
					l.says("- Secret "+l.namespace+"/docker-registry-secret: is left behind", "pods are replaced once", "~ Service "+l.namespace+"/docker-registry")
					if pauses := strings.Contains(l.run("", "reggen", "takeover", "overlays/prod", "--by", way), "can push or pull"); pauses != (values == "volume" || values == "role") {
						t.Errorf("the script says that there is a moment without a registry: %v", pauses)
					}
					before := documents(t, l.run("", "helm", "get", "manifest", release, "-n", l.namespace))
					take, forget, back := l.script(way)
					for _, line := range take {
						l.line(way, line)
					}
					if stays := l.leftover(); len(stays) > 0 {
						t.Errorf("of the old release stays in the pods: %q", stays)
					}
					if pods := fmt.Sprint(at(l.deployment(), "spec")["replicas"]); pods != map[string]string{"s3": "1", "volume": "1", "upkeep": "2", "role": "3"}[values] {
						t.Errorf("there are %s pods", pods)
					}
					if way == "kubectl" || way == "flux" { // back, and over again
						was := l.template()
						for _, line := range revision(back, mode) {
							l.line(way, line)
						}
						if got := l.template(); !reflect.DeepEqual(at(got, "spec", "containers"), at(l.served, "spec", "containers")) {
							t.Errorf("back to\n%s\ninstead of\n%s", asJSON(got), asJSON(l.served))
						}
						for _, line := range take {
							l.line(way, line)
						}
						if got := l.template(); !reflect.DeepEqual(got, was) {
							t.Errorf("over again became\n%s\ninstead of\n%s", asJSON(got), asJSON(was))
						}
					}
					l.served = l.template()                              // the rollout is done
					for _, line := range slices.Concat(forget, forget) { // each can be run twice
						l.line(way, line)
					}
					if err := l.try("", "helm", "uninstall", release, "-n", l.namespace); err == nil || !strings.Contains(err.Error(), "not found") {
						t.Errorf("helm uninstall: %v", err)
					}
					l.check("helm uninstall")
					l.nothingElse(before)
					for line := range strings.Lines(l.says("no pod is replaced", "differences: 0 look, 0 needed, 0 better, 0 same")) {
						if strings.ContainsAny(line[:1], "+-~ ") {
							t.Errorf("still: %s", line)
						}
					}
				})
			}
		}
	}
}

// says runs reggen takeover --live on what the API server says is there.
func (l *live) says(wants ...string) string {
	l.t.Helper()
	file := filepath.Join(filepath.Dir(l.folder), l.namespace+".yaml")
	there := l.run("", "kubectl", "get", "deployments,services,configmaps,secrets,ingresses,persistentvolumeclaims,horizontalpodautoscalers,cronjobs,servicemonitors,serviceaccounts", "-n", l.namespace, "-o", "yaml")
	there = regexp.MustCompile(`([:-] )`+l.namespace+`\n`).ReplaceAllString(there, "${1}"+somewhere+"\n")
	must(l.t, os.WriteFile(file, []byte(there), 0o600))
	got := strings.ReplaceAll(l.run("", "reggen", "takeover", "overlays/prod", "--live", file), somewhere, l.namespace)
	for _, want := range wants {
		if !strings.Contains(got, want) {
			l.t.Errorf("takeover --live doesn't say %q:\n%s", want, got)
		}
	}
	return got
}

// script is what reggen prints: commands that take over, those that come when all
// is well, and those that lead back.
func (l *live) script(way string) (take, forget, back []string) {
	l.t.Helper()
	for i, args := range [][]string{{"--by", way}, {"--forget"}} {
		text := l.run("", "reggen", append([]string{"takeover", "overlays/prod"}, args...)...)
		for line := range strings.Lines(strings.ReplaceAll(text, somewhere, l.namespace)) {
			line = strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(line, "#   "):
				back = append(back, strings.TrimPrefix(line, "#   "))
			case line == "" || line[0] == '#' || strings.HasPrefix(line, ": ") || strings.HasPrefix(line, "set ") || strings.HasPrefix(line, "cd "):
			case i == 0:
				take = append(take, line)
			default:
				forget = append(forget, line)
			}
		}
	}
	if len(take) < 4 || len(forget) < 2 || len(back) != 2 {
		l.t.Fatalf("%d, %d and %d lines", len(take), len(forget), len(back))
	}
	return take, forget, back
}

// line runs one line of the script as a shell does, and looks what it did. What
// there is none of here is stood in for: the pods of a rollout, and the programs in
// the cluster by the calls that they make.
func (l *live) line(way, line string) {
	l.t.Helper()
	switch {
	case strings.Contains(line, "rollout status") && l.real:
		l.rolledOut()
	case strings.Contains(line, "rollout status"):
		return // no kubelet here
	case strings.HasPrefix(line, "flux reconcile "):
		l.flux()
	case strings.HasPrefix(line, "argocd app sync "):
		l.argocd(false)
	case assignment.MatchString(line): // each line has a shell of its own here
		name, _, _ := strings.Cut(line, "=")
		value := l.run("", "sh", "-euc", l.variables+line+"\nprintf %s \"$"+name+"\"")
		l.variables += name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'\n"
	default:
		l.run("", "sh", "-euc", l.variables+l.elsewhere(line))
	}
	l.check(line)
}

var assignment = regexp.MustCompile(`^[a-z]+=`)

// elsewhere is a line for the test's namespace: the environment is built for
// another.
func (l *live) elsewhere(line string) string {
	return strings.ReplaceAll(line, " | kubectl", " | sed s/"+somewhere+"/"+l.namespace+"/g | kubectl")
}

// flux applies as Flux's kustomize-controller does, by its own code.
func (l *live) flux() {
	l.t.Helper()
	c, err := ctrlclient.New(config(), ctrlclient.Options{})
	must(l.t, err)
	m := ssa.NewResourceManager(c, nil, ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"})
	var objects []*unstructured.Unstructured
	for _, o := range l.ours {
		var u object
		must(l.t, json.Unmarshal([]byte(asJSON(o)), &u))
		objects = append(objects, &unstructured.Unstructured{Object: u})
	}
	must(l.t, normalize.UnstructuredList(objects))
	opts := ssa.DefaultApplyOptions()
	opts.Cleanup = ssa.ApplyCleanupOptions{FieldManagers: []ssa.FieldManager{
		{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
		{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
		{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate},
		{Name: "kustomize-controller", OperationType: metav1.ManagedFieldsOperationUpdate},
	}}
	_, err = m.ApplyAllStaged(context.Background(), objects, opts)
	must(l.t, err)
}

// orphan does what the garbage collector's controller does for a Deployment that is
// deleted with --cascade=orphan: it lets it go.
func (l *live) orphan() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	c := &client{t: l.t, http: httpClient(), kind: "Deployment"}
	url := server.URL + "/apis/apps/v1/namespaces/" + l.namespace + "/deployments/" + release
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			o, err := c.call(http.MethodGet, url, "", nil)
			if err == nil && text(o, "metadata", "deletionTimestamp") != "" {
				_, _ = c.call(http.MethodPatch, url, "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return func() { cancel(); <-done }
}

// nothingElse says whether all that the old release had is reggen's now or gone.
func (l *live) nothingElse(before []object) {
	l.t.Helper()
	id := func(x object) string { return text(x, "kind") + "/" + text(x, "metadata", "name") }
	ask := []string{"get", "-n", l.namespace, "--ignore-not-found", "-o", "name"}
	for _, o := range before {
		ask = append(ask, id(o))
	}
	there := map[string]bool{} // of each name its kind in lower case, without the group
	for line := range strings.Lines(l.run("", "kubectl", ask...)) {
		kind, name, _ := strings.Cut(strings.TrimSpace(line), "/")
		kind, _, _ = strings.Cut(kind, ".")
		there[kind+"/"+name] = true
	}
	for _, o := range before {
		ours := slices.ContainsFunc(l.ours, func(x object) bool { return id(x) == id(o) })
		switch is := there[strings.ToLower(text(o, "kind"))+"/"+text(o, "metadata", "name")]; {
		case ours && !is:
			l.t.Errorf("%s is gone", id(o))
		case !ours && is:
			l.t.Errorf("%s is left of the old release", id(o))
		}
	}
}
