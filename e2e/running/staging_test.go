//go:build linux

package running

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tutorial's registry as it is built, not a byte changed: two replicas on
// a Space, behind ingress-nginx, with an image pull secret.
func TestStaging(t *testing.T) {
	t.Parallel()
	serves(t, deployOn(t, example(t, "staging"), "nyc3"))
}

// The same with version 2 of the registry.
func TestStagingOnVersion2(t *testing.T) {
	t.Parallel()
	serves(t, deployOn(t, changed(t, "staging", "two.example.com", map[string]any{
		"image": versions["version 2"], "storage": spaces("ams3"),
	}), "ams3"))
}

// versions are the registry's, as a spec names them.
var versions = map[string]map[string]any{
	"version 3": {"flavor": "distribution", "tag": "3.1.1"},
	"version 2": {"flavor": "distribution-v2", "tag": "2.8.3"},
}

// serves tries all that people and clusters do with a registry of two replicas.
func serves(t *testing.T, c *cluster) {
	host := c.host()
	cluster := c.config("default", "regcred") // what the kubelet pulls with
	small := newImage(t, 1<<10, 2<<10)

	t.Run("strangers are refused", func(t *testing.T) {
		stranger := client{t, t.TempDir()}
		for _, args := range [][]string{{"catalog", host}, {"digest", host + "/app:1"}, {"push", small.dir, host + "/app:1"}} {
			if _, stderr, code := stranger.run(args...); code == 0 || !strings.Contains(stderr, "UNAUTHORIZED") && !strings.Contains(stderr, "401") {
				t.Errorf("crane %s: exit status %d\n%s", args[0], code, stderr)
			}
		}
	})
	t.Run("people log in with their password and no other", func(t *testing.T) {
		alice := c.env.password("alice")
		if !c.letsIn(t, "alice", alice) {
			t.Error("the password does not get in")
		}
		if c.letsIn(t, "alice", alice+"x") {
			t.Error("a wrong password gets in")
		}
	})
	t.Run("an image with a layer over 100 MB goes in and comes out", func(t *testing.T) {
		big := newImage(t, 1<<20, 110<<20, 3<<20)
		cluster.ok("push", big.dir, host+"/team/app:1")
		if got := strings.TrimSpace(cluster.ok("digest", host+"/team/app:1")); got != big.digest {
			t.Errorf("the tag is %s, pushed was %s", got, big.digest)
		}
		for _, ref := range []string{host + "/team/app:1", host + "/team/app@" + big.digest} {
			out := filepath.Join(t.TempDir(), "out")
			cluster.ok("pull", "--format", "oci", ref, out)
			verify(t, out, big)
		}
		if room, blobs := c.store.room(); room < 114<<20 || blobs != 5 { // three layers, a configuration, a manifest
			t.Errorf("the bucket holds %d blobs and %d bytes", blobs, room)
		}
	})
	t.Run("layers come from the bucket itself", func(t *testing.T) {
		cluster.ok("push", small.dir, host+"/small:1")
		status, header, _ := c.through().do(http.MethodGet, "/v2/small/blobs/"+small.layers[0], nil)
		if at := header.Get("Location"); status != http.StatusTemporaryRedirect || !strings.Contains(at, ".digitaloceanspaces.com/") {
			host, _, _ := strings.Cut(strings.TrimPrefix(at, "https://"), "/") // the rest is signed
			t.Errorf("status %d, sent to %s", status, host)
		}
	})
	t.Run("clients are told to come back by https", func(t *testing.T) { c.through().upload("anything") })
	t.Run("an upload goes on at the other replica", func(t *testing.T) { c.continues(t) })
	t.Run("nothing is deleted unless the spec says so", func(t *testing.T) {
		status, _, text := c.through().do(http.MethodDelete, "/v2/small/manifests/"+small.digest, nil)
		if status != http.StatusMethodNotAllowed || !strings.Contains(text, "UNSUPPORTED") {
			t.Errorf("deleting: %d %s", status, text)
		}
	})
	t.Run("users come and go while it runs", func(t *testing.T) { c.comesAndGoes(t) })
}

