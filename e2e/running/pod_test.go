//go:build linux

package running

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// pod is a running pod with one container.
type pod struct {
	t         *testing.T
	name      string
	address   string
	spec      corev1.PodSpec
	container corev1.Container
	dir       string // its volumes
	cmd       *exec.Cmd
	log       *output
	exited    chan struct{}
	changed   func() // is called when it becomes ready, or no longer is

	began       time.Time
	mu          sync.Mutex
	ready       bool
	wasReady    bool // at some time
	terminating bool
	unalive     int // liveness probes that failed
	code        int
}

// rewritten is a pod's own address: where a configuration says to listen on
// all, which two pods on one loopback can't do.
var rewritten = regexp.MustCompile(`(?m)^(\s*addr: )(:\d+)$`)

// startPod starts a pod as the kubelet would. claims are the folders of its
// PersistentVolumeClaims.
func startPod(t *testing.T, o *objects, namespace, name string, spec corev1.PodSpec, claims string, changed func()) *pod {
	t.Helper()
	if len(spec.Containers) != 1 || len(spec.InitContainers) != 0 {
		t.Fatalf("%s: %d containers, %d before it; this runner knows one", name, len(spec.Containers), len(spec.InitContainers))
	}
	p := &pod{t: t, name: name, address: podAddress(), spec: spec, container: spec.Containers[0], dir: t.TempDir(), log: &output{}, exited: make(chan struct{}), changed: changed}
	c := container{
		Root: filepath.Join(p.dir, "root"), Program: filepath.Join(bin, program(t, p.container.Image)), Links: []string{"/bin/registry"},
		Folders: []string{"/etc/distribution", "/etc/docker/registry", "/var/lib/registry", "/tmp"},
		Files: map[string]string{
			"/etc/passwd": "root:x:0:0::/:\n", "/etc/resolv.conf": "", "/etc/ssl/certs/ca-certificates.crt": string(authority.text),
			"/etc/nsswitch.conf": "hosts: files\n",
		},
		Env: p.environment(o, namespace),
	}
	for _, folder := range []string{c.Root, filepath.Join(p.dir, "volumes")} {
		must(t, os.MkdirAll(folder, 0o755))
	}
	c.Mounts = append(c.Mounts, bind{hostsFile, "/etc/hosts", true})
	c.Argv = append(slices.Clone(p.container.Command), p.container.Args...)
	if len(p.container.Command) == 0 {
		t.Fatalf("%s: no command; the image's own is unknown here", name)
	}
	if !strings.Contains(c.Argv[0], "/") { // as PATH finds it in the image
		c.Argv[0] = "/bin/" + c.Argv[0]
	}
	p.fill(o, namespace, claims)
	for _, m := range p.container.VolumeMounts {
		c.Mounts = append(c.Mounts, bind{filepath.Join(p.volume(m.Name, claims), m.SubPath), m.MountPath, m.ReadOnly})
	}
	p.secure(&c)
	cmd, err := c.start()
	must(t, err)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	must(t, cmd.Start())
	p.cmd, p.began = cmd, time.Now()
	go func() {
		_ = cmd.Wait()
		p.mu.Lock()
		p.code = cmd.ProcessState.ExitCode()
		p.mu.Unlock()
		p.set(false)
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("the end of the log of %s:\n%s", p.name, p.log.end())
		}
	})
	go p.probe()
	return p
}

// program is which one an image holds.
func program(t *testing.T, image string) string {
	_, tag, _ := strings.Cut(image, ":")
	switch {
	case strings.HasPrefix(tag, "3."):
		t.Logf("the image %s is distribution 3 as go.mod pins it", image)
		return "registry3"
	case tag == "2.8.3":
		return "registry2"
	}
	t.Fatalf("no program for the image %s", image)
	return ""
}

