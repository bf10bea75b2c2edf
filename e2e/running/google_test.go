//go:build linux

package running

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Storage on Google Cloud: the registry's own driver, and in Google's place
// fake-gcs-server under its names. A service account's key, made for this test,
// gets a token, as the driver asks for one.
func TestGoogleCloud(t *testing.T) {
	t.Parallel()
	key := newServiceAccount(t)
	e := example(t, "dev")
	e.change(func(s map[string]any) {
		s["host"] = "google.example.com"
		s["storage"] = map[string]any{"gcs": map[string]any{"bucket": bucket, "rootDirectory": "/registry"}}
		s["config"] = map[string]any{"storage": map[string]any{"delete": map[string]any{"enabled": true}}}
	})
	if _, said, code := e.run("", "seal", e.path()); code == 0 || !strings.Contains(said, "reggen credential set gcs") {
		t.Errorf("sealing without the key: exit status %d\n%s", code, said)
	}
	e.reggen(string(key.file(t)), "credential", "set", "gcs", "--field", "key", "--stdin", "--dir", e.path())
	e.reggen("", "seal", e.path())
	store := key.cloud(t)
	c := deploy(t, e)
	cluster, img := c.config("default", "regcred"), newImage(t, 20<<20, 1<<20)

	cluster.ok("push", img.dir, c.host()+"/app:1")
	if key.tokens.Load() == 0 {
		t.Error("nobody asked for a token with the key")
	}
	if n := under(t, filepath.Join(store, bucket, "registry")); n < 21<<20 {
		t.Errorf("the bucket's folder holds %d bytes", n)
	}
	for _, ref := range []string{"/app:1", "/app@" + img.digest} {
		out := filepath.Join(t.TempDir(), "out")
		cluster.ok("pull", "--format", "oci", c.host()+ref, out)
		verify(t, out, img)
	}
	_, header, _ := c.through().do(http.MethodGet, "/v2/app/blobs/"+img.layers[0], nil)
	if to := header.Get("Location"); !strings.HasPrefix(to, "https://storage.googleapis.com/"+bucket+"/") {
		t.Errorf("a layer is to be fetched from %q", strings.SplitN(to, "?", 2)[0])
	}
	cluster.ok("delete", c.host()+"/app@"+img.digest)
	if _, _, code := cluster.run("manifest", c.host()+"/app@"+img.digest); code == 0 {
		t.Error("what was deleted is still there")
	}
}

// serviceAccount is one of Google's, as far as this test goes.
type serviceAccount struct {
	private *rsa.PrivateKey
	tokens  atomic.Int64 // given out
}

const accountMail = "registry@example.iam.gserviceaccount.com"

func newServiceAccount(t *testing.T) *serviceAccount {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return &serviceAccount{private: private}
}

// file is the key file that people download.
func (a *serviceAccount) file(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(a.private)
	must(t, err)
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "example", "private_key_id": "1", "client_email": accountMail, "client_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"auth_uri":    "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token",
	})
	must(t, err)
	return text
}

// cloud starts what stands for Google, with the bucket, and says where it keeps
// the objects.
func (a *serviceAccount) cloud(t *testing.T) (folder string) {
	t.Helper()
	dir := t.TempDir()
	cert, key := authority.sign(t, "storage.googleapis.com", "www.googleapis.com", "oauth2.googleapis.com")
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	must(t, os.WriteFile(certFile, cert, 0o644))
	must(t, os.WriteFile(keyFile, key, 0o600))
	folder = filepath.Join(dir, "objects")
	must(t, os.MkdirAll(filepath.Join(folder, bucket), 0o755))
	at := address("storage.googleapis.com")
	fake := exec.Command(filepath.Join(bin, "fake-gcs-server"), "-scheme", "https", "-host", at, "-port", "443", "-public-host", "storage.googleapis.com",
		"-external-url", "https://storage.googleapis.com", "-cert-location", certFile, "-private-key-location", keyFile,
		"-backend", "filesystem", "-filesystem-root", folder, "-log-level", "error")
	fake.Env = []string{"HOME=" + dir}
	service(t, at+":443", fake)

	pair, err := tls.X509KeyPair(cert, key)
	must(t, err)
	listener, err := tls.Listen("tcp", address("oauth2.googleapis.com")+":443", &tls.Config{Certificates: []tls.Certificate{pair}})
	must(t, err)
	server := &http.Server{Handler: http.HandlerFunc(a.token)}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { server.Close() })
	return folder
}

// token gives a token to whoever signed the question with the account's key.
func (a *serviceAccount) token(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.FormValue("assertion"), ".")
	if r.URL.Path != "/token" || r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || len(parts) != 3 || !a.signed(parts[0]+"."+parts[1], parts[2]) {
		http.Error(w, `{"error": "invalid_grant"}`, http.StatusBadRequest)
		return
	}
	a.tokens.Add(1)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"access_token": "one-for-this-test", "token_type": "Bearer", "expires_in": 3600}`))
}

// signed says whether the account's key made the signature of a JSON web token (RS256).
func (a *serviceAccount) signed(text, signature string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	sum := sha256.Sum256([]byte(text))
	return err == nil && rsa.VerifyPKCS1v15(&a.private.PublicKey, crypto.SHA256, sum[:], raw) == nil
}

// under is how many bytes a folder holds.
func under(t *testing.T, folder string) (n int64) {
	t.Helper()
	must(t, filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	}))
	return n
}
