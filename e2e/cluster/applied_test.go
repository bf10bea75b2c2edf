package cluster

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// Every distinct object of the cases, the golden output and the combinations is
// taken by the API server, with the definitions of the custom kinds as their
// projects publish them: in a dry run, for real, and a second time without any
// change. Its pods pass Pod Security "restricted". An apply takes objects one by
// one, so nothing is lost by looking at each once; nothing is changed but its
// name and namespace.
func TestEveryObjectApplies(t *testing.T) {
	objects := everyVersion(t)
	stream := command(t, t.TempDir(), "", "combinations")
	made := 0
	for _, doc := range strings.Split(stream, "\n---\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(doc, "---\n"), "# "), "\n")
		for _, o := range documents(t, doc) {
			if text(o, "kind") == "Namespace" {
				continue
			}
			asApplied(o)
			id := text(o, "kind") + " " + text(o, "metadata", "name")
			objects[id] = append(objects[id], version{o, []string{name}})
			made++
		}
	}
	if made < 100 {
		t.Fatalf("only %d objects of combinations", made)
	}
	kubectl(t, "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: platform}\nvalue: 1000\n", "apply", "--server-side", "-f", "-") // a case names it
	n := 0
	for id, versions := range objects {
		n += 10_000
		first := n // names of their own
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			c := &client{t: t, http: httpClient(), kind: strings.Fields(id)[0], n: first}
			for _, v := range versions {
				if err := c.applies(v.object); err != nil {
					t.Errorf("%s: %v", v.cases[0], err)
				}
			}
		})
	}
}

// applies applies an object as kubectl apply --server-side does.
func (c *client) applies(o object) error {
	c.n++
	body, name := c.named(o)
	url := c.path(o, name) + "?fieldManager=kubectl&fieldValidation=Strict"
	if _, err := c.call(http.MethodPatch, url+"&dryRun=All", apply, body); err != nil {
		return fmt.Errorf("--dry-run=server: %w", err)
	}
	first, err := c.call(http.MethodPatch, url, apply, body)
	if err != nil {
		return err
	}
	defer c.gone(o, name)
	second, err := c.call(http.MethodPatch, url, apply, body)
	if err != nil {
		return fmt.Errorf("the second time: %w", err)
	}
	// The resourceVersion of a claim moves by itself, with nothing else.
	if a, b := text(first, "metadata", "resourceVersion"), text(second, "metadata", "resourceVersion"); a == "" || a != b && c.kind != "PersistentVolumeClaim" {
		return fmt.Errorf("the second time it is written anew")
	}
	delete(at(first, "metadata"), "resourceVersion")
	delete(at(second, "metadata"), "resourceVersion")
	if !reflect.DeepEqual(first, second) {
		return fmt.Errorf("the second time it changes:\n%s\nbecame\n%s", asJSON(first), asJSON(second))
	}
	for _, path := range [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}} {
		template := at(first, path...)
		if template == nil || at(template, "spec") == nil {
			continue
		}
		for _, v := range list(first, "spec", "volumeClaimTemplates") { // as the controller does
			spec := at(template, "spec")
			volumes, _ := spec["volumes"].([]any)
			name := text(v.(object), "metadata", "name")
			spec["volumes"] = append(volumes, object{"name": name, "persistentVolumeClaim": object{"claimName": name}})
		}
		pod := object{"apiVersion": "v1", "kind": "Pod", "spec": template["spec"], "metadata": object{"generateName": "pod-"}}
		if _, err := c.call(http.MethodPost, server.URL+"/api/v1/namespaces/registry/pods?dryRun=All", "application/json", []byte(asJSON(pod))); err != nil {
			return fmt.Errorf("its pod: %w", err)
		}
	}
	return nil
}

// What each example comes to, applied as a person does it, and once more.
func TestEveryOverlayApplies(t *testing.T) {
	overlays, err := filepath.Glob(filepath.Join(repo, "overlays", "*", "kustomization.yaml"))
	must(t, err)
	if len(overlays) < 5 {
		t.Fatalf("only %d examples", len(overlays))
	}
	for _, path := range overlays {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			build := exec.Command(filepath.Join(bin, "reggen"), "build", "--secrets", "plain", dir)
			build.Env = append(environment(t.TempDir()), "SOPS_AGE_KEY_FILE="+filepath.Join(repo, "testdata", "keys", "people.agekey"))
			manifests, err := build.Output()
			must(t, err)
			for _, o := range documents(t, string(manifests)) {
				if ns := text(o, "metadata", "namespace"); ns != "" {
					kubectl(t, fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {pod-security.kubernetes.io/enforce: restricted}}\n", ns), "apply", "--server-side", "--field-manager", "whoever makes namespaces", "-f", "-")
				}
			}
			kubectl(t, string(manifests), "apply", "--server-side", "--dry-run=server", "-f", "-")
			kubectl(t, string(manifests), "apply", "--server-side", "-f", "-")
			state := func() string {
				return resourceVersion.ReplaceAllString(kubectl(t, string(manifests), "get", "-f", "-", "-o", "yaml", "--show-managed-fields"), "")
			}
			before := state()
			kubectl(t, string(manifests), "apply", "--server-side", "-f", "-")
			if after := state(); after != before { // Secrets are in it, so it is not shown
				t.Error("the second apply changes something")
			}
			kubectl(t, string(manifests), "delete", "--wait=false", "-f", "-")
		})
	}
}

var resourceVersion = regexp.MustCompile(`(?m)^ *resourceVersion: .*\n`)

// kubectl runs it; what stands in its input is in no message.
func kubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := tried(t.TempDir(), stdin, append([]string{filepath.Join(bin, "kubectl")}, args...)...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}
