package cluster

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sigs.k8s.io/yaml"
)

// object is one of Kubernetes', as JSON has it.
type object = map[string]any

// release is the name of the Helm release, and so of its objects.
const release = "docker-registry"

// somewhere is the namespace that environments are built for; each test has one
// of its own, which takes its place.
const somewhere = "namespace-of-a-test"

// live is a release that Helm installed, and the environment that reggen made
// of its values.
type live struct {
	t         *testing.T
	namespace string
	folder    string // with the environment overlays/prod
	ours      []object
	served    object   // the template of the pods that serve
	services  []string // that somebody may be using
	real      bool     // rollouts take place
	variables string   // of the script, which each of its lines may read
}

var environments = struct {
	sync.Mutex
	folders map[string]string
}{folders: map[string]string{}}

// moveIn makes an environment of a values file by reggen's own commands, once.
func moveIn(t *testing.T, values string) string {
	t.Helper()
	environments.Lock()
	defer environments.Unlock()
	if folder, ok := environments.folders[values]; ok {
		return folder
	}
	home, err := os.MkdirTemp(filepath.Dir(bin), "home-") // with the keys, beside the repository
	must(t, err)
	folder := filepath.Join(home, "repository")
	must(t, os.Mkdir(folder, 0o755))
	run := func(args ...string) string { return command(t, folder, "", args...) }
	run("git", "init", "-q", ".")
	run("reggen", "import", "overlays/prod", "--values", valuesFile(t, values), "--namespace", somewhere)
	run("reggen", "seal", "overlays/prod")
	environments.folders[values] = folder
	return folder
}

func valuesFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "values", name+".yaml"))
	must(t, err)
	return path
}

var namespaces atomic.Int64

// install has Helm install the values in a namespace of their own.
func install(t *testing.T, values string, helm ...string) *live {
	t.Helper()
	l := &live{t: t, namespace: fmt.Sprintf("n%d", namespaces.Add(1)), folder: moveIn(t, values)}
	l.run("", "kubectl", "create", "namespace", l.namespace)
	chart, err := filepath.Abs("testdata/release")
	must(t, err)
	l.run("", "helm", append([]string{"install", release, chart, "-n", l.namespace, "-f", valuesFile(t, values)}, helm...)...)
	if values == "role" { // what its autoscaler does
		l.run("", "kubectl", "scale", "deployment", release, "-n", l.namespace, "--replicas=3")
	}
	l.served = l.template()
	for _, s := range l.list("services") {
		l.services = append(l.services, text(s, "metadata", "name"))
	}
	built := l.run("", "reggen", "build", "--secrets", "plain", "overlays/prod")
	l.ours = documents(t, strings.ReplaceAll(built, somewhere, l.namespace))
	l.check("installed")
	return l
}

// run runs a program in the environment's folder; it has to succeed.
func (l *live) run(stdin string, name string, args ...string) string {
	l.t.Helper()
	return command(l.t, l.folder, stdin, append([]string{name}, args...)...)
}

// try is run for what may fail: the error holds what the program said.
func (l *live) try(stdin string, name string, args ...string) error {
	_, err := tried(l.folder, stdin, append([]string{name}, args...)...)
	return err
}

