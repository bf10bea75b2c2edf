//go:build linux

package running

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The other examples, not a byte changed. dev: one replica on a volume, which
// outlives the pod.
func TestDev(t *testing.T) {
	t.Parallel()
	c := deploy(t, example(t, "dev"))
	cluster, small := c.config("default", "regcred"), newImage(t, 3<<20)
	cluster.ok("push", small.dir, c.host()+"/app:1")
	c.roll()
	out := filepath.Join(t.TempDir(), "out")
	cluster.ok("pull", "--format", "oci", c.host()+"/app:1", out)
	verify(t, out, small)
}

// prod: as many replicas as its autoscaler wants at least, on Amazon's S3.
func TestProd(t *testing.T) {
	t.Parallel()
	var s *store
	c := deploy(t, example(t, "prod"), func(o *objects) {
		s = newStore(t, "s3.eu-central-1.amazonaws.com", "eu-central-1", "example-images", o.secrets["registry/docker-registry-s3"])
	})
	if n := len(c.running()); n != 3 {
		t.Errorf("%d pods", n)
	}
	ci, shop, small := c.config("ci", "regcred-ci"), c.config("shop", "regcred"), newImage(t, 12<<20)
	ci.ok("push", small.dir, c.host()+"/app:1")
	out := filepath.Join(t.TempDir(), "out")
	shop.ok("pull", "--format", "oci", c.host()+"/app:1", out)
	verify(t, out, small)
	if room, _ := s.room(); room < 12<<20 {
		t.Errorf("the bucket holds %d bytes", room)
	}
}

// What the Ingress says of bodies counts: with little room an image is refused.
func TestBodySize(t *testing.T) {
	t.Parallel()
	e := changed(t, "dev", "small.example.com", nil)
	e.change(func(s map[string]any) { s["ingress"].(map[string]any)["maxBodySize"] = "1m" })
	c := deploy(t, e)
	cluster, fits, large := c.config("default", "regcred"), newImage(t, 1<<10), newImage(t, 2<<20)
	cluster.ok("push", fits.dir, c.host()+"/app:1")
	if _, stderr, code := cluster.run("push", large.dir, c.host()+"/app:2"); code == 0 || !strings.Contains(stderr, "413") {
		t.Errorf("a layer above the limit: exit status %d\n%s", code, stderr)
	}
	status, header, _ := c.through().do(http.MethodGet, "/v2/", nil)
	if status != http.StatusOK || header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d, with the headers %v", status, header)
	}
}

// The runner itself: the process is as confined as the pod says, and sees the
// pod's files and nothing of this machine's.
func TestThePodIsConfined(t *testing.T) {
	t.Parallel()
	e := example(t, "dev")
	o := e.build()
	claims := t.TempDir()
	p := startPod(t, o, o.deployment.Namespace, "confined", o.deployment.Spec.Template.Spec, claims, func() {})
	listening(t, p.address+":5000")
	proc := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	must(t, err)
	want := []string{"Name:\tregistry", "Umask:\t0022", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"}
	if !singleUser() {
		want = append(want, "Uid:\t1000\t1000\t1000\t1000", "Gid:\t1000\t1000\t1000\t1000", "Groups:\t1000")
	}
	for _, line := range want {
		if !bytes.Contains(status, []byte("\n"+line)) && !bytes.HasPrefix(status, []byte(line)) {
			t.Errorf("the process's status has no line %q:\n%s", line, status)
		}
	}
	for file, text := range map[string]string{
		"auth/htpasswd":               string(o.secrets["registry/docker-registry-htpasswd"].Data["htpasswd"]),
		"etc/distribution/config.yml": strings.Replace(o.configMaps["docker-registry-config"].Data["config.yml"], "addr: :5000", "addr: "+p.address+":5000", 1),
	} {
		if have, err := os.ReadFile(proc + "root/" + file); err != nil || string(have) != text {
			t.Errorf("/%s is not what the objects hold: %v", file, err)
		}
	}
	for _, file := range []string{"tmp", "root", "home", "work", "usr"} {
		if found, _ := os.ReadDir(proc + "root/" + file); len(found) > 0 {
			t.Errorf("the pod sees this machine's /%s", file)
		}
	}
	mounts, err := os.ReadFile(proc + "mounts")
	must(t, err)
	for _, mount := range []string{" / tmpfs ro,", " /auth ", " /etc/distribution ", " /var/lib/registry "} {
		if !strings.Contains(string(mounts), mount) {
			t.Errorf("no mount %q:\n%s", mount, mounts)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("the pod exits with status %d", code)
	}
}