// environment is what the container gets: the image's, the kubelet's, and the
// template's with every reference resolved.
func (p *pod) environment(o *objects, namespace string) []string {
	p.t.Helper()
	env := map[string]string{
		"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": p.name,
		"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443", // come even without service links
	}
	if p.spec.EnableServiceLinks == nil || *p.spec.EnableServiceLinks {
		p.t.Fatalf("%s: service links, which this runner doesn't make", p.name)
	}
	for _, from := range p.container.EnvFrom {
		if from.SecretRef == nil || from.Prefix != "" {
			p.t.Fatalf("%s: envFrom of a kind that this runner doesn't know", p.name)
		}
		for k, v := range p.secret(o, namespace, from.SecretRef.Name).Data {
			env[k] = string(v)
		}
	}
	for _, e := range p.container.Env {
		value := e.Value
		if ref := e.ValueFrom; ref != nil {
			if ref.SecretKeyRef == nil {
				p.t.Fatalf("%s: %s comes from what this runner doesn't know", p.name, e.Name)
			}
			raw, there := p.secret(o, namespace, ref.SecretKeyRef.Name).Data[ref.SecretKeyRef.Key]
			if !there {
				p.t.Fatalf("%s: %s comes from a key %s that its Secret doesn't have", p.name, e.Name, ref.SecretKeyRef.Key)
			}
			value = string(raw)
		} else if strings.Contains(value, "$(") {
			p.t.Fatalf("%s: %s refers to other variables, which this runner doesn't resolve", p.name, e.Name)
		}
		env[e.Name] = value
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, name+"="+env[name])
	}
	return out
}

func (p *pod) secret(o *objects, namespace, name string) corev1.Secret {
	p.t.Helper()
	s, there := o.secrets[namespace+"/"+name]
	if !there {
		p.t.Fatalf("%s: no Secret %s in the namespace %s: the kubelet would not start it", p.name, name, namespace)
	}
	return s
}

// secure sets what the security contexts say.
func (p *pod) secure(c *container) {
	s, own := p.spec.SecurityContext, p.container.SecurityContext
	if s == nil || own == nil || s.RunAsUser == nil || s.RunAsGroup == nil {
		p.t.Fatalf("%s: no user, which would be the image's", p.name)
	}
	c.UID, c.GID = int(*s.RunAsUser), int(*s.RunAsGroup)
	if s.FSGroup != nil {
		c.Groups = []int{int(*s.FSGroup)}
	}
	if singleUser() {
		p.t.Logf("rewritten: %s runs as the only user of this namespace in the place of %d", p.name, c.UID)
		c.UID, c.GID, c.Groups = 0, 0, nil
	}
	c.ReadOnlyRoot = own.ReadOnlyRootFilesystem != nil && *own.ReadOnlyRootFilesystem
	c.NoNewPrivs = own.AllowPrivilegeEscalation != nil && !*own.AllowPrivilegeEscalation
	c.DropAll = own.Capabilities != nil && slices.Contains(own.Capabilities.Drop, "ALL")
}

// number is the how manieth pod of its Deployment it is.
func (p *pod) number() int {
	n, _ := strconv.Atoi(p.name[strings.LastIndex(p.name, "-")+1:])
	return n
}

// stop ends a pod as the kubelet does, and says with which status it exited.
func (p *pod) stop() int {
	p.t.Helper()
	p.terminate()
	return p.wait(time.Duration(*p.spec.TerminationGracePeriodSeconds) * time.Second)
}

// terminate is the beginning of that: it is no endpoint any more, and is told.
func (p *pod) terminate() {
	p.mu.Lock()
	p.terminating = true
	p.mu.Unlock()
	p.changed()
	if hook := p.container.Lifecycle; hook != nil && hook.PreStop != nil {
		if hook.PreStop.Exec == nil || len(hook.PreStop.Exec.Command) != 2 || hook.PreStop.Exec.Command[0] != "sleep" {
			p.t.Errorf("%s: a preStop hook that this runner doesn't know", p.name)
		} else { // the image's is not here
			must(p.t, exec.Command("sleep", hook.PreStop.Exec.Command[1]).Run())
		}
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
}

// wait waits for a pod's end, and kills it when its time is over.
func (p *pod) wait(grace time.Duration) int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(grace):
		p.t.Errorf("%s had to be killed after %s", p.name, grace)
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.code
}
