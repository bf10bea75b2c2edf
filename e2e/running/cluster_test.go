//go:build linux

package running

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// cluster is what the objects of one environment have started.
type cluster struct {
	t         *testing.T
	env       *environment
	namespace string
	claims    string
	store     *store
	number    int
	patient   bool // a pod is asked when the Deployment says so, and ends as slowly

	mu      sync.Mutex // a pod's probes read what follows; only the test changes it
	objects *objects
	front   *front
	pods    []*pod
}

// deploy starts an environment's pods, waits until they are ready, and puts
// nginx in front as its Ingress, or its route, says.
func deploy(t *testing.T, e *environment, more ...func(*objects)) *cluster {
	t.Helper()
	c := &cluster{t: t, env: e, claims: t.TempDir()}
	c.objects = e.build()
	for _, f := range more {
		f(c.objects)
	}
	c.namespace = c.objects.deployment.Namespace
	for range c.objects.replicas {
		c.start()
	}
	f := newFront(t, c)
	c.mu.Lock()
	c.front = f
	c.mu.Unlock()
	c.ready(60 * time.Second)
	return c
}

// deployOn does so on a store in a region, which is there before the pods.
func deployOn(t *testing.T, e *environment, region string, more ...func(*objects)) *cluster {
	t.Helper()
	var s *store
	c := deploy(t, e, append([]func(*objects){func(o *objects) {
		s = newStore(t, region+".digitaloceanspaces.com", region, bucket, o.secrets["registry/docker-registry-s3"])
	}}, more...)...)
	c.store = s
	return c
}

// start starts one more pod of the Deployment.
func (c *cluster) start() *pod {
	c.t.Helper()
	c.number++
	name := fmt.Sprintf("%s-%d", c.objects.deployment.Name, c.number)
	spec := c.objects.deployment.Spec.Template.Spec
	if !c.patient {
		spec = c.hurried(name, spec)
	}
	p := startPod(c.t, c.objects, c.namespace, name, spec, c.claims, c.endpointsChanged)
	c.mu.Lock()
	c.pods = append(c.pods, p)
	c.mu.Unlock()
	return p
}

// hurried is a pod that is asked whether it is ready as soon as it has started,
// and is told at once that it is to end: most of these tests are about neither.
// TestWrongKeys and TestDrain are.
func (c *cluster) hurried(name string, spec corev1.PodSpec) corev1.PodSpec {
	spec = *spec.DeepCopy()
	for i := range spec.Containers {
		if probe := spec.Containers[i].ReadinessProbe; probe != nil && probe.InitialDelaySeconds > 0 {
			c.t.Logf("shortened: %s is asked whether it is ready at once, not after %d s", name, probe.InitialDelaySeconds)
			probe.InitialDelaySeconds = 0
		}
		if spec.Containers[i].Lifecycle != nil {
			c.t.Logf("shortened: %s ends without the pause of its preStop hook", name)
			spec.Containers[i].Lifecycle = nil
		}
	}
	return spec
}

func (c *cluster) endpointsChanged() {
	c.mu.Lock()
	f := c.front
	c.mu.Unlock()
	if f != nil {
		f.reload()
	}
}

// current is what the API server holds now.
func (c *cluster) current() *objects {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.objects
}

// ready waits until all pods are.
func (c *cluster) ready(within time.Duration) {
	c.t.Helper()
	for _, p := range c.running() {
		eventually(c.t, within, p.name+" is ready", func() error { return sayIf(!p.isReady(), "it is not") })
	}
	c.endpointsChanged()
}

func (c *cluster) running() []*pod {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*pod
	for _, p := range c.pods {
		select {
		case <-p.exited:
		default:
			out = append(out, p)
		}
	}
	return out
}

// apply takes a new build in, as the API server and the controllers do: mounted
// files change in place, and a changed template rolls the pods. It says whether
// it did.
func (c *cluster) apply() (rolled bool) {
	c.t.Helper()
	old := c.objects
	c.take(c.env.build())
	if reflect.DeepEqual(old.deployment.Spec.Template, c.objects.deployment.Spec.Template) {
		for _, p := range c.running() {
			p.fill(c.objects, c.namespace, c.claims)
		}
		return false
	}
	c.roll()
	return true
}

// take takes a build in as the API server does; the pods stay as they are.
func (c *cluster) take(o *objects) {
	c.mu.Lock()
	c.objects = o
	c.mu.Unlock()
}

// roll replaces the pods one by one, the new one first unless the Deployment
// says otherwise.
func (c *cluster) roll() {
	c.t.Helper()
	before := c.objects.deployment.Spec.Strategy.RollingUpdate
	first := before != nil && before.MaxSurge != nil && before.MaxSurge.IntValue() > 0
	for _, old := range c.running() {
		if !first {
			old.stop()
		}
		c.start()
		c.ready(60 * time.Second)
		if first {
			old.stop()
		}
	}
}

// job runs a CronJob's pod to its end and returns what it said.
func (c *cluster) job() (log string, code int) {
	c.t.Helper()
	if len(c.objects.cronJobs) != 1 {
		c.t.Fatalf("%d CronJobs among the objects", len(c.objects.cronJobs))
	}
	c.number++
	job := c.objects.cronJobs[0]
	spec := job.Spec.JobTemplate.Spec.Template.Spec
	p := startPod(c.t, c.objects, c.namespace, fmt.Sprintf("%s-%d", job.Name, c.number), spec, c.claims, func() {})
	return p.end(2 * time.Minute)
}

func (p *pod) end(within time.Duration) (log string, code int) {
	p.t.Helper()
	code = p.wait(within)
	return p.log.String(), code
}

// config writes what an image pull secret holds where a client looks for it.
func (c *cluster) config(namespace, name string) client {
	c.t.Helper()
	s, there := c.objects.secrets[namespace+"/"+name]
	if !there {
		c.t.Fatalf("no Secret %s in the namespace %s", name, namespace)
	}
	dir := c.t.TempDir()
	must(c.t, os.WriteFile(filepath.Join(dir, "config.json"), s.Data[".dockerconfigjson"], 0o600))
	return client{c.t, dir}
}

// client is crane with one folder of credentials.
type client struct {
	t   *testing.T
	dir string
}

// run runs crane, whatever becomes of it.
func (c client) run(args ...string) (stdout, stderr string, code int) {
	c.t.Helper()
	return c.feed("", args...)
}

func (c client) feed(stdin string, args ...string) (stdout, stderr string, code int) {
	c.t.Helper()
	cmd := exec.Command(filepath.Join(bin, "crane"), args...)
	cmd.Env = []string{"DOCKER_CONFIG=" + c.dir, "HOME=" + c.dir, "SSL_CERT_FILE=" + authority.file, "TMPDIR=" + c.t.TempDir()}
	return finish(c.t, cmd, stdin)
}

// ok runs crane, which must succeed.
func (c client) ok(args ...string) string {
	c.t.Helper()
	stdout, stderr, code := c.run(args...)
	if code != 0 {
		c.t.Fatalf("crane %v: exit status %d\n%s", args[:min(2, len(args))], code, stderr)
	}
	return stdout
}
