//go:build linux

package running

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
)

// environment is an overlay, with nothing said otherwise one of the examples in
// a copy of them.
type environment struct {
	t       *testing.T
	dir     string
	overlay string
	home    string // of the person at work
	key     string // the file of their key, where SOPS wouldn't find it by itself
}

func example(t *testing.T, overlay string) *environment {
	t.Helper()
	e := &environment{t: t, dir: t.TempDir(), overlay: overlay, home: t.TempDir(), key: filepath.Join(repo, "testdata/keys/people.agekey")}
	for _, name := range []string{"bases", "overlays"} {
		must(t, os.CopyFS(filepath.Join(e.dir, name), os.DirFS(filepath.Join(repo, name))))
	}
	rules, err := os.ReadFile(filepath.Join(repo, ".sops.yaml"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(e.dir, ".sops.yaml"), rules, 0o644))
	return e
}

// spaces is the tutorial's storage in another region.
func spaces(region string) map[string]any {
	return map[string]any{"s3": map[string]any{"provider": "digitalocean", "region": region, "bucket": bucket}}
}

// changed is such a copy with another host and more in its spec.
func changed(t *testing.T, overlay, host string, spec map[string]any) *environment {
	t.Helper()
	e := example(t, overlay)
	e.change(func(s map[string]any) {
		s["host"] = host
		for k, v := range spec {
			s[k] = v
		}
	})
	e.reggen("", "seal", e.path())
	return e
}

// change changes the overlay's spec.
func (e *environment) change(f func(spec map[string]any)) {
	e.t.Helper()
	path := filepath.Join(e.dir, e.path(), "registry", "registry.yaml")
	text, err := os.ReadFile(path)
	must(e.t, err)
	var doc map[string]any
	must(e.t, yaml.Unmarshal(text, &doc))
	f(doc["spec"].(map[string]any))
	text, err = yaml.Marshal(doc)
	must(e.t, err)
	must(e.t, os.WriteFile(path, text, 0o644))
}

func (e *environment) path() string { return "overlays/" + e.overlay }

// reggen runs reggen, which must succeed.
func (e *environment) reggen(stdin string, args ...string) []byte {
	e.t.Helper()
	out, _ := e.both(stdin, args...)
	return []byte(out)
}

// checked is what reggen check says.
func (e *environment) checked() string {
	e.t.Helper()
	_, said := e.both("", "check", e.path())
	return said
}

func (e *environment) both(stdin string, args ...string) (stdout, stderr string) {
	e.t.Helper()
	stdout, stderr, code := e.run(stdin, args...)
	if code != 0 {
		e.t.Fatalf("reggen %s: exit status %d\n%s", strings.Join(args, " "), code, stderr)
	}
	return stdout, stderr
}

// run runs reggen, whatever becomes of it.
func (e *environment) run(stdin string, args ...string) (stdout, stderr string, code int) {
	e.t.Helper()
	cmd := exec.Command(filepath.Join(bin, "reggen"), args...)
	cmd.Dir = e.dir
	cmd.Env = []string{"HOME=" + e.home, "TMPDIR=" + e.t.TempDir(), "PATH="}
	if e.key != "" {
		cmd.Env = append(cmd.Env, "SOPS_AGE_KEY_FILE="+e.key)
	}
	return finish(e.t, cmd, stdin)
}

// password is a user's password.
func (e *environment) password(user string) string {
	e.t.Helper()
	return strings.TrimSuffix(string(e.reggen("", "credential", "show", user, "--field", "password", "--secrets", "plain", "--dir", e.path())), "\n")
}

// objects are what the cluster gets.
type objects struct {
	configMaps  map[string]corev1.ConfigMap
	secrets     map[string]corev1.Secret // by namespace/name
	services    map[string]corev1.Service
	deployment  appsv1.Deployment
	cronJobs    []batchv1.CronJob
	ingresses   []networkingv1.Ingress
	routes      []gatewayv1.HTTPRoute
	backendTLS  []gatewayv1.BackendTLSPolicy
	deployments int
	replicas    int // the Deployment's, or the fewest that the autoscaler wants
}

// build builds the overlay in the clear and reads what comes out as the API
// server would: strictly.
func (e *environment) build() *objects {
	e.t.Helper()
	all, err := object.Parse(e.overlay, e.reggen("", "build", "--secrets", "plain", e.path()))
	must(e.t, err)
	o := &objects{configMaps: map[string]corev1.ConfigMap{}, secrets: map[string]corev1.Secret{}, services: map[string]corev1.Service{}}
	for _, one := range all {
		text, err := yaml.Marshal(map[string]any(one))
		must(e.t, err)
		switch one.Kind() {
		case "ConfigMap":
			o.configMaps[one.Name()] = typed[corev1.ConfigMap](e.t, text)
		case "Secret":
			o.secrets[one.Namespace()+"/"+one.Name()] = typed[corev1.Secret](e.t, text)
		case "Service":
			o.services[one.Name()] = typed[corev1.Service](e.t, text)
		case "Deployment":
			o.deployment = typed[appsv1.Deployment](e.t, text)
			o.deployments++
			if n := o.deployment.Spec.Replicas; n != nil {
				o.replicas = int(*n)
			}
		case "HorizontalPodAutoscaler":
			o.replicas = int(*typed[autoscalingv2.HorizontalPodAutoscaler](e.t, text).Spec.MinReplicas)
		case "CronJob":
			o.cronJobs = append(o.cronJobs, typed[batchv1.CronJob](e.t, text))
		case "Ingress":
			o.ingresses = append(o.ingresses, typed[networkingv1.Ingress](e.t, text))
		case "HTTPRoute":
			o.routes = append(o.routes, typed[gatewayv1.HTTPRoute](e.t, text))
		case "BackendTLSPolicy":
			o.backendTLS = append(o.backendTLS, typed[gatewayv1.BackendTLSPolicy](e.t, text))
		}
	}
	if o.deployments != 1 {
		e.t.Fatalf("%d Deployments among the objects", o.deployments)
	}
	return o
}

func typed[T any](t *testing.T, text []byte) T {
	t.Helper()
	var out T
	if err := yaml.UnmarshalStrict(text, &out); err != nil {
		t.Fatalf("an object is not what its kind says: %T", out) // its text may hold a secret
	}
	return out
}

// authority signs every certificate of these tests; all trust it.
var authority *signer

type signer struct {
	file string // its own certificate
	text []byte
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(file string) (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of these tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	s := &signer{file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), cert, key}
	return s, os.WriteFile(file, s.text, 0o644)
}

// sign makes a certificate for hosts, good for a day.
func (s *signer) sign(t *testing.T, hosts ...string) (cert, key []byte) {
	t.Helper()
	return s.signFor(t, 24*time.Hour, hosts...)
}

// signFor makes one with so much of its life left, of which a month is over.
func (s *signer) signFor(t *testing.T, left time.Duration, hosts ...string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts,
		NotBefore: time.Now().Add(-30 * 24 * time.Hour), NotAfter: time.Now().Add(left),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, s.cert, &k.PublicKey, s.key)
	must(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
