package pitfalls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// collect runs the registry's garbage collector on what a registry keeps.
func (p *process) collect(flags ...string) {
	p.t.Helper()
	file, err := filepath.Glob(filepath.Join(p.dir, "config-*.yml"))
	if err != nil || len(file) == 0 {
		p.t.Fatal("no configuration", err)
	}
	cmd := exec.Command(p.program, append(append([]string{"garbage-collect"}, flags...), file[0])...)
	cmd.Env = p.cmd.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
}

// collector is a CronJob beside the registry of a build, in an edit of it.
func collector(image, flags string) []string {
	return []string{"---\napiVersion: apps/v1", "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: gc, namespace: registry}\nspec: {schedule: '0 3 * * *', suspend: true, jobTemplate: {spec: {template: {spec: {enableServiceLinks: false, restartPolicy: Never, containers: [{name: gc, image: '" +
		image + "', command: [registry, garbage-collect" + flags + ", /etc/distribution/config.yml]}]}}}}}\n---\napiVersion: apps/v1"}
}

// platforms pushes an image for several platforms, collects with --delete-untagged,
// and says what comes of the part of it.
func (p *process) platforms() (part int) {
	p.t.Helper()
	p.blob(user, "{}")
	p.wants(http.StatusCreated, user, http.MethodPut, "/v2/app/manifests/"+digest(manifest("{}")), manifest("{}"))
	p.wants(http.StatusCreated, user, http.MethodPut, "/v2/app/manifests/platforms", index(manifest("{}")))
	p.collect("--delete-untagged")
	p.wants(http.StatusOK, user, http.MethodGet, "/v2/app/manifests/platforms", "")
	return p.ask(user, http.MethodGet, "/v2/app/manifests/"+digest(manifest("{}")), "").code
}

// kustomize runs the real one on a build, with a line of a kustomization.
func kustomize(t *testing.T, text, line string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"all.yaml": text, "kustomization.yaml": "resources: [all.yaml]\n" + line} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(filepath.Join(bin, "kustomize"), "build", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// certificate writes a key and a certificate for nobody in particular.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// arrived is how much of an upload is at the registry when the first megabyte of
// it was sent to what stands before it.
func (p *process) arrived(front *process) int64 {
	p.t.Helper()
	body := halfOf(strings.Repeat("x", 1<<20))
	where := front.upload(user)
	done := make(chan struct{})
	go func() {
		front.try(user, http.MethodPatch, where, body) // it fails: the rest never comes
		close(done)
	}()
	<-body.went
	time.Sleep(time.Second)
	var n int64
	err := filepath.WalkDir(filepath.Join(p.dir, "var/lib/registry"), func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Name() == "data" && strings.Contains(path, "/_uploads/") {
			info, err := e.Info()
			if err != nil {
				return err
			}
			n += info.Size()
		}
		return err
	})
	if err != nil {
		p.t.Error(err)
	}
	close(body.resume)
	<-done
	return n
}

// nginxRefuses sends a layer by way of nginx, told as little as the Ingress
// tells it.
func nginxRefuses(t *testing.T, text string) {
	p := launch(t, text).serves()
	layer := strings.Repeat("x", 2<<20)
	p.blob(user, layer)
	front := nginx(t, p, "")
	front.wants(http.StatusRequestEntityTooLarge, user, http.MethodPut, front.upload(user)+"&digest="+digest(layer), layer)
}

// nginx puts the real one before the registry, with more in its server.
func nginx(t *testing.T, p *process, more string) *process {
	program, err := exec.LookPath("nginx")
	if err != nil {
		t.Fatal("nginx is missing on this machine; install it: apt-get install -y --no-install-recommends nginx-light")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir := folder(t)
	p.write(filepath.Join(dir, "nginx.conf"), fmt.Sprintf(`daemon off;
master_process off;
pid %[1]s/pid;
error_log %[1]s/error.log;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  server { listen %[2]s; %[4]s location / { proxy_pass http://%[3]s; } }
}
`, dir, addr, p.addr, more))
	cmd := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	front := *p
	front.addr = addr
	return front.serves()
}
