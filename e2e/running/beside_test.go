//go:build linux

package running

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A real Redis with a password keeps what both replicas know of layers; when
// it goes away, the registry goes on.
func TestRedis(t *testing.T) {
	t.Parallel()
	for version, image := range versions {
		t.Run(version, func(t *testing.T) {
			const password = "it's 0123 a pass-word" // read as YAML by the registry
			redisSpec := map[string]any{"addrs": []any{"redis.cache.svc:6379"}, "db": 2}
			if version == "version 3" { // which knows users
				redisSpec["username"] = "registry"
			}
			e := example(t, "staging")
			e.change(func(s map[string]any) {
				s["host"], s["storage"], s["image"], s["redis"] = "redis.example.com", spaces("tor1"), image, redisSpec
			})
			e.reggen(password, "credential", "set", "config", "--dir", e.path(), "--field", "REGISTRY_REDIS_PASSWORD", "--stdin")
			e.reggen("", "seal", e.path())
			at := address("redis.cache.svc")
			args := []string{"--bind", at, "--port", "6379", "--save", "", "--appendonly", "no", "--dir", t.TempDir(), "--requirepass", password}
			redis := exec.Command("redis-server", args...)
			service(t, at+":6379", redis)
			ask := func(args ...string) string {
				t.Helper()
				out, stderr, code := finish(t, exec.Command("redis-cli", append([]string{"-h", at, "-a", password, "--no-auth-warning", "-n", "2"}, args...)...), "")
				if code != 0 {
					t.Fatalf("redis-cli: %s", stderr)
				}
				return strings.TrimSpace(out)
			}
			if redisSpec["username"] != nil {
				if got := ask("ACL", "SETUSER", "registry", "on", ">"+password, "~*", "&*", "+@all"); got != "OK" {
					t.Fatalf("Redis takes no user: %s", got)
				}
			}
			c := deployOn(t, e, "tor1")
			cluster, small := c.config("default", "regcred"), newImage(t, 1<<10)
			cluster.ok("push", small.dir, c.host()+"/app:1")
			cluster.ok("validate", "--remote", c.host()+"/app:1")
			keys := ask("--scan")
			for _, layer := range small.layers {
				if !strings.Contains(keys, layer) {
					t.Errorf("Redis knows nothing of the layer %s:\n%s", layer, keys)
				}
			}
			_ = redis.Process.Kill()
			another := newImage(t, 1<<10)
			cluster.ok("push", another.dir, c.host()+"/app:2")
			cluster.ok("validate", "--remote", c.host()+"/app:2")
			for _, p := range c.running() {
				if strings.Contains(p.log.String(), password) {
					t.Errorf("the log of %s holds the password", p.name)
				}
			}
		})
	}
}

// Somebody is told of a push, with the secret header, and Prometheus finds the
// metrics where the Service for them says.
func TestNotificationsAndMetrics(t *testing.T) {
	t.Parallel()
	e := example(t, "dev")
	e.change(func(s map[string]any) {
		s["host"] = "told.example.com"
		s["metrics"] = map[string]any{"serviceMonitor": map[string]any{}}
		s["notifications"] = map[string]any{"endpoints": map[string]any{"ci": map[string]any{
			"url": "https://ci.example.com/events", "headers": map[string]any{"X-Source": "registry"}, "timeout": "5s", "ignoredActions": []any{"pull"},
		}}}
	})
	const token = "Bearer 0123: #secret"
	e.reggen(token, "credential", "set", "config", "--dir", e.path(), "--field", "notifications.ci.Authorization", "--stdin")
	e.reggen("", "seal", e.path())

	var mu sync.Mutex
	var told []string
	listener, err := net.Listen("tcp", address("ci.example.com")+":443")
	must(t, err)
	ci := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var events struct {
			Events []struct {
				Action string
				Target struct{ Repository, Tag string }
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&events); err != nil || r.Header.Get("Authorization") != token || r.Header.Get("X-Source") != "registry" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, event := range events.Events {
			told = append(told, fmt.Sprintf("%s %s:%s", event.Action, event.Target.Repository, event.Target.Tag))
		}
	}))
	cert, key := authority.sign(t, "ci.example.com")
	pair, err := tls.X509KeyPair(cert, key)
	must(t, err)
	ci.Listener.Close()
	ci.Listener, ci.TLS = listener, &tls.Config{Certificates: []tls.Certificate{pair}}
	ci.StartTLS()
	t.Cleanup(ci.Close)

	c := deploy(t, e)
	cluster, small := c.config("default", "regcred"), newImage(t, 1<<10)
	cluster.ok("push", small.dir, c.host()+"/team/app:1")
	cluster.ok("digest", c.host()+"/team/app:1")
	eventually(t, 20*time.Second, "the push is told", func() error {
		mu.Lock()
		defer mu.Unlock()
		return sayIf(!strings.Contains(strings.Join(told, "\n"), "push team/app:1"), "told is %q", told)
	})
	mu.Lock()
	if text := strings.Join(told, "\n"); strings.Contains(text, "pull ") {
		t.Errorf("pulls are told, which the spec ignores: %s", text)
	}
	mu.Unlock()

	metrics, there := c.objects.services[c.objects.deployment.Name+"-metrics"]
	if !there {
		t.Fatal("no Service for the metrics")
	}
	answer, err := http.Get("http://" + c.running()[0].at(metrics.Spec.Ports[0].TargetPort) + "/metrics")
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	for _, series := range []string{"registry_http_requests_total", "registry_storage_action_seconds_bucket", "registry_notifications_events_total"} {
		if !strings.Contains(string(text), "\n"+series+"{") {
			t.Errorf("no %s among the metrics", series)
		}
	}
}

