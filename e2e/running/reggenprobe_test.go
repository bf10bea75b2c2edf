//go:build linux

package running

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/e2e/golden"
)

// probeCase is a way in which a set-up is broken: what it changes, and the exit
// status that follows.
type probeCase struct {
	name  string
	args  []string
	code  int
	pods  []func(*objects) // what each replica's objects have otherwise, in turn
	front func(f *front)
	store func(s *store)
}

// reggen probe against the whole of it, well and broken in each way: two replicas
// on one bucket, behind nginx as the Ingress says, with TLS. The whole of what is
// said is in testdata/probe.
func TestProbe(t *testing.T) {
	t.Parallel()
	const host, region, insideURL = "probed.example.com", "syd1", "https://store.spaces.svc"
	e := changed(t, "staging", host, map[string]any{"storage": spaces(region)})
	c := deployOn(t, e, region)
	asIngress := c.front.write
	// With one worker it takes strict turns, so that the same is said each time.
	good := func() string { return inTurns(asIngress()) }
	certificate := func(by *signer, left time.Duration, name string) func(*front) {
		return func(f *front) {
			cert, key := by.signFor(t, left, name)
			must(t, os.WriteFile(filepath.Join(f.dir, "tls.crt"), cert, 0o644))
			must(t, os.WriteFile(filepath.Join(f.dir, "tls.key"), key, 0o600))
		}
	}
	const life = 60*24*time.Hour + time.Hour
	stranger, err := newAuthority(filepath.Join(t.TempDir(), "ca.crt"))
	must(t, err)
	sound := func(*objects) {}
	unwatched := configured(func(config map[string]any) { delete(config, "health") })
	sections := func(config map[string]any, path ...string) map[string]any {
		for _, name := range path {
			config = config[name].(map[string]any)
		}
		return config
	}

	files := golden.In(filepath.Join("testdata", "probe"))
	replaced := false
	for _, p := range []probeCase{
		{name: "well"},
		{name: "well-at-an-address", args: []string{"--url", "https://" + address(host), "--send-credentials-to", address(host)}},
		{name: "small-bodies", code: 1, front: func(f *front) {
			ingress := c.objects.ingresses[0].DeepCopy()
			ingress.Annotations["nginx.ingress.kubernetes.io/proxy-body-size"] = "1m"
			f.write = func() string { return inTurns(f.fromIngress(*ingress)) }
		}},
		{name: "expired", code: 1, front: certificate(authority, -time.Hour, host)},
		{name: "another-name", code: 1, front: certificate(authority, life, "other.example.com")},
		{name: "another-authority", code: 1, front: certificate(stranger, life, host)},
		{name: "no-proxy-behind-a-balancer", code: 1, front: func(f *front) { // TLS ends in front of nginx, which then says http
			f.write = func() string {
				return strings.Replace(good(), "X-Forwarded-Proto $scheme", "X-Forwarded-Proto http", 1)
			}
		}, pods: []func(*objects){configured(func(config map[string]any) { delete(sections(config, "http"), "host") })}},
		{name: "open", code: 1, pods: []func(*objects){configured(func(config map[string]any) { delete(config, "auth") })}},
		{name: "another-realm", code: 1, pods: []func(*objects){configured(func(config map[string]any) { sections(config, "auth", "htpasswd")["realm"] = "Another" })}},
		{name: "read-only", code: 1, pods: []func(*objects){configured(func(config map[string]any) {
			sections(config, "storage")["maintenance"] = map[string]any{"readonly": map[string]any{"enabled": true}}
		})}},
		{name: "another-secret", code: 1, pods: []func(*objects){sound, func(o *objects) {
			with(o, "registry/docker-registry-http", "haSharedSecret", []byte("another1234567890"))
		}}},
		{name: "another-folder-of-the-bucket", code: 1, pods: []func(*objects){sound, configured(func(config map[string]any) {
			sections(config, "storage", "s3")["rootdirectory"] = "/other"
		})}},
		{name: "store-that-the-cluster-alone-reaches", code: 1, pods: []func(*objects){configured(func(config map[string]any) {
			s3 := sections(config, "storage", "s3")
			s3["regionendpoint"], s3["forcepathstyle"] = insideURL, true
		})}},
		{name: "an-older-hash", code: 1, pods: []func(*objects){func(o *objects) {
			const name = "registry/docker-registry-htpasswd"
			line := regexp.MustCompile(`(?m)^puller:.*$`)
			older := line.ReplaceAll(o.secrets[name].Data["htpasswd"], []byte("puller:$$2y$$05$$abcdefghijklmnopqrstuuY8dnSW4gvhLxgDkPkvbm0Yh5dtbFnVy"))
			if bytes.Equal(older, o.secrets[name].Data["htpasswd"]) {
				t.Error("the htpasswd file has no line of the puller's")
			}
			with(o, name, "htpasswd", older)
		}}},
		// The registry's own check of the storage is off in these two: with it
		// they become no-pods within half a minute, and when is a matter of luck.
		{name: "keys-withdrawn", code: 1, pods: []func(*objects){unwatched}, store: func(s *store) {
			s.stop()
			s.secret = "another-key-0123456789"
			s.start()
		}},
		{name: "store-gone", code: 1, pods: []func(*objects){unwatched}, store: func(s *store) { s.stop() }},
		{name: "no-pods", code: 1, pods: []func(*objects){}},
		{name: "no-front", code: 1, front: func(f *front) {
			must(t, f.cmd.Process.Signal(syscall.SIGTERM)) // killed, it would leave its workers
			<-f.ended
		}},
	} {
		ok := t.Run(p.name, func(t *testing.T) {
			if replaced || p.pods != nil {
				change := p.pods
				if change == nil {
					change = []func(*objects){sound}
				}
				c.replace(t, change)
				replaced = p.pods != nil
			}
			c.front.changed(func() {
				c.front.write = good
				certificate(authority, life, host)(c.front)
				if p.front != nil {
					p.front(c.front)
				}
			})
			if p.store != nil {
				p.store(c.store)
			}
			probes(t, e, files, p, host)
		})
		if !ok && testing.Verbose() {
			for _, pod := range c.running() {
				t.Logf("the end of the log of %s:\n%s", pod.name, pod.log.end())
			}
		}
	}
	files.Orphans(t)
}

