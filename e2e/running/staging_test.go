//go:build linux

package running

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tutorial's registry as it is built, not a byte changed: two replicas on
// a Space, behind ingress-nginx, with an image pull secret.
func TestStaging(t *testing.T) {
	e := example(t, "staging")
	c := deploy(t, e, func(o *objects) {
		newStore(t, "nyc3.digitaloceanspaces.com", "my-space", o.secrets["registry/docker-registry-s3"])
	})
	cluster := c.config("default", "regcred") // what the kubelet pulls with
	const host = "registry.example.com"
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
		alice := e.password("alice")
		dir := t.TempDir()
		person := client{t, dir}
		if _, stderr, code := person.feed(alice, "auth", "login", host, "-u", "alice", "--password-stdin"); code != 0 {
			t.Fatalf("crane auth login: %s", stderr)
		}
		person.ok("catalog", host)
		must(t, os.Remove(filepath.Join(dir, "config.json")))
		if _, _, code := person.feed(alice+"x", "auth", "login", host, "-u", "alice", "--password-stdin"); code == 0 {
			if _, _, code := person.run("catalog", host); code == 0 {
				t.Error("a wrong password gets in")
			}
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
		cluster.ok("validate", "--remote", host+"/team/app:1")
	})
}
