package cluster

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write testdata/in-place.txt anew")

// version is an object as one or more cases have it.
type version struct {
	object object
	cases  []string
}

// Every case of testdata/cases applied over every other, and over the golden
// output of before: the API server takes objects one by one, so each distinct
// object goes over each other of its kind and name. What it refuses is in
// testdata/in-place.txt, which reggen diff's own test reads, and nothing else;
// what it takes is what it would be had it been made anew.
func TestEveryCaseOverEveryOther(t *testing.T) {
	refused := map[string]bool{}
	var lock sync.Mutex
	var pairs atomic.Int64
	t.Run("objects", func(t *testing.T) { // ends when all in it have
		n := 0
		for id, versions := range everyVersion(t) {
			n += 10_000_000
			c := client{t: t, http: httpClient(), kind: strings.Fields(id)[0], n: n} // names of its own
			fresh := make([]object, len(versions))
			for i, v := range versions {
				fresh[i] = c.fresh(v.object)
			}
			for i, from := range versions {
				t.Run(id+", as "+from.cases[0], func(t *testing.T) {
					if c.kind != "Service" { // a node port is one object's
						t.Parallel()
					}
					c := &client{t: t, http: c.http, kind: c.kind, n: c.n + (i+1)*10_000}
					for j, to := range versions {
						if i == j {
							continue
						}
						for way, over := range map[string]func(a, b object) (object, error){"client-side": c.clientSide, "server-side": c.serverSide} {
							pairs.Add(1)
							got, err := over(from.object, to.object)
							if err != nil {
								lock.Lock()
								refused[fmt.Sprintf("%s %s: %s over %s: %s", way, id, to.cases[0], from.cases[0], reason(err))] = true
								lock.Unlock()
								continue
							}
							if !reflect.DeepEqual(got, fresh[j]) {
								t.Errorf("%s: %s over %s leaves something:\n%s\ninstead of\n%s", way, to.cases[0], from.cases[0], asJSON(got), asJSON(fresh[j]))
							}
						}
					}
				})
			}
		}
	})
	t.Logf("%d changes of an object tried", pairs.Load())
	path := filepath.Join(repo, "testdata", "in-place.txt")
	got := strings.Join(slices.Sorted(maps.Keys(refused)), "\n") + "\n"
	if *update {
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if got != string(want) {
		t.Errorf("the API server refuses\n%s\nand testdata/in-place.txt says\n%s", got, want)
	}
}

// everyVersion are the distinct objects of the cases and of the golden output of
// before and today, by kind and name.
func everyVersion(t *testing.T) map[string][]version {
	t.Helper()
	out := map[string][]version{}
	var files []string
	for _, pattern := range []string{"testdata/cases/*/build.yaml", "testdata/golden/*.yaml", "e2e/cluster/testdata/before/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(repo, pattern))
		must(t, err)
		if len(found) == 0 {
			t.Fatalf("nothing is at %s", pattern)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		must(t, err)
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		switch {
		case name == "build":
			name = filepath.Base(filepath.Dir(file))
		case strings.Contains(file, "before"):
			name = "before/" + name
		default:
			name = "golden/" + name
		}
		for _, o := range documents(t, string(data)) {
			if kind := text(o, "kind"); kind == "Namespace" || kind == "ClusterIssuer" { // in no namespace, and nobody's change
				continue
			}
			asApplied(o)
			id := text(o, "kind") + " " + text(o, "metadata", "name")
			known := out[id]
			i := slices.IndexFunc(known, func(v version) bool { return reflect.DeepEqual(v.object, o) })
			if i < 0 {
				out[id] = append(known, version{o, []string{name}})
				continue
			}
			known[i].cases = append(known[i].cases, name)
		}
	}
	return out
}

// asApplied is an object as it is in the cluster, in the namespace of these tests:
// a Secret decrypted, but for the values.
func asApplied(o object) {
	if text(o, "kind") == "Secret" {
		delete(o, "sops")
		for k := range at(o, "data") {
			at(o, "data")[k] = "eA=="
			if k == ".dockerconfigjson" {
				at(o, "data")[k] = "e30="
			}
		}
	}
	at(o, "metadata")["namespace"] = "registry"
}

// client makes changes of objects of one kind, each of a name of its own.
type client struct {
	t    *testing.T
	http *http.Client
	kind string
	n    int
}

func (c *client) path(o object, name string) string {
	group, v, is := strings.Cut(text(o, "apiVersion"), "/")
	prefix := "/apis/" + group + "/" + v
	if !is {
		prefix = "/api/" + group
	}
	plural := strings.ToLower(c.kind) + "s"
	switch {
	case strings.HasSuffix(c.kind, "Policy"):
		plural = strings.TrimSuffix(strings.ToLower(c.kind), "y") + "ies"
	case strings.HasSuffix(c.kind, "ss"):
		plural = strings.ToLower(c.kind) + "es"
	}
	return server.URL + prefix + "/namespaces/registry/" + plural + "/" + name
}

// named is an object under the name of this change.
func (c *client) named(o object) ([]byte, string) {
	name := fmt.Sprintf("change-%s-%d", strings.ToLower(c.kind), c.n)
	if c.kind == "Service" || c.kind == "PersistentVolumeClaim" { // too long otherwise for what follows from it
		name = fmt.Sprintf("change-%d", c.n)
	}
	copied := asCopy(o)
	at(copied, "metadata")["name"] = name
	return []byte(asJSON(copied)), name
}

func (c *client) call(method, url, contentType string, body []byte) (object, error) {
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	must(c.t, err)
	req.Header.Set("Authorization", "Bearer "+server.Token)
	req.Header.Set("Accept", "application/json")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.http.Do(req)
	must(c.t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	must(c.t, err)
	var o object
	must(c.t, json.Unmarshal(data, &o))
	if res.StatusCode >= 300 {
		return nil, fmt.Errorf("%d: %s", res.StatusCode, text(o, "message"))
	}
	return o, nil
}

const apply = "application/apply-patch+yaml"

func (c *client) serverSide(a, b object) (object, error) {
	c.n++
	first, name := c.named(a)
	second, _ := c.named(b)
	url := c.path(a, name) + "?fieldManager=a-manager&force=true"
	_, err := c.call(http.MethodPatch, url, apply, first)
	must(c.t, err)
	c.bound(a, name)
	defer c.gone(a, name)
	got, err := c.call(http.MethodPatch, c.path(b, name)+"?fieldManager=a-manager&force=true", apply, second)
	return settled(got), err
}

// clientSide is what kubectl apply does: the difference between what was applied
// and what is applied now, patched into what is there.
func (c *client) clientSide(a, b object) (object, error) {
	c.n++
	first, name := c.named(a)
	second, _ := c.named(b)
	live, err := c.call(http.MethodPost, strings.TrimSuffix(c.path(a, name), "/"+name), "application/json", first)
	must(c.t, err)
	if c.bound(a, name) {
		live, err = c.call(http.MethodGet, c.path(a, name), "", nil)
		must(c.t, err)
	}
	defer c.gone(a, name)
	gv, err := schema.ParseGroupVersion(text(b, "apiVersion"))
	must(c.t, err)
	var patch []byte
	kind := "application/merge-patch+json"
	if typed, none := scheme.Scheme.New(gv.WithKind(c.kind)); none == nil {
		meta, err := strategicpatch.NewPatchMetaFromStruct(typed)
		must(c.t, err)
		kind = "application/strategic-merge-patch+json"
		patch, err = strategicpatch.CreateThreeWayMergePatch(first, second, []byte(asJSON(live)), meta, true)
		must(c.t, err)
	} else {
		patch, err = jsonmergepatch.CreateThreeWayJSONMergePatch(first, second, []byte(asJSON(live)))
		must(c.t, err)
	}
	got, err := c.call(http.MethodPatch, c.path(b, name), kind, patch)
	return settled(got), err
}

// fresh is what an object is when it is made where none was.
func (c *client) fresh(o object) object {
	c.n++
	body, name := c.named(o)
	got, err := c.call(http.MethodPatch, c.path(o, name)+"?fieldManager=a-manager&force=true", apply, body)
	must(c.t, err)
	out := settled(asCopy(got))
	c.gone(o, name)
	return out
}

// bound is what a provisioner makes of a claim: only such a one can grow.
func (c *client) bound(o object, name string) bool {
	if c.kind != "PersistentVolumeClaim" {
		return false
	}
	status := object{"status": object{"phase": "Bound", "capacity": at(o, "spec", "resources", "requests")}}
	_, err := c.call(http.MethodPatch, c.path(o, name)+"/status", "application/merge-patch+json", []byte(asJSON(status)))
	must(c.t, err)
	return true
}

// gone makes room: a node port or a cluster IP is one object's.
func (c *client) gone(o object, name string) {
	_, err := c.call(http.MethodDelete, c.path(o, name), "application/json", []byte(`{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}`))
	must(c.t, err)
}

// settled is an object without what the API server keeps for itself or draws.
func settled(o object) object {
	if o == nil {
		return nil
	}
	delete(o, "status")
	meta := at(o, "metadata")
	for _, field := range []string{"name", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "finalizers", "deletionTimestamp", "deletionGracePeriodSeconds"} {
		delete(meta, field)
	}
	if annotations := at(meta, "annotations"); annotations != nil && len(annotations) == 0 {
		delete(meta, "annotations")
	}
	if o["kind"] == "Service" {
		for _, field := range []string{"clusterIP", "clusterIPs", "healthCheckNodePort"} {
			if text(o, "spec", "clusterIP") == "None" {
				break
			}
			delete(at(o, "spec"), field)
		}
		if text(o, "spec", "type") == "LoadBalancer" { // a port on nodes of the cluster's choice
			for _, p := range list(o, "spec", "ports") {
				delete(p.(object), "nodePort")
			}
		}
	}
	return o
}

// reason is the part of a refusal that says why.
func reason(err error) string {
	_, text, _ := strings.Cut(err.Error(), ": ")
	if _, after, ok := strings.Cut(text, " is invalid: "); ok {
		text = strings.TrimPrefix(after, "[")
	}
	first, _, _ := strings.Cut(text, "\n")
	return first
}

// asJSON is an object as it is sent; what can't be written the server refuses.
func asJSON(o object) string {
	data, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func asCopy(o object) object { return runtime.DeepCopyJSON(o) }

// What reggen diff says about single changes (testdata/in-place.yaml) is what the
// API server does, and the way that it names for a strategy leads there.
func TestInPlace(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repo, "testdata", "in-place.yaml"))
	must(t, err)
	var changes []struct {
		Name     string
		From, To object
		Refused  []string
		Told     string
	}
	must(t, yaml.Unmarshal(data, &changes))
	if len(changes) < 10 {
		t.Fatal("too few")
	}
	for i, ch := range changes {
		c := &client{t: t, http: httpClient(), kind: text(ch.From, "kind"), n: 100_000 + 10*i}
		for way, over := range map[string]func(a, b object) (object, error){"client-side": c.clientSide, "server-side": c.serverSide} {
			_, err := over(ch.From, ch.To)
			if refused := err != nil; refused != slices.Contains(ch.Refused, way) {
				t.Errorf("%s, %s: %v", ch.Name, way, err)
			}
		}
		before, _, is := strings.Cut(ch.Told, "before it: kubectl -n registry patch deployment d ")
		if !is {
			continue
		}
		patch := ch.Told[len(before)+len("before it: kubectl -n registry patch deployment d --type merge -p '"):]
		c.n++
		body, name := c.named(ch.From)
		_, err := c.call(http.MethodPatch, c.path(ch.From, name)+"?fieldManager=a-manager&force=true", apply, body)
		must(t, err)
		_, err = c.call(http.MethodPatch, c.path(ch.From, name), "application/merge-patch+json", []byte(strings.TrimSuffix(patch, "'")))
		must(t, err)
		body, _ = c.named(ch.To)
		if _, err = c.call(http.MethodPatch, c.path(ch.From, name)+"?fieldManager=a-manager&force=true", apply, body); err != nil {
			t.Errorf("%s: after the patch: %v", ch.Name, err)
		}
	}
}
