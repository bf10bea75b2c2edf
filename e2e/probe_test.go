package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/reggen/reggen/e2e/golden"
)

// probed is an environment whose host is a port of this machine, and what its
// registry needs: the htpasswd file of the build, and certificates.
type probed struct {
	environment
	*authority
	port     int
	host     string
	htpasswd string
	good     pair   // a certificate for the host, for 60 more days
	other    string // another host, where a case has one
	golden   *golden.Files
}

func newProbed(t *testing.T) *probed {
	t.Helper()
	p := &probed{environment: newEnvironment(t, nil), authority: newAuthority(t), port: freePort(t), golden: golden.In(filepath.Join(repo, "e2e", "testdata", "probe"))}
	p.host = fmt.Sprintf("127.0.0.1:%d", p.port)
	p.spec("")
	p.user("alice", "alice", "correct horse", 5)
	p.user("puller", "puller", "battery staple", 5)
	p.credential("bob", map[string]any{"type": "user", "user": "bob", "cost": 5}, map[string]string{"hash": "$2y$05$abcdefghijklmnopqrstuuY8dnSW4gvhLxgDkPkvbm0Yh5dtbFnVy"})
	p.reggen("seal", "env")
	p.htpasswd, _ = htpasswdFile(t, p.project, "env")
	p.good = p.leaf("good", 60*24*time.Hour, "127.0.0.1")
	return p
}

