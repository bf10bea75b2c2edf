// Package cluster is a real API server for tests: kube-apiserver and etcd on
// loopback, without controllers, so that nothing runs and every answer is the
// API server's own. It is a module of its own, because Kubernetes' server
// needs other versions than what reggen is made of.
package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// token lets its holder do everything on a server that lives as long as a test.
const token = "demo-token-of-a-test"

// Server is a running API server.
type Server struct {
	URL        string
	Kubeconfig string // for kubectl and helm
	Token      string
	procs      []*exec.Cmd
	logs       []string
}

// Start runs the etcd and kube-apiserver of the folder bin with their data in
// dir, and returns when the API server is ready.
func Start(ctx context.Context, bin, dir string) (*Server, error) {
	ports, err := free(3)
	if err != nil {
		return nil, err
	}
	key, err := signingKey(dir)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "tokens.csv"), []byte(token+",admin,admin,\"system:masters\"\n"), 0o600); err != nil {
		return nil, err
	}
	etcd := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	s := &Server{URL: fmt.Sprintf("https://127.0.0.1:%d", ports[2]), Token: token}
	if err := s.run(dir, filepath.Join(bin, "server"), "etcd", // the package's name: its main has no other
		"--data-dir", filepath.Join(dir, "etcd"), "--unsafe-no-fsync", "--log-level", "warn",
		"--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", fmt.Sprintf("http://127.0.0.1:%d", ports[1]),
		"--initial-advertise-peer-urls", fmt.Sprintf("http://127.0.0.1:%d", ports[1]),
		"--initial-cluster", fmt.Sprintf("default=http://127.0.0.1:%d", ports[1])); err != nil {
		return nil, err
	}
	// ServiceAccount admission waits for a controller that isn't there.
	if err := s.run(dir, filepath.Join(bin, "kube-apiserver"), "apiserver",
		"--etcd-servers", etcd, "--bind-address", "127.0.0.1", "--secure-port", fmt.Sprint(ports[2]),
		"--cert-dir", filepath.Join(dir, "certs"), "--token-auth-file", filepath.Join(dir, "tokens.csv"),
		"--service-account-key-file", key, "--service-account-signing-key-file", key,
		"--service-account-issuer", s.URL, "--service-cluster-ip-range", "10.0.0.0/16",
		"--authorization-mode", "RBAC", "--disable-admission-plugins", "ServiceAccount"); err != nil {
		s.Stop()
		return nil, err
	}
	s.Kubeconfig = filepath.Join(dir, "kubeconfig")
	config := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}]\nusers: [{name: u, user: {token: %s}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n", s.URL, token)
	if err := os.WriteFile(s.Kubeconfig, []byte(config), 0o600); err != nil {
		s.Stop()
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		tail := s.tail()
		s.Stop()
		return nil, fmt.Errorf("%w\n%s", err, tail)
	}
	return s, nil
}

// Stop ends both programs.
func (s *Server) Stop() {
	for i := len(s.procs) - 1; i >= 0; i-- {
		_ = s.procs[i].Process.Kill()
		_ = s.procs[i].Wait()
	}
}

func (s *Server) run(dir, program, name string, args ...string) error {
	path := filepath.Join(dir, name+".log")
	log, err := os.Create(path)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.procs, s.logs = append(s.procs, cmd), append(s.logs, path)
	return nil
}

func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/readyz", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := client.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("the API server did not become ready")
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// tail is the end of what the programs wrote.
func (s *Server) tail() string {
	var out string
	for _, path := range s.logs {
		text, _ := os.ReadFile(path)
		out += path + ":\n" + string(text[max(0, len(text)-2000):]) + "\n"
	}
	return out
}

// free finds ports that nobody listens on.
func free(n int) ([]int, error) {
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at once, so that none comes twice
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out, nil
}

// signingKey writes the key of the service accounts' tokens.
func signingKey(dir string) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "service-accounts.pem")
	return path, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}