// letsIn logs a person in with a folder of credentials of their own.
func (c *cluster) letsIn(t *testing.T, user, password string) bool {
	t.Helper()
	person := client{t, t.TempDir()}
	if _, stderr, code := person.feed(password, "auth", "login", c.host(), "-u", user, "--password-stdin"); code != 0 {
		t.Fatalf("crane auth login: %s", stderr)
	}
	if _, err := os.Stat(filepath.Join(person.dir, "config.json")); err != nil {
		t.Fatal("crane keeps its logins elsewhere")
	}
	_, stderr, code := person.run("catalog", c.host())
	if code != 0 && !strings.Contains(stderr, "UNAUTHORIZED") && !strings.Contains(stderr, "401") {
		t.Fatalf("crane catalog: %s", stderr)
	}
	return code == 0
}

// continues uploads a layer in turns to both replicas, which works because they
// have one secret in common; a pod with another one knows nothing of it.
func (c *cluster) continues(t *testing.T) {
	pods := c.running()
	one, two := c.direct(pods[0]), c.direct(pods[1])
	a, b, end := bytes.Repeat([]byte("a"), 6<<20), bytes.Repeat([]byte("b"), 5<<20), []byte("end")
	at := one.upload("turns")
	for i, part := range [][]byte{a, b} {
		status, header, text := []api{two, one}[i].do(http.MethodPatch, at, bytes.NewReader(part))
		if status != http.StatusAccepted {
			t.Fatalf("part %d at the other replica: %d %s", i, status, text)
		}
		at = one.where(header)
	}
	digest := digestOf(a, b, end)
	if status, _, text := two.do(http.MethodPut, then(at, digest), bytes.NewReader(end)); status != http.StatusCreated {
		t.Fatalf("the end: %d %s", status, text)
	}
	if status, _, _ := one.do(http.MethodHead, "/v2/turns/blobs/"+digest, nil); status != http.StatusOK && status != http.StatusTemporaryRedirect {
		t.Errorf("the layer is not there: %d", status)
	}

	other := *c.objects
	other.secrets = maps.Clone(other.secrets)
	name := "registry/docker-registry-http"
	changed := other.secrets[name]
	changed.Data = map[string][]byte{"haSharedSecret": []byte("another1234567890")}
	other.secrets[name] = changed
	stranger := startPod(t, &other, c.namespace, "another-secret", c.objects.deployment.Spec.Template.Spec, c.claims, func() {})
	listening(t, stranger.address+":5000")
	if status, _, _ := c.direct(stranger).do(http.MethodPatch, one.upload("turns"), bytes.NewReader(end)); status != http.StatusNotFound && status != http.StatusBadRequest {
		t.Errorf("a pod with another secret takes a part: %d; so the secret in common was not needed above", status)
	}
}

// comesAndGoes adds a user, rotates the image pull secret's, and takes both
// away, with the registry running: nothing of it may roll a pod.
func (c *cluster) comesAndGoes(t *testing.T) {
	e, host := c.env, c.host()
	pods := c.running()
	take := func() {
		t.Helper()
		e.reggen("", "seal", e.path())
		if c.apply() {
			t.Error("a change of users rolled the pods")
		}
	}
	const password = "as #awkward: as 'it' gets"
	if c.letsIn(t, "carol", password) {
		t.Fatal("carol gets in before there is one")
	}
	e.reggen(password+"\n", "user", "add", "carol", "--dir", e.path(), "--password-stdin")
	take()
	if !c.letsIn(t, "carol", password) {
		t.Error("carol was added and doesn't get in")
	}
	e.reggen("", "user", "remove", "carol", "--dir", e.path())
	take()
	if c.letsIn(t, "carol", password) {
		t.Error("carol was removed and gets in")
	}

	before := c.config("default", "regcred")
	e.reggen("", "user", "rotate", "puller", "--dir", e.path())
	take()
	after := c.config("default", "regcred")
	if user, _ := c.login(); user != "puller-2" {
		t.Errorf("the image pull secret holds %s", user)
	}
	before.ok("digest", host+"/small:1") // of a node that has not got the new one yet
	after.ok("digest", host+"/small:1")
	e.reggen("", "user", "retire", "puller", "--dir", e.path())
	take()
	after.ok("digest", host+"/small:1")
	if _, _, code := before.run("digest", host+"/small:1"); code == 0 {
		t.Error("the retired password gets in")
	}
	for i, p := range c.running() {
		if p != pods[i] {
			t.Error("a pod was replaced")
		}
	}
}
