//go:build linux

package running

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
)

// front is nginx, configured from the Ingress and from the pods that are ready.
type front struct {
	t     *testing.T
	c     *cluster
	dir   string
	host  string
	write func() string
	cmd   *exec.Cmd
	log   *output
	ended chan struct{}

	mu         sync.Mutex
	generation int
}

// newFront starts nginx with a certificate for the host.
func newFront(t *testing.T, c *cluster) *front {
	t.Helper()
	f := &front{t: t, c: c, dir: t.TempDir(), log: &output{}, ended: make(chan struct{})}
	must(t, os.Chmod(f.dir, 0o755))
	switch o := c.objects; {
	case len(o.ingresses) == 1:
		ingress := o.ingresses[0]
		f.host = ingress.Spec.Rules[0].Host
		f.write = func() string { return f.fromIngress(ingress) }
	case len(o.routes) == 1:
		f.host = string(o.routes[0].Spec.Hostnames[0])
		f.write = func() string { return f.fromRoute() }
	default:
		t.Fatalf("%d Ingresses and %d routes", len(c.objects.ingresses), len(c.objects.routes))
	}
	cert, key := authority.sign(t, f.host) // cert-manager's part
	must(t, os.WriteFile(filepath.Join(f.dir, "tls.crt"), cert, 0o644))
	must(t, os.WriteFile(filepath.Join(f.dir, "tls.key"), key, 0o600))
	config := filepath.Join(f.dir, "nginx.conf")
	text := f.write()
	must(t, os.WriteFile(config, []byte(text), 0o644))
	f.cmd = exec.Command("nginx", "-e", "stderr", "-p", f.dir, "-c", config)
	f.cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	f.cmd.Stdout, f.cmd.Stderr = f.log, f.log
	must(t, f.cmd.Start())
	go func() { _ = f.cmd.Wait(); close(f.ended) }()
	t.Cleanup(func() {
		_ = f.cmd.Process.Signal(syscall.SIGTERM)
		<-f.ended
		if t.Failed() {
			t.Logf("nginx was configured so:\n%s\nand said at the end:\n%s", text, f.log.end())
		}
	})
	listening(t, net.JoinHostPort(address(f.host), "443"))
	return f
}