// The pod has a certificate of its own, which the Gateway checks.
func TestBackendTLS(t *testing.T) {
	t.Parallel()
	const inside = "docker-registry.registry.svc"
	e := changed(t, "dev", "tls.example.com", map[string]any{
		"ingress": nil, "tls": map[string]any{"secretName": "registry-tls"},
		"gateway": map[string]any{
			"parentRefs": []any{map[string]any{"name": "public", "namespace": "gateways"}},
			"backendTLS": map[string]any{"caConfigMap": "registry-ca", "hostname": inside},
		},
	})
	c := deploy(t, e, func(o *objects) { // what cert-manager and trust-manager bring
		cert, key := authority.sign(t, inside)
		o.secrets["registry/registry-tls"] = corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "registry-tls", Namespace: "registry"}, Data: map[string][]byte{"tls.crt": cert, "tls.key": key},
		}
		o.configMaps["registry-ca"] = corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "registry-ca", Namespace: "registry"}, Data: map[string]string{"ca.crt": string(authority.text)},
		}
	})
	cluster, small := c.config("default", "regcred"), newImage(t, 2<<20)
	cluster.ok("push", small.dir, "tls.example.com/app:1")
	out := filepath.Join(t.TempDir(), "out")
	cluster.ok("pull", "--format", "oci", "tls.example.com/app:1", out)
	verify(t, out, small)
	if answer, err := http.Get("http://" + c.running()[0].address + ":5000/v2/"); err == nil {
		answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("the pod answers %d without TLS", answer.StatusCode)
		}
	}
	if !strings.Contains(c.front.write(), "proxy_ssl_verify on") {
		t.Error("the Gateway doesn't check the pod's certificate")
	}
}

// A cache in front of another registry, with a login there: what it fetched
// once it still has when the other one is gone; nobody pushes to it.
func TestPullThroughCache(t *testing.T) {
	t.Parallel()
	upstream := deploy(t, changed(t, "dev", "upstream.example.com", nil))
	small, unseen := newImage(t, 3<<20), newImage(t, 1<<10)
	there := upstream.config("default", "regcred")
	there.ok("push", small.dir, "upstream.example.com/team/app:1")
	there.ok("push", unseen.dir, "upstream.example.com/team/unseen:1")

	e := example(t, "dev")
	e.change(func(s map[string]any) {
		s["host"] = "cache.example.com"
		s["proxy"] = map[string]any{"remoteURL": "https://upstream.example.com", "ttl": "48h"}
	})
	user, password := upstream.login()
	e.reggen(fmt.Sprintf("username=%s\npassword=%s\n", user, password), "credential", "set", "proxy", "--dir", e.path(), "--stdin")
	e.reggen("", "seal", e.path())
	c := deploy(t, e)
	here := c.config("default", "regcred")
	here.ok("validate", "--remote", "cache.example.com/team/app:1")
	eventually(t, 20*time.Second, "the cache keeps the layer", func() error {
		kept, _ := filepath.Glob(filepath.Join(c.claims, "*/docker/registry/v2/blobs/sha256/*", strings.TrimPrefix(small.layers[0], "sha256:"), "data"))
		return sayIf(len(kept) != 1, "its volume holds %d of it", len(kept))
	})
	if _, stderr, code := here.run("push", small.dir, "cache.example.com/team/app:2"); code == 0 {
		t.Errorf("a push to a cache: exit status %d\n%s", code, stderr)
	}
	for _, p := range upstream.running() {
		p.stop()
	}
	out := filepath.Join(t.TempDir(), "out")
	here.ok("pull", "--format", "oci", "cache.example.com/team/app@"+small.digest, out)
	verify(t, out, small)
	if _, _, code := here.run("digest", "cache.example.com/team/unseen:1"); code == 0 {
		t.Error("the cache has what nobody fetched: the other registry was not gone")
	}
}
