//go:build linux

package running

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// store is a real S3 server with TLS under the provider's own name.
type store struct {
	t              *testing.T
	host, region   string
	dir            string
	access, secret string
	cert, key      string
	cmd            *exec.Cmd
	log            *output
}

// bucket is the examples' bucket.
const bucket = "my-space"

// newStore starts one whose keys are those of a Secret, with a bucket.
func newStore(t *testing.T, host, region, bucket string, keys corev1.Secret) *store {
	t.Helper()
	s := &store{t: t, host: host, region: region, dir: t.TempDir(), access: string(keys.Data["s3AccessKey"]), secret: string(keys.Data["s3SecretKey"]), log: &output{}}
	if s.access == "" || s.secret == "" {
		t.Fatal("the Secret holds no keys for the bucket")
	}
	called := []string{host, "*." + host}
	for _, h := range names { // a Service of the cluster, where there is one
		if h.address == address(host) && clusterOnly(h.name) {
			called = append(called, h.name)
		}
	}
	cert, key := authority.sign(t, called...)
	s.cert, s.key = filepath.Join(s.dir, "tls.crt"), filepath.Join(s.dir, "tls.key")
	must(t, os.WriteFile(s.cert, cert, 0o644))
	must(t, os.WriteFile(s.key, key, 0o600))
	must(t, os.MkdirAll(filepath.Join(s.dir, "buckets", bucket), 0o755))
	s.start()
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("the end of the log of the store:\n%s", s.log.end())
		}
	})
	return s
}

func (s *store) start() {
	s.t.Helper()
	at := address(s.host) + ":443"
	s.cmd = exec.Command(filepath.Join(bin, "versitygw"), "--port", at, "--region", s.region, "--cert", s.cert, "--key", s.key,
		"--virtual-domain", s.host, "--quiet", "posix", filepath.Join(s.dir, "buckets"))
	s.cmd.Env = []string{"ROOT_ACCESS_KEY_ID=" + s.access, "ROOT_SECRET_ACCESS_KEY=" + s.secret, "HOME=" + s.dir}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	must(s.t, s.cmd.Start())
	listening(s.t, at)
}

// stop takes the store away at once, as an outage does.
func (s *store) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// room is how many bytes its buckets hold, and in how many blobs.
func (s *store) room() (bytes int64, blobs int) {
	s.t.Helper()
	must(s.t, filepath.Walk(filepath.Join(s.dir, "buckets"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return nil
		}
		bytes += info.Size()
		if filepath.Base(path) == "data" && strings.Contains(path, "/blobs/") {
			blobs++
		}
		return nil
	}))
	return bytes, blobs
}

// service starts a program that is no part of the registry, until the test
// ends.
func service(t *testing.T, at string, cmd *exec.Cmd) *output {
	t.Helper()
	log := &output{}
	cmd.Stdout, cmd.Stderr = log, log
	must(t, cmd.Start())
	ended := make(chan struct{})
	var once sync.Once
	go func() { _ = cmd.Wait(); once.Do(func() { close(ended) }) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("the end of the log of %s:\n%s", filepath.Base(cmd.Path), log.end())
		}
	})
	listening(t, at)
	return log
}

// listening waits until something does.
func listening(t *testing.T, at string) {
	t.Helper()
	eventually(t, 20*time.Second, "something listens on "+at, func() error {
		c, err := net.DialTimeout("tcp", at, time.Second)
		if err == nil {
			c.Close()
		}
		return err
	})
}

// eventually tries until it works, within a time.
func eventually(t *testing.T, within time.Duration, what string, try func() error) {
	t.Helper()
	began := time.Now()
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Since(began) > within {
			t.Fatalf("after %s it is not so that %s: %v", within, what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func sayIf(bad bool, format string, args ...any) error {
	if bad {
		return fmt.Errorf(format, args...)
	}
	return nil
}
