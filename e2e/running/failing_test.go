//go:build linux

package running

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"reflect"
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
	if room := time.Duration(or(probe.FailureThreshold, 3)*or(probe.PeriodSeconds, 10)) * time.Second; probe.TCPSocket == nil && room < 12*time.Hour {
		t.Errorf("liveness asks the store and gives it only %s", room)
	}
}

// A rollout to pods that can't reach the bucket, with wrong keys for it or with
// another's name: the new pod never is ready, so it takes no good one's place and
// is sent nothing, its log says why, and nobody outside notices. Put right, the
// next pod is ready when the Deployment says and serves.
func TestWrongKeys(t *testing.T) {
	t.Parallel()
	wrongRollout(t, "keys.example.com", "sfo3", "version 3", wrongKey)
}
func TestWrongKeysOnVersion2(t *testing.T) {
	t.Parallel()
	wrongRollout(t, "keys2.example.com", "sfo2", "version 2", wrongKey)
}
func TestWrongBucket(t *testing.T) {
	t.Parallel()
	wrongRollout(t, "bucket.example.com", "nyc2", "version 3", wrongBucket)
}

// mistake is made in an environment, and put right again.
type mistake struct {
	make func(*environment)
	mend func(e *environment, key string)
	says map[string]string // what the pod's log says, by version
}

var wrongKey = mistake{
	make: func(e *environment) { secretKey(e, "wrong-and-secret-0123456789") },
	mend: secretKey,
	says: map[string]string{
		"version 3": "storage driver health check: s3aws: SignatureDoesNotMatch",
		"version 2": "s3aws: SignatureDoesNotMatch", // its check logs nothing: only requests do
	},
}

var wrongBucket = mistake{
	make: func(e *environment) { inBucket(e, "my-spaec") },
	mend: func(e *environment, _ string) { inBucket(e, bucket) },
	says: map[string]string{"version 3": "storage driver health check: s3aws: NoSuchBucket"},
}

func secretKey(e *environment, key string) {
	e.t.Helper()
	e.reggen("secretKey="+key+"\n", "credential", "set", "s3", "--dir", e.path(), "--stdin")
}

func inBucket(e *environment, name string) {
	e.change(func(spec map[string]any) { spec["storage"].(map[string]any)["s3"].(map[string]any)["bucket"] = name })
}

func wrongRollout(t *testing.T, host, region, version string, m mistake) {
	e := changed(t, "staging", host, map[string]any{"storage": spaces(region), "replicas": 1, "image": versions[version]})
	c := deployOn(t, e, region)
	right := string(c.objects.secrets["registry/docker-registry-s3"].Data["s3SecretKey"])
	small := newImage(t, 1<<10)
	c.config("default", "regcred").ok("push", small.dir, c.host()+"/app:1")
	good := c.running()[0]
	// From here the pods are what the Deployment says, to the second.
	c.patient = true
	rollout := func() *pod {
		t.Helper()
		e.reggen("", "seal", e.path())
		old := c.objects.deployment.Spec.Template
		c.take(e.build())
		if reflect.DeepEqual(old, c.objects.deployment.Spec.Template) {
			t.Fatal("the pods are not replaced")
		}
		return c.start()
	}
	serves := func() {
		t.Helper()
		if status, _, _ := c.through().do(http.MethodGet, "/v2/app/tags/list", nil); status != http.StatusOK {
			t.Errorf("in the rollout a client gets %d", status)
		}
		time.Sleep(200 * time.Millisecond)
	}

	m.make(e)
	p := rollout()
	wrong := c.direct(p)
	listening(t, p.address+":5000")
	if status, _, _ := wrong.do(http.MethodGet, "/v2/app/tags/list", nil); status < 400 {
		t.Errorf("tags come out of a bucket that can't be reached: %d", status)
	}
	said := time.Duration(0) // when it says itself that it isn't well
	for time.Since(p.began) < 35*time.Second {
		serves()
		if status, _, _ := wrong.do(http.MethodGet, "/", nil); said == 0 && status == http.StatusServiceUnavailable {
			said = time.Since(p.began)
		}
	}
	delay := time.Duration(p.container.ReadinessProbe.InitialDelaySeconds) * time.Second
	t.Logf("the pod says after %.1f s that its storage is away, and is asked after %s", said.Seconds(), delay)
	if p.everReady() || !good.isReady() {
		t.Errorf("the pod that can't reach the bucket was ready: %v; the good one is: %v", p.everReady(), good.isReady())
	}
	if said == 0 || said > delay-2*time.Second {
		t.Errorf("it says so after %s: no room to its first probe after %s", said, delay)
	}
	log := p.log.String()
	if !strings.Contains(log, m.says[version]) {
		t.Errorf("the log doesn't say why:\n%s", p.log.end())
	}
	if strings.Contains(log, "wrong-and-secret") {
		t.Error("the log holds the secret key")
	}

	m.mend(e, right)
	next := rollout()
	p.stop()
	for began := time.Now(); !next.isReady(); serves() {
		if time.Since(began) > 60*time.Second {
			t.Fatal("put right, the next pod is not ready")
		}
	}
	ready := time.Since(next.began)
	good.stop()
	serves()
	t.Logf("with the right ones a pod is ready after %.1f s", ready.Seconds())
	if ready < delay {
		t.Errorf("it was ready after %s, sooner than the Deployment says", ready)
	}
}

// A pod is told to end in the middle of an upload. While its preStop hook sleeps it
// takes new connections, from those who haven't learned yet; then it refuses them,
// finishes what is under way, and the process ends by itself with status 0.
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
	p.container.Lifecycle = c.objects.deployment.Spec.Template.Spec.Containers[0].Lifecycle // which was shortened
	told, ended := time.Now(), make(chan struct{})
	go func() { p.terminate(); close(ended) }()
	for answered := 0; ; answered++ {
		status, _, _, err := direct.try(http.MethodGet, "/v2/", nil)
		if err != nil {
			t.Logf("%d new connections were answered, for %.2f s after the pod began to end", answered, time.Since(told).Seconds())
			break
		}
		if status != http.StatusOK {
			t.Errorf("a new connection is answered with %d", status)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if pause := time.Since(told); pause < 4*time.Second || pause > 10*time.Second {
		t.Errorf("new connections were refused after %s", pause)
	}
	<-ended
	if conn, err := net.DialTimeout("tcp", p.address+":5000", time.Second); err == nil {
		conn.Close()
		t.Error("it takes connections again")
	}
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
	if grace := *p.spec.TerminationGracePeriodSeconds; grace < 5+120 {
		t.Errorf("the pod is killed after %d s: the pause and the drain need more", grace)
	}
	if code := p.wait(time.Duration(*p.spec.TerminationGracePeriodSeconds)*time.Second - time.Since(told)); code != 0 {
		t.Errorf("the drained pod exits with status %d", code)
	}
	// The rest of it goes to the other replica, by nginx.
	digest := digestOf(first, second)
	if status, _, text := c.through().do(http.MethodPut, then(direct.where(a.header), digest), nil); status != http.StatusCreated {
		t.Errorf("the end at the other replica: %d %s", status, text)
	}
}
