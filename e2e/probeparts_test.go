package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// The parts of a set-up that reggen probe is held against: an authority, the real
// registry of the distribution project, the real nginx, and what stands between.

// authority signs certificates.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate, for --ca
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key, a.file, _ = a.sign("ca", nil, time.Hour, true)
	return a
}

// pair is the files of a certificate and its key.
type pair struct{ cert, key string }

// leaf is a certificate for names or addresses, with so much of its life left.
func (a *authority) leaf(file string, left time.Duration, names ...string) pair {
	_, _, cert, key := a.sign(file, names, left, false)
	return pair{cert, key}
}

func (a *authority) sign(file string, names []string, left time.Duration, ca bool) (*x509.Certificate, *ecdsa.PrivateKey, string, string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	must(a.t, err)
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: file}, NotBefore: time.Now().Add(-90 * 24 * time.Hour), NotAfter: time.Now().Add(left),
		IsCA: ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if ca {
		c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageCertSign, nil
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	parent, by := a.cert, a.key
	if ca {
		c.NotAfter = time.Now().Add(3650 * 24 * time.Hour)
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	must(a.t, err)
	parsed, err := x509.ParseCertificate(der)
	must(a.t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(a.t, err)
	cert, keyFile := filepath.Join(a.dir, file+".crt"), filepath.Join(a.dir, file+".key")
	must(a.t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	must(a.t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	return parsed, key, cert, keyFile
}

// freePort is one that nobody has at the moment.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// runningRegistry says how the real registry is started.
type runningRegistry struct {
	port     int
	root     string // the folder of its storage
	tls      pair   // none: plain HTTP
	htpasswd string // a file; none: open to everybody
	realm    string // Registry unless said
	secret   string // the http secret; shared unless said
	host     string // http.host
	redirect string // where layers are fetched, by the redirect middleware
	remote   string // a pull-through cache of it
	delete   bool
	readOnly bool
}

// start runs the registry until the test ends, and waits until it listens.
func (r runningRegistry) start(t *testing.T) {
	t.Helper()
	either := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	address := fmt.Sprintf("127.0.0.1:%d", r.port)
	web := map[string]any{"addr": address, "secret": either(r.secret, "shared")}
	if r.tls.cert != "" {
		web["tls"] = map[string]string{"certificate": r.tls.cert, "key": r.tls.key}
	}
	if r.host != "" {
		web["host"] = r.host
	}
	config := map[string]any{"version": "0.1", "log": map[string]any{"accesslog": map[string]bool{"disabled": true}, "level": "error"}, "http": web, "storage": map[string]any{
		"filesystem": map[string]string{"rootdirectory": r.root}, "delete": map[string]bool{"enabled": r.delete},
		"maintenance": map[string]any{"readonly": map[string]bool{"enabled": r.readOnly}, "uploadpurging": map[string]bool{"enabled": false}},
	}}
	if r.htpasswd != "" {
		config["auth"] = map[string]any{"htpasswd": map[string]string{"realm": either(r.realm, "Registry"), "path": r.htpasswd}}
	}
	if r.redirect != "" {
		config["middleware"] = map[string]any{"storage": []any{map[string]any{"name": "redirect", "options": map[string]string{"baseurl": r.redirect}}}}
	}
	if r.remote != "" {
		config["proxy"] = map[string]string{"remoteurl": r.remote}
	}
	file := filepath.Join(t.TempDir(), "config.yml")
	must(t, os.WriteFile(file, []byte(toYAML(t, config)), 0o600))
	cmd := exec.Command(tool("registry"), "serve", file)
	cmd.Env = []string{"OTEL_TRACES_EXPORTER=none", "HOME=" + t.TempDir()}
	serve(t, cmd, address)
}

// serve starts a server, which is stopped when the test ends.
func serve(t *testing.T, cmd *exec.Cmd, address string) {
	t.Helper()
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended:\n%s", cmd.Path, log.Bytes())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen at %s", cmd.Path, address)
}

// nginx runs the real one with TLS on a port; inside is what stands in its server.
func nginx(t *testing.T, port int, with pair, inside string) {
	t.Helper()
	program := system(t, "nginx", "apt-get install -y --no-install-recommends nginx-light")
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	for _, name := range []string{"body", "proxy", "a", "b", "c"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	config := fmt.Sprintf(`daemon off; master_process off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events {}
http {
  access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/a; uwsgi_temp_path %[1]s/b; scgi_temp_path %[1]s/c;
  server {
    listen 127.0.0.1:%[2]d ssl; ssl_certificate %[3]s; ssl_certificate_key %[4]s;
    %[5]s
  }
}
`, dir, port, with.cert, with.key, inside)
	file := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(file, []byte(config), 0o644))
	serve(t, exec.Command(program, "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", file), fmt.Sprintf("127.0.0.1:%d", port))
}

// between is what nginx needs to pass requests on to a port.
func between(port int, more string) string {
	return fmt.Sprintf("location / { proxy_pass http://127.0.0.1:%d; proxy_set_header Host $http_host; %s }", port, more)
}

// balancer hands connections to ports in turn, as a load balancer without a look
// at what they carry does.
func balancer(t *testing.T, port int, to ...int) {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	must(t, err)
	t.Cleanup(func() { l.Close() })
	var turn atomic.Int64
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to[int(turn.Add(1)-1)%len(to)]))
			if err != nil {
				in.Close()
				continue
			}
			go func() { _, _ = io.Copy(out, in); out.(*net.TCPConn).CloseWrite() }()
			go func() { _, _ = io.Copy(in, out); in.Close(); out.Close() }()
		}
	}()
}

// secureServer serves a handler with TLS on a port.
func secureServer(t *testing.T, port int, with pair, h http.Handler) {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(with.cert, with.key)
	must(t, err)
	l, err := tls.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{Certificates: []tls.Certificate{cert}})
	must(t, err)
	s := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)} // a probe ends handshakes on purpose
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close() })
}

// objectStore serves the folder of a registry's storage as an object store would,
// and fails the test when a password comes with a request.
func objectStore(t *testing.T, port int, with pair, root string) {
	t.Helper()
	files := http.FileServer(http.Dir(root))
	secureServer(t, port, with, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Authorization"]) > 0 {
			t.Error("the object store was sent a password")
		}
		files.ServeHTTP(w, r)
	}))
}

// plainServer serves a handler without TLS on a port.
func plainServer(t *testing.T, port int, h http.Handler) {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	must(t, err)
	s := &http.Server{Handler: h}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close() })
}

// proxied passes requests on, each shown to look before.
func proxied(to *url.URL, look func(*http.Request)) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		look(r.In)
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}}
}

// trusting is a transport that trusts the authority.
func (a *authority) trusting(t *testing.T) *http.Transport {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
}