// spec writes the spec, with more in it.
func (p *probed) spec(more string) {
	p.write("env/registry/registry.yaml", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: docker-registry, namespace: registry}
spec:
  host: `+p.host+`
  storage: {filesystem: {size: 1Gi}}
  auth: {realm: Registry}
  pullSecrets: {regcred: {user: puller}}
`+more)
}

// registry is the real one as the build sets it up, on the host's own port.
func (p *probed) registry(t *testing.T) runningRegistry {
	return runningRegistry{port: p.port, root: t.TempDir(), tls: p.good, htpasswd: p.htpasswd, delete: true}
}

// behind is it on another port and without TLS, for what stands in front.
func (p *probed) behind(t *testing.T) runningRegistry {
	r := p.registry(t)
	r.port, r.tls, r.host = freePort(t), pair{}, "https://"+p.host
	return r
}

// gives runs reggen probe and compares all that it says, and its exit status,
// with a golden file.
func (p *probed) gives(t *testing.T, name string, e *project, args ...string) result {
	t.Helper()
	r := e.run("", tool("reggen"), append([]string{"probe", "env", "--timeout", "3s", "--ca", p.file}, args...)...)
	p.told(t, name, r, args...)
	return r
}

func (p *probed) told(t *testing.T, name string, r result, args ...string) {
	t.Helper()
	for _, secret := range []string{"correct horse", "battery staple", "Y29ycmVjdCBob3JzZQ"} {
		if bytes.Contains(r.stdout, []byte(secret)) || bytes.Contains(r.stderr, []byte(secret)) {
			t.Fatal("a password is told")
		}
	}
	text := fmt.Sprintf("$ reggen probe env %s\nexit status %d\n\n%s", strings.Join(args, " "), r.code, r.stdout)
	if len(r.stderr) > 0 {
		text += "\nto stderr:\n" + string(r.stderr)
	}
	p.golden.Compare(t, name, text)
}

// A set-up that is well, and broken in each way: the whole of what is said, by
// the real registry, and the real nginx in front of it where one is meant.
func TestProbe(t *testing.T) {
	p := newProbed(t)
	withKey, without := p.project, p.project.withKey(filepath.Join(t.TempDir(), "none"))
	hello := "location / { default_type text/html; return 200 '<html>hello</html>'; }"
	for _, c := range []struct {
		name  string
		spec  string // beside what is always there
		setUp func(t *testing.T)
		code  int
		noKey bool
		args  []string
		again func(t *testing.T, r result)
		bare  bool // without the flag by which every password may go to the host
	}{
		{name: "well", setUp: func(t *testing.T) { p.registry(t).start(t) }},
		{name: "well-without-a-flag", bare: true, setUp: func(t *testing.T) { p.registry(t).start(t) }},
		{name: "well-without-a-key", bare: true, noKey: true, setUp: func(t *testing.T) { p.registry(t).start(t) }},
		{name: "well-json", args: []string{"-o", "json"}, setUp: func(t *testing.T) { p.registry(t).start(t) }},
		{name: "well-replicas-and-store", setUp: func(t *testing.T) {
			root, store := t.TempDir(), freePort(t)
			objectStore(t, store, p.good, root)
			var ports []int
			for range 2 {
				r := p.behind(t)
				r.root, r.tls, r.redirect = root, p.good, fmt.Sprintf("https://127.0.0.1:%d", store)
				r.start(t)
				ports = append(ports, r.port)
			}
			balancer(t, p.port, ports...)
		}},
		{name: "well-behind-nginx", setUp: func(t *testing.T) {
			r := p.behind(t)
			r.start(t)
			nginx(t, p.port, p.good, between(r.port, "client_max_body_size 0;"))
		}},
		{name: "well-and-read-only", spec: "  readOnly: true\n", setUp: func(t *testing.T) {
			r := p.registry(t)
			r.readOnly = true
			r.start(t)
		}},
		{name: "well-and-open-to-everybody", spec: "  auth: {anonymous: true}\n", setUp: func(t *testing.T) {
			r := p.registry(t)
			r.htpasswd = ""
			r.start(t)
		}},
		{name: "well-and-a-cache", spec: "  proxy: {remoteURL: https://registry-1.docker.io}\n", setUp: func(t *testing.T) {
			other, r := p.behind(t), p.registry(t)
			other.htpasswd = ""
			other.start(t)
			r.remote = fmt.Sprintf("http://127.0.0.1:%d", other.port)
			r.start(t)
		}},
		{name: "nobody-listens", code: 1},
		{name: "expired", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.tls = p.leaf("expired", -time.Hour, "127.0.0.1")
			r.start(t)
		}},
		{name: "expires-soon", setUp: func(t *testing.T) {
			r := p.registry(t)
			r.tls = p.leaf("soon", 3*24*time.Hour+time.Hour, "127.0.0.1")
			r.start(t)
		}},
		{name: "another-name", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.tls = p.leaf("other", 60*24*time.Hour, "other.example.com")
			r.start(t)
		}},
		{name: "another-authority", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.tls = newAuthority(t).leaf("stranger", 60*24*time.Hour, "127.0.0.1")
			r.start(t)
		}},
		{name: "no-tls", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.tls = pair{}
			r.start(t)
		}},
		{name: "open", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.htpasswd = ""
			r.start(t)
		}},
		{name: "web-server", code: 1, setUp: func(t *testing.T) { nginx(t, p.port, p.good, hello) }},
		{name: "no-such-page", code: 1, setUp: func(t *testing.T) { nginx(t, p.port, p.good, "location / { return 404; }") }},
		{name: "nothing-behind-nginx", code: 1, setUp: func(t *testing.T) { nginx(t, p.port, p.good, between(freePort(t), "")) }},
		{name: "another-realm", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.realm = "Another"
			r.start(t)
		}},
		{name: "an-old-password", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.htpasswd = filepath.Join(t.TempDir(), "htpasswd")
			text, err := os.ReadFile(p.htpasswd)
			must(t, err)
			must(t, os.WriteFile(r.htpasswd, regexp.MustCompile(`(?m)^puller:.*$`).ReplaceAll(text, []byte("puller:$$2y$$05$$abcdefghijklmnopqrstuuY8dnSW4gvhLxgDkPkvbm0Yh5dtbFnVy")), 0o600))
			r.start(t)
		}},
		{name: "small-bodies", code: 1, setUp: func(t *testing.T) {
			r := p.behind(t)
			r.start(t)
			nginx(t, p.port, p.good, between(r.port, ""))
		}},
		{name: "sent-to-http", code: 1, setUp: func(t *testing.T) {
			r := p.behind(t)
			r.host = ""
			r.start(t)
			nginx(t, p.port, p.good, between(r.port, "client_max_body_size 0;"))
		}},
		{name: "different-secrets", code: 1, setUp: func(t *testing.T) {
			root := t.TempDir()
			var ports []int
			for i := range 2 {
				r := p.registry(t)
				r.port, r.root, r.secret = freePort(t), root, fmt.Sprintf("secret of replica %d", i)
				r.start(t)
				ports = append(ports, r.port)
			}
			balancer(t, p.port, ports...)
		}},
		{name: "storage-of-their-own", code: 1, setUp: func(t *testing.T) {
			var ports []int
			for range 2 {
				r := p.registry(t)
				r.port = freePort(t)
				r.start(t)
				ports = append(ports, r.port)
			}
			balancer(t, p.port, ports...)
		}},
		{name: "store-out-of-reach", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.redirect = fmt.Sprintf("https://127.0.0.1:%d", freePort(t))
			r.start(t)
		}},
		{name: "read-only", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.readOnly = true
			r.start(t)
		}},
		{name: "takes-pushes", code: 1, spec: "  readOnly: true\n", setUp: func(t *testing.T) { p.registry(t).start(t) }},
		{name: "deletes-nothing", setUp: func(t *testing.T) {
			r := p.registry(t)
			r.delete = false
			r.start(t)
		}, again: func(t *testing.T, _ result) { p.gives(t, "deletes-nothing", withKey, "--send-credentials-to", p.host) }}, // the same image, so the same words
		{name: "something-in-its-place", code: 1, setUp: func(t *testing.T) {
			r := p.registry(t)
			r.delete = false
			r.start(t)
			p.pushes(t, "reggen-probe:kept")
		}, again: func(t *testing.T, _ result) { p.has(t, "reggen-probe", "kept") }},
		{name: "at-a-forwarded-port", bare: true, setUp: func(t *testing.T) { p.recorded(t, false) }, args: []string{"--url", "http://" + p.host}},
		{name: "at-a-forwarded-port-with-passwords", setUp: func(t *testing.T) { p.recorded(t, true) }, args: []string{"--url", "http://" + p.host}},
		// A stranger's spec names a host of theirs: no password goes there.
		{name: "a-strangers-host", bare: true, setUp: func(t *testing.T) { p.elsewhere(t, false) }},
		{name: "a-strangers-host-and-pull-secret", bare: true, setUp: func(t *testing.T) {
			p.elsewhere(t, false)
			p.forged(t, `{"auths": {"`+p.other+`": {"username": "puller", "password": "a guess"}}}`)
		}},
		{name: "a-strangers-own-user", code: 1, bare: true, setUp: func(t *testing.T) {
			p.elsewhere(t, false)
			p.user("mallory", "mallory", "mine", 5)
			t.Cleanup(func() { must(t, os.Remove(filepath.Join(p.environment.dir, "env/credentials/mallory.enc.yaml"))) })
			p.write("env/registry/registry.yaml", strings.Replace(string(p.read("env/registry/registry.yaml")), "user: puller", "user: mallory", 1))
			p.forged(t, `{"auths": {"`+p.other+`": {"username": "mallory", "password": "mine"}}}`)
		}},
		{name: "another-host-that-is-meant", bare: true, setUp: func(t *testing.T) { p.elsewhere(t, true) }, args: []string{"--send-credentials-to", "HOST"}},
		{name: "sarif", code: 1, args: []string{"-o", "sarif"}, again: validSARIF, setUp: func(t *testing.T) {
			r := p.behind(t)
			r.start(t)
			nginx(t, p.port, p.good, between(r.port, ""))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.spec(c.spec)
			if strings.HasPrefix(c.spec, "  auth:") { // in the place of what stands there
				p.spec("")
				text := string(p.read("env/registry/registry.yaml"))
				text = strings.Replace(text, "  auth: {realm: Registry}\n", c.spec, 1)
				p.write("env/registry/registry.yaml", strings.Replace(text, "  pullSecrets: {regcred: {user: puller}}\n", "", 1))
			}
			if c.setUp != nil {
				c.setUp(t)
			}
			by := withKey
			if c.noKey {
				by = without
			}
			if !c.bare {
				c.args = append([]string{"--send-credentials-to", p.host}, c.args...)
			}
			for i, arg := range c.args {
				c.args[i] = strings.Replace(arg, "HOST", p.other, 1)
			}
			r := p.gives(t, c.name, by, c.args...)
			if r.code != c.code {
				t.Errorf("exit status %d; expected %d", r.code, c.code)
			}
			if c.again != nil {
				c.again(t, r)
			}
		})
	}
	p.spec("")
	t.Run("stopped", p.stopped)
	t.Run("waits", p.waits)
	p.golden.Orphans(t)
}

// reference is an image of the host, and what a client of it needs.
func (p *probed) reference(t *testing.T, image string) (name.Reference, []remote.Option) {
	t.Helper()
	ref, err := name.ParseReference(p.host + "/" + image)
	must(t, err)
	return ref, []remote.Option{remote.WithAuth(&authn.Basic{Username: "alice", Password: "correct horse"}), remote.WithTransport(p.trusting(t))}
}

// pushes pushes an image that is not reggen's, with go-containerregistry.
func (p *probed) pushes(t *testing.T, image string) {
	t.Helper()
	ref, options := p.reference(t, image)
	made, err := random.Image(64, 1)
	must(t, err)
	must(t, remote.Write(ref, made, options...))
}

// has compares the tags of a repository with those expected.
func (p *probed) has(t *testing.T, repository string, tags ...string) {
	t.Helper()
	ref, options := p.reference(t, repository)
	have, err := remote.List(ref.Context(), options...)
	must(t, err)
	if strings.Join(have, " ") != strings.Join(tags, " ") {
		t.Errorf("%s has the tags %v; expected %v", repository, have, tags)
	}
}

// recorded is the registry on a plain port, as kubectl port-forward shows it, and
// fails the test when a user's password comes where none may.
func (p *probed) recorded(t *testing.T, may bool) {
	t.Helper()
	plainServer(t, p.port, p.watched(t, p.host, may))
}

// watched is the registry behind a look at who logs in.
func (p *probed) watched(t *testing.T, host string, may bool) http.Handler {
	t.Helper()
	r := p.behind(t)
	r.host = "https://" + host
	r.start(t)
	to, err := url.Parse(fmt.Sprintf("http://127.0.0.1:%d", r.port))
	must(t, err)
	return proxied(to, func(q *http.Request) {
		if user, _, is := q.BasicAuth(); is && user != "reggen-probe" && user != "mallory" && !may {
			t.Errorf("the password of %s came to another host", user)
		}
	})
}

// elsewhere writes another host into the spec, with a registry there, and leaves
// what is sealed as it is.
func (p *probed) elsewhere(t *testing.T, may bool) {
	t.Helper()
	port := freePort(t)
	p.other = fmt.Sprintf("127.0.0.1:%d", port)
	p.write("env/registry/registry.yaml", strings.Replace(string(p.read("env/registry/registry.yaml")), p.host, p.other, 1))
	secureServer(t, port, p.good, p.watched(t, p.other, may))
}

// forged seals a pull secret as anybody can who knows the public keys, for this
// one case.
func (p *probed) forged(t *testing.T, config string) {
	t.Helper()
	const path = "env/sealed/regcred.yaml"
	good := string(p.read(path))
	t.Cleanup(func() { p.write(path, good) })
	plain := toYAML(t, map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": "regcred"}, "type": "kubernetes.io/dockerconfigjson",
		"data": map[string]string{".dockerconfigjson": base64.StdEncoding.EncodeToString([]byte(config))}})
	p.write(path, string(p.ok(plain, tool("sops"), "encrypt", "--filename-override", path, "--input-type", "yaml", "--output-type", "yaml")))
}

// stopped interrupts a probe once its image is pushed: the image goes all the same.
func (p *probed) stopped(t *testing.T) {
	r := p.behind(t)
	r.start(t)
	to, err := url.Parse(fmt.Sprintf("http://127.0.0.1:%d", r.port))
	must(t, err)
	pass := proxied(to, func(*http.Request) {})
	held := make(chan struct{})
	var there, once atomic.Bool
	secureServer(t, p.port, p.good, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		// One question after the push stays without an answer, so that the probe is
		// stopped in the middle of it; never a DELETE, by which the image goes.
		if q.Method != http.MethodDelete && there.Load() && once.CompareAndSwap(false, true) {
			close(held)
			<-q.Context().Done()
			return
		}
		pass.ServeHTTP(w, q)
		if q.Method == http.MethodPut && strings.Contains(q.URL.Path, "/manifests/") {
			there.Store(true)
		}
	}))
	var out, errs bytes.Buffer
	cmd := p.command("", tool("reggen"), "probe", "env", "--ca", p.file)
	cmd.Stdout, cmd.Stderr = &out, &errs
	must(t, cmd.Start())
	<-held
	must(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait() // which tells of the exit status that the golden file has
	p.told(t, "stopped", result{out.Bytes(), errs.Bytes(), cmd.ProcessState.ExitCode()})
	p.has(t, "reggen-probe")
}

// waits starts the registry after the probe.
func (p *probed) waits(t *testing.T) {
	errs, written, err := os.Pipe()
	must(t, err)
	var out, all bytes.Buffer
	cmd := p.command("", tool("reggen"), "probe", "env", "--ca", p.file, "--wait", "2m")
	cmd.Stdout, cmd.Stderr = &out, written
	must(t, cmd.Start())
	written.Close()
	said := bufio.NewReader(errs)
	line, err := said.ReadString('\n')
	must(t, err)
	all.WriteString(line)
	p.registry(t).start(t)
	_, err = said.WriteTo(&all)
	must(t, err)
	_ = cmd.Wait() // which tells of the exit status that the golden file has
	p.told(t, "waits", result{out.Bytes(), all.Bytes(), cmd.ProcessState.ExitCode()}, "--wait", "2m")
}
