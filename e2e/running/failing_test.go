//go:build linux

package running

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The bucket goes away for a minute: no pod is sent requests, none is
// restarted, and all of it comes back by itself.
func TestStoreOutage(t *testing.T) {
	t.Parallel()
	outage(t, "outage.example.com", "lon1", "version 3")
}
func TestStoreOutageOnVersion2(t *testing.T) {
	t.Parallel()
	outage(t, "outage2.example.com", "lon2", "version 2")
}

func outage(t *testing.T, host, region, version string) {
	c := deployOn(t, changed(t, "staging", host, map[string]any{"storage": spaces(region), "image": versions[version]}), region)
	cluster, small := c.config("default", "regcred"), newImage(t, 1<<10)
	cluster.ok("push", small.dir, c.host()+"/app:1")
	c.store.stop()
	gone := time.Now()
	for _, p := range c.running() {
		eventually(t, 90*time.Second, p.name+" is no longer ready", func() error { return sayIf(p.isReady(), "it is") })
	}
	t.Logf("no pod was ready %.0f s after the store went", time.Since(gone).Seconds())
	if status, _, _ := c.through().do(http.MethodGet, "/v2/", nil); status != http.StatusServiceUnavailable {
		t.Errorf("without a ready pod nginx answers %d", status)
	}
	c.store.start()
	back := time.Now()
	c.ready(60 * time.Second)
	t.Logf("all pods were ready %.0f s after it came back", time.Since(back).Seconds())
	if got := strings.TrimSpace(cluster.ok("digest", c.host()+"/app:1")); got != small.digest {
		t.Errorf("the image is %s, was %s", got, small.digest)
	}
	probe := c.objects.deployment.Spec.Template.Spec.Containers[0].LivenessProbe
	for _, p := range c.running() {
		if p.number() > c.objects.replicas {
			t.Errorf("%s is not one of the first pods", p.name)
		}
		if n := p.failedAlive(); n >= int(or(probe.FailureThreshold, 3)) {
			t.Errorf("%s: liveness failed %d times: the kubelet would have restarted it", p.name, n)
		}
	}
	if room := time.Duration(or(probe.FailureThreshold, 3)*or(probe.PeriodSeconds, 10)) * time.Second; probe.TCPSocket == nil && room < 20*time.Minute {
		t.Errorf("liveness asks the store and gives it only %s", room)
	}
}

// A pod with wrong keys for the bucket. What it does today: it is ready until
// its own check of the storage has failed three times, and is sent requests
// that it can't answer; then it is taken out, and its log says why.
func TestWrongKeys(t *testing.T) { t.Parallel(); wrongKeys(t, "keys.example.com", "sfo3", "version 3") }
func TestWrongKeysOnVersion2(t *testing.T) {
	t.Parallel()
	wrongKeys(t, "keys2.example.com", "sfo2", "version 2")
}

func wrongKeys(t *testing.T, host, region, version string) {
	e := changed(t, "staging", host, map[string]any{"storage": spaces(region), "replicas": 1, "image": versions[version]})
	c := deployOn(t, e, region)
	small := newImage(t, 1<<10)
	c.config("default", "regcred").ok("push", small.dir, c.host()+"/app:1")

	e.reggen("secretKey=wrong-and-secret-0123456789\n", "credential", "set", "s3", "--dir", e.path(), "--stdin")
	e.reggen("", "seal", e.path())
	next := e.build()
	if next.deployment.Spec.Template.Annotations["reggen.dev/rollout"] == c.objects.deployment.Spec.Template.Annotations["reggen.dev/rollout"] {
		t.Error("new keys don't roll the pods, which read theirs at the start only")
	}
	began := time.Now()
	p := startPod(t, next, c.namespace, "wrong-keys", next.deployment.Spec.Template.Spec, c.claims, func() {})
	wrong := c.direct(p)
	eventually(t, 30*time.Second, "the pod is ready (today)", func() error { return sayIf(!p.isReady(), "it is not") })
	ready := time.Since(began)
	if status, _, _ := wrong.do(http.MethodGet, "/v2/app/manifests/1", nil); status < 400 {
		t.Errorf("a manifest comes out of a bucket whose keys are wrong: %d", status)
	}
	eventually(t, 60*time.Second, "the pod is no longer ready", func() error { return sayIf(p.isReady(), "it still is") })
	taken := time.Since(began)
	t.Logf("with wrong keys a pod is ready from %.1f s to %.1f s after its start", ready.Seconds(), taken.Seconds())
	if minimum := time.Duration(next.deployment.Spec.MinReadySeconds) * time.Second; minimum > taken-ready {
		t.Errorf("minReadySeconds is %s, longer than the pod is ready: a rollout would stop at it, and this test should say so", minimum)
	}
	log := p.log.String()
	says := "storage driver health check: s3aws: SignatureDoesNotMatch"
	if version == "version 2" { // whose check of the storage logs nothing: only requests do
		says = "s3aws: SignatureDoesNotMatch"
	}
	if !strings.Contains(log, says) {
		t.Errorf("the log doesn't say that the keys are wrong:\n%s", p.log.end())
	}
	if strings.Contains(log, "wrong-and-secret") {
		t.Error("the log holds the secret key")
	}
}

// SIGTERM in the middle of an upload: what is under way is finished, and the
// process ends by itself with status 0. New connections to the pod are refused
// at once, while nodes may still send some: they learn of it later.
func TestDrain(t *testing.T) {
	t.Parallel()
	for version, image := range versions {
		t.Run(version, func(t *testing.T) {
			drains(t, deployOn(t, changed(t, "staging", "drain.example.com", map[string]any{"storage": spaces("fra1"), "image": image}), "fra1"))
		})
	}
}

func drains(t *testing.T, c *cluster) {
	first, second := bytes.Repeat([]byte("1"), 6<<20), bytes.Repeat([]byte("2"), 6<<20)
	p := c.running()[0]
	direct := c.direct(p)
	at := direct.upload("drained")
	r, w := io.Pipe()
	type answer struct {
		status int
		header http.Header
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		status, header, _, err := direct.try(http.MethodPatch, at, r)
		answers <- answer{status, header, err}
	}()
	_, err := w.Write(first)
	must(t, err)
	p.terminate()
	refused := time.Now()
	eventually(t, 5*time.Second, "new connections are refused", func() error {
		conn, err := net.DialTimeout("tcp", p.address+":5000", time.Second)
		if err != nil {
			return nil
		}
		conn.Close()
		return sayIf(true, "they are taken")
	})
	t.Logf("new connections were refused %.2f s after SIGTERM", time.Since(refused).Seconds())
	// Clients that come by the Service find the other replica.
	cluster, small := c.config("default", "regcred"), newImage(t, 1<<10)
	cluster.ok("push", small.dir, c.host()+"/app:1")

	time.Sleep(2 * time.Second)
	_, err = w.Write(second)
	must(t, err)
	must(t, w.Close())
	a := <-answers
	if a.err != nil || a.status != http.StatusAccepted {
		t.Fatalf("the upload under way: %d %v", a.status, a.err)
	}
	if code := p.wait(time.Duration(*p.spec.TerminationGracePeriodSeconds) * time.Second); code != 0 {
		t.Errorf("the drained pod exits with status %d", code)
	}
	// The rest of it goes to the other replica, by nginx.
	digest := digestOf(first, second)
	if status, _, text := c.through().do(http.MethodPut, then(direct.where(a.header), digest), nil); status != http.StatusCreated {
		t.Errorf("the end at the other replica: %d %s", status, text)
	}
}