// probes runs the program and holds all that it says against a file.
func probes(t *testing.T, e *environment, files *golden.Files, p probeCase, host string) {
	t.Helper()
	args := append([]string{"--send-credentials-to", host}, p.args...)
	began := time.Now()
	stdout, stderr, code := e.run("", append([]string{"probe", e.path(), "--ca", authority.file, "--timeout", "1m"}, args...)...) // a minute, for machines with much to do
	t.Logf("asked for %.1f s", time.Since(began).Seconds())
	for _, user := range []string{"alice", "puller"} {
		if password := e.password(user); strings.Contains(stdout+stderr, password) {
			t.Fatal("a password is told")
		}
	}
	if code != p.code {
		t.Errorf("exit status %d; expected %d", code, p.code)
	}
	text := fmt.Sprintf("$ reggen probe %s %s\nexit status %d\n\n%s", e.path(), strings.Join(args, " "), code, stdout)
	if stderr != "" {
		text += "\nto stderr:\n" + stderr
	}
	files.Compare(t, p.name, text)
}

func inTurns(config string) string {
	return strings.Replace(config, "worker_processes 2;", "worker_processes 1;", 1)
}

// configured changes the registry's configuration in the objects.
func configured(change func(config map[string]any)) func(*objects) {
	return func(o *objects) {
		const name, file = "docker-registry-config", "config.yml"
		var config map[string]any
		if err := yaml.Unmarshal([]byte(o.configMaps[name].Data[file]), &config); err != nil || config == nil {
			panic("the objects have no configuration")
		}
		change(config)
		text, err := yaml.Marshal(config)
		if err != nil {
			panic(err)
		}
		o.configMaps = maps.Clone(o.configMaps)
		m := o.configMaps[name]
		m.Data = map[string]string{file: string(text)}
		o.configMaps[name] = m
	}
}

// with changes one key of a Secret in the objects.
func with(o *objects, name, key string, value []byte) {
	o.secrets = maps.Clone(o.secrets)
	s := o.secrets[name]
	s.Data = maps.Clone(s.Data)
	s.Data[key] = value
	o.secrets[name] = s
}

// replace puts other pods in the place of those that run, made of the objects
// with each of the changes in turn; with none there are no pods. They count as
// ready once they listen: what is broken is not to wait for the kubelet.
func (c *cluster) replace(t *testing.T, changes []func(*objects)) {
	t.Helper()
	old := c.running()
	for _, p := range old {
		_ = p.cmd.Process.Kill()
	}
	for _, p := range old {
		<-p.exited
	}
	if len(changes) > 0 {
		for n := range c.objects.replicas {
			o := *c.objects
			changes[n%len(changes)](&o)
			spec := *o.deployment.Spec.Template.Spec.DeepCopy()
			spec.Containers[0].StartupProbe, spec.Containers[0].ReadinessProbe, spec.Containers[0].LivenessProbe = nil, nil, nil
			c.number++
			p := startPod(c.t, &o, c.namespace, fmt.Sprintf("%s-%d", o.deployment.Name, c.number), spec, c.claims, c.endpointsChanged)
			c.mu.Lock()
			c.pods = append(c.pods, p)
			c.mu.Unlock()
		}
	}
	for _, p := range c.running() {
		listening(t, p.address+":5000")
	}
	c.ready(60 * time.Second)
}

// changed changes what nginx has, and returns when it has taken it.
func (f *front) changed(change func()) {
	f.mu.Lock()
	change()
	f.mu.Unlock()
	f.reload()
}