// reload lets nginx know which pods are ready now, and returns when it does: a
// signal that comes while nginx starts is kept for the next one, and workers
// with the old configuration take connections for a while.
func (f *front) reload() {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.ended: // and its test with it
		return
	default:
	}
	f.generation++
	path := filepath.Join(f.dir, "nginx.conf")
	if err := os.WriteFile(path+".new", []byte(f.write()), 0o644); err != nil {
		f.t.Error(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		f.t.Error(err)
	}
	want := fmt.Sprint(f.generation)
	_ = f.cmd.Process.Signal(syscall.SIGHUP)
	for asked, seen := 0, 0; seen < 10; asked++ {
		if f.asks() == want {
			seen++
		} else {
			seen = 0
		}
		if asked%20 == 19 && seen == 0 {
			_ = f.cmd.Process.Signal(syscall.SIGHUP)
		}
		select {
		case <-f.ended:
			return
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// asks is which configuration answers.
func (f *front) asks() string {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + address(f.host) + "/generation")
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return string(text)
}

// annotations of ingress-nginx, and the directive that each becomes, with what
// it is when the Ingress says nothing.
var annotations = []struct{ annotation, directive, otherwise, unit string }{
	{"proxy-body-size", "client_max_body_size", "1m", ""},
	{"proxy-request-buffering", "proxy_request_buffering", "on", ""},
	{"proxy-buffering", "proxy_buffering", "off", ""},
	{"proxy-connect-timeout", "proxy_connect_timeout", "5", "s"},
	{"proxy-read-timeout", "proxy_read_timeout", "60", "s"},
	{"proxy-send-timeout", "proxy_send_timeout", "60", "s"},
}

var harmless = regexp.MustCompile(`^[a-zA-Z0-9.]+$`)

// fromIngress is what ingress-nginx makes of such an Ingress, apart from what
// concerns neither bodies nor time nor headers.
func (f *front) fromIngress(ingress networkingv1.Ingress) string {
	const prefix = "nginx.ingress.kubernetes.io/"
	said := map[string]string{}
	for k, v := range ingress.Annotations {
		if name, ours := strings.CutPrefix(k, prefix); ours {
			said[name] = v
		} else if !strings.HasPrefix(k, "cert-manager.io/") {
			f.t.Errorf("the Ingress has an annotation that this test doesn't translate: %s", k)
		}
	}
	var directives []string
	for _, a := range annotations {
		value, there := said[a.annotation]
		if !there {
			value = a.otherwise
		}
		delete(said, a.annotation)
		if !harmless.MatchString(value) {
			f.t.Errorf("the annotation %s says %q", a.annotation, value)
		}
		directives = append(directives, a.directive+" "+value+a.unit+";")
	}
	for name := range said {
		f.t.Errorf("the Ingress has an annotation that this test doesn't translate: %s%s", prefix, name)
	}
	rule := ingress.Spec.Rules[0]
	if len(ingress.Spec.Rules) != 1 || len(rule.HTTP.Paths) != 1 || len(ingress.Spec.TLS) != 1 || ingress.Spec.TLS[0].Hosts[0] != rule.Host {
		f.t.Errorf("an Ingress of a shape that this test doesn't translate")
	}
	path := rule.HTTP.Paths[0]
	backend := path.Backend.Service
	return f.config(path.Path, f.endpoints(backend.Name, backend.Port.Number), "http", directives)
}

// endpoints are the addresses of the pods that a Service sends requests to.
func (f *front) endpoints(name string, port int32) []string {
	objects := f.c.current()
	s, there := objects.services[name]
	if !there {
		f.t.Errorf("no Service %s", name)
	}
	labels := objects.deployment.Spec.Template.Labels
	for k, v := range s.Spec.Selector {
		if labels[k] != v {
			f.t.Errorf("the Service %s selects pods with %s: %s, which the Deployment's don't have", name, k, v)
		}
	}
	var out []string
	for _, known := range s.Spec.Ports {
		if known.Port != port {
			continue
		}
		for _, p := range f.c.running() {
			if p.isReady() {
				out = append(out, p.at(known.TargetPort))
			}
		}
	}
	return out
}

// config is nginx.conf. What it sends on is what ingress-nginx sends on.
func (f *front) config(path string, endpoints []string, scheme string, directives []string) string {
	var servers strings.Builder
	for _, e := range endpoints {
		fmt.Fprintf(&servers, "server %s max_fails=0;", e)
	}
	pass := "proxy_pass " + scheme + "://registry;"
	upstream := "upstream registry { " + servers.String() + " keepalive 320; }"
	if len(endpoints) == 0 {
		upstream, pass = "", "return 503;"
	}
	return fmt.Sprintf(`user root;
worker_processes 2; daemon off; pid %[1]s/nginx.pid; error_log stderr warn; worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  %[2]s
  server {
    listen %[3]s:443 ssl http2; server_name %[4]s;
    ssl_certificate %[1]s/tls.crt; ssl_certificate_key %[1]s/tls.key; ssl_protocols TLSv1.2 TLSv1.3;
    location %[5]s {
      %[6]s
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream error timeout; proxy_next_upstream_tries 3;
      proxy_set_header Host $http_host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Port $server_port; proxy_set_header X-Forwarded-Proto $scheme;
      %[7]s
    }
  }
  server { listen %[3]s:80; server_name %[4]s; location = /generation { return 200 "%[8]d"; } location / { return 308 https://$host$request_uri; } }
}
`, f.dir, upstream, address(f.host), f.host, path, strings.Join(directives, "\n      "), pass, f.generation)
}