func command(t *testing.T, folder, stdin string, args ...string) string {
	t.Helper()
	out, err := tried(folder, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tried(folder, stdin string, args ...string) (string, error) {
	name := args[0]
	if path := filepath.Join(bin, name); exists(path) {
		name = path
	}
	cmd := exec.Command(name, args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = folder, environment(filepath.Dir(folder)), strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listed are the paths of the kinds that tests look at.
var listed = map[string]string{"deployments": "/apis/apps/v1", "ingresses": "/apis/networking.k8s.io/v1", "services": "/api/v1", "secrets": "/api/v1",
	"configmaps": "/api/v1", "serviceaccounts": "/api/v1", "persistentvolumeclaims": "/api/v1"}

// list are the objects of some kinds in the namespace. A kubectl for each look
// would take most of the time of all tests.
func (l *live) list(kinds ...string) (out []object) {
	l.t.Helper()
	c := &client{t: l.t, http: looks}
	for _, kind := range kinds {
		all, err := c.call(http.MethodGet, server.URL+listed[kind]+"/namespaces/"+l.namespace+"/"+kind, "", nil)
		must(l.t, err)
		for _, item := range list(all, "items") {
			o := item.(object) // which leaves out what the list says for all
			o["apiVersion"], o["kind"] = all["apiVersion"], strings.TrimSuffix(text(all, "kind"), "List")
			out = append(out, o)
		}
	}
	return out
}

var looks = httpClient()

// deployment is the live one, nil when it isn't there.
func (l *live) deployment() object {
	l.t.Helper()
	for _, d := range l.list("deployments") {
		if text(d, "metadata", "name") == release {
			return d
		}
	}
	return nil
}

func (l *live) template() object { return at(l.deployment(), "spec", "template") }

// now is everything that matters here.
func (l *live) now() []object {
	l.t.Helper()
	return l.list("deployments", "services", "ingresses", "secrets", "configmaps", "serviceaccounts", "persistentvolumeclaims")
}

// templates are those of pods that serve or will.
func (l *live) templates(now []object) map[string]object {
	out := map[string]object{"the pods that serve": l.served}
	for _, o := range now {
		if o["kind"] == "Deployment" {
			out["the Deployment"] = at(o, "spec", "template")
		}
	}
	return out
}

// check says whether the registry serves and whether it can go on: no Service that
// was there names a port which serving pods don't have, no pod template, old or
// new, names what isn't there.
func (l *live) check(after string) {
	l.t.Helper()
	now := l.now()
	problems := l.unserved(now)
	held := map[string][]string{}
	for _, o := range now {
		held[text(o, "kind")+"/"+text(o, "metadata", "name")] = slices.Collect(keys(at(o, "data")))
	}
	for who, template := range l.templates(now) {
		for _, need := range needs(template) {
			found, ok := held[need.id]
			if !ok || need.key != "" && !slices.Contains(found, need.key) {
				problems = append(problems, fmt.Sprintf("%s need %s %s, which isn't there", who, need.id, need.key))
			}
		}
	}
	for _, p := range problems {
		l.t.Errorf("after %s: %s", after, p)
	}
}

// unserved are Services that were there and send nowhere.
func (l *live) unserved(now []object) (out []string) {
	ports := map[any]bool{}
	for _, service := range now {
		if service["kind"] != "Service" {
			continue
		}
		for _, p := range list(service, "spec", "ports") {
			ports[text(service, "metadata", "name")+"/"+fmt.Sprint(p.(object)["port"])] = true
			ports[text(service, "metadata", "name")+"/"+text(p.(object), "name")] = true
		}
	}
	for _, ingress := range now {
		if ingress["kind"] != "Ingress" {
			continue
		}
		for _, r := range list(ingress, "spec", "rules") {
			for _, p := range list(r.(object), "http", "paths") {
				b := at(p.(object), "backend", "service")
				port := text(b, "port", "name")
				if number := at(b, "port")["number"]; number != nil {
					port = fmt.Sprint(number)
				}
				if !ports[text(b, "name")+"/"+port] {
					out = append(out, fmt.Sprintf("the Ingress sends to port %s of the Service %s, which has none", port, text(b, "name")))
				}
			}
		}
	}
	for _, service := range now {
		name := text(service, "metadata", "name")
		if service["kind"] != "Service" || !slices.Contains(l.services, name) {
			continue
		}
		for who, template := range l.templates(now) {
			for k, v := range at(service, "spec", "selector") {
				if at(template, "metadata", "labels")[k] != v {
					out = append(out, fmt.Sprintf("the Service %s doesn't select %s", name, who))
				}
			}
			for _, port := range list(service, "spec", "ports") {
				if !listens(template, port.(object)["targetPort"]) {
					out = append(out, fmt.Sprintf("the Service %s sends to %v, which %s don't have", name, port.(object)["targetPort"], who))
				}
			}
		}
	}
	return out
}

// listens says whether a pod has the port, by name or by number.
func listens(template object, port any) bool {
	for _, c := range list(template, "spec", "containers") {
		for _, p := range list(c.(object), "ports") {
			if p.(object)["name"] == port || p.(object)["containerPort"] == port {
				return true
			}
		}
	}
	return false
}

type need struct{ id, key string }

// needs is what a pod can't start without.
func needs(template object) (out []need) {
	pod := at(template, "spec")
	if name := text(pod, "serviceAccountName"); name != "" && name != "default" {
		out = append(out, need{"ServiceAccount/" + name, ""})
	}
	for _, c := range list(pod, "containers") {
		for _, e := range list(c.(object), "env") {
			if ref := at(e.(object), "valueFrom", "secretKeyRef"); ref != nil {
				out = append(out, need{"Secret/" + text(ref, "name"), text(ref, "key")})
			}
		}
	}
	for _, v := range list(pod, "volumes") {
		for kind, field := range map[string][2]string{"Secret": {"secret", "secretName"}, "ConfigMap": {"configMap", "name"}, "PersistentVolumeClaim": {"persistentVolumeClaim", "claimName"}} {
			source := at(v.(object), field[0])
			if source == nil {
				continue
			}
			out = append(out, need{kind + "/" + text(source, field[1]), ""})
			for _, item := range list(source, "items") {
				out = append(out, need{kind + "/" + text(source, field[1]), text(item.(object), "key")})
			}
		}
	}
	return out
}

// leftover is what the live pod template has and ours doesn't, one line each.
func (l *live) leftover() (out []string) {
	l.t.Helper()
	var want object
	for _, o := range l.ours {
		if o["kind"] == "Deployment" {
			want = at(o, "spec", "template")
		}
	}
	have := l.template()
	for _, field := range []string{"volumes", "initContainers"} {
		out = append(out, extra(field, list(have, "spec", field), list(want, "spec", field))...)
	}
	h, w := list(have, "spec", "containers")[0].(object), list(want, "spec", "containers")[0].(object)
	for _, field := range []string{"env", "volumeMounts", "ports"} {
		out = append(out, extra(field, list(h, field), list(w, field))...)
	}
	for _, field := range []string{"command", "args"} {
		if fmt.Sprint(h[field]) != fmt.Sprint(w[field]) {
			out = append(out, field)
		}
	}
	for key := range keys(at(have, "metadata", "annotations")) {
		if _, ok := at(want, "metadata", "annotations")[key]; !ok {
			out = append(out, "annotation "+key)
		}
	}
	slices.Sort(out)
	return out
}

func extra(field string, have, want []any) (out []string) {
	for _, h := range have {
		id := func(v any) string {
			return fmt.Sprint(v.(object)["name"], v.(object)["mountPath"], v.(object)["containerPort"])
		}
		if !slices.ContainsFunc(want, func(w any) bool { return id(w) == id(h) }) {
			out = append(out, field+" "+text(h.(object), "name"))
		}
	}
	return out
}

func documents(t *testing.T, stream string) (out []object) {
	t.Helper()
	for _, doc := range strings.Split(stream, "\n---\n") {
		var o object
		must(t, yaml.Unmarshal([]byte(doc), &o))
		if o != nil {
			out = append(out, o)
		}
	}
	return out
}

func at(o object, path ...string) object {
	for _, p := range path {
		o, _ = o[p].(object)
	}
	return o
}

func list(o object, path ...string) []any {
	l, _ := at(o, path[:len(path)-1]...)[path[len(path)-1]].([]any)
	return l
}

func text(o object, path ...string) string {
	s, _ := at(o, path[:len(path)-1]...)[path[len(path)-1]].(string)
	return s
}

func keys(o object) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range o {
			if !yield(k) {
				return
			}
		}
	}
}
