package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
)

var (
	repo   string // the repository's root
	bin    string // the folder with etcd's server, kube-apiserver, kubectl, helm, reggen
	server *Server
)

// stamped makes the programs say the version that go.mod pins: helm and kubectl
// don't understand what they say otherwise.
const stamped = "-s -w -X k8s.io/component-base/version.gitVersion=v1.35.4 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=35"

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e/cluster:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	var err error
	if repo, err = filepath.Abs("../.."); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "reggen-cluster-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bin = filepath.Join(dir, "bin")
	for _, b := range []struct {
		dir      string
		packages []string
	}{
		{".", []string{"go.etcd.io/etcd/server/v3", "k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kubectl"}},
		{"..", []string{"helm.sh/helm/v4/cmd/helm"}},
		{repo, []string{"./cmd/reggen"}},
	} {
		args := []string{"build", "-buildvcs=false", "-trimpath", "-o", bin + "/"}
		if b.dir == "." {
			args = append(args, "-ldflags", stamped)
		}
		cmd := exec.Command("go", append(args, b.packages...)...)
		cmd.Dir = b.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("building %v: %w\n%s", b.packages, err, out)
		}
	}
	if server, err = Start(context.Background(), bin, dir); err != nil {
		return 0, err
	}
	defer server.Stop()
	if err := customKinds(); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// config is for clients of Kubernetes' own libraries.
func config() *rest.Config {
	return &rest.Config{Host: server.URL, BearerToken: server.Token, TLSClientConfig: rest.TLSClientConfig{Insecure: true}, QPS: -1}
}

// kinds are those of the examples and cases that come from elsewhere, by group
// and version; their fields are not looked at.
var kinds = []struct{ group, version, kind, plural string }{
	{"cert-manager.io", "v1", "Certificate", "certificates"},
	{"gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"},
	{"gateway.networking.k8s.io", "v1", "BackendTLSPolicy", "backendtlspolicies"},
	{"monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"},
	{"monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"},
}

func customKinds() error {
	var docs []string
	for _, k := range kinds {
		docs = append(docs, fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[4]s.%[1]s, annotations: {api-approved.kubernetes.io: "unapproved, a test"}}
spec:
  group: %[1]s
  scope: Namespaced
  names: {kind: %[3]s, plural: %[4]s, singular: %[5]s, listKind: %[3]sList}
  versions:
    - {name: %[2]s, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`, k.group, k.version, k.kind, k.plural, strings.ToLower(k.kind)))
	}
	docs = append(docs, `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: example.org/none
allowVolumeExpansion: true
`, `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: slow}
provisioner: example.org/none
`, `apiVersion: v1
kind: Namespace
metadata: {name: registry}
`)
	cmd := exec.Command(filepath.Join(bin, "kubectl"), "apply", "--server-side", "-f", "-")
	cmd.Env = environment("")
	cmd.Stdin = strings.NewReader(strings.Join(docs, "---\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("custom kinds: %w\n%s", err, out)
	}
	wait := exec.Command(filepath.Join(bin, "kubectl"), "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
	wait.Env = environment("")
	if out, err := wait.CombinedOutput(); err != nil {
		return fmt.Errorf("custom kinds: %w\n%s", err, out)
	}
	return nil
}

// environment is what programs get: this server, these programs first, and a
// home of their own.
func environment(home string) []string {
	env := append(os.Environ(), "KUBECONFIG="+server.Kubeconfig, "PATH="+bin+":"+os.Getenv("PATH"))
	if home != "" {
		env = append(env, "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "XDG_CACHE_HOME="+filepath.Join(home, ".cache"))
	}
	return env
}

// httpClient talks to the API server itself.
func httpClient() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 8}}
}
