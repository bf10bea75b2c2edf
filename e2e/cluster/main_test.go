package cluster

import (
	"context"
	"crypto/tls"
	"encoding/json"
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
		{"..", []string{"helm.sh/helm/v4/cmd/helm", "./combinations"}},
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

// definitions are those of the custom kinds that the examples and cases have, as
// their projects publish them: modules that ../crds pins, and folders in them.
var definitions = map[string]struct{ folder, plurals string }{
	"github.com/cert-manager/cert-manager":               {"deploy/crds", "certificates clusterissuers"},
	"sigs.k8s.io/gateway-api":                            {"config/crd/standard", "httproutes backendtlspolicies"},
	"github.com/prometheus-operator/prometheus-operator": {"example/prometheus-operator-crd", "servicemonitors prometheusrules"},
}

func customKinds() error {
	var docs []string
	for module, d := range definitions {
		cmd := exec.Command("go", "mod", "download", "-json", module)
		cmd.Dir = "../crds"
		out, err := cmd.Output()
		var at struct{ Dir string }
		if err != nil || json.Unmarshal(out, &at) != nil {
			return fmt.Errorf("the module %s can't be had: %w", module, err)
		}
		for plural := range strings.FieldsSeq(d.plurals) {
			found, err := filepath.Glob(filepath.Join(at.Dir, d.folder, "*_"+plural+".yaml"))
			if err != nil || len(found) != 1 {
				return fmt.Errorf("%d definitions of %s in %s", len(found), plural, module)
			}
			text, err := os.ReadFile(found[0])
			if err != nil {
				return err
			}
			docs = append(docs, string(text))
		}
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
metadata: {name: registry, labels: {pod-security.kubernetes.io/enforce: restricted}}
`)
	cmd := exec.Command(filepath.Join(bin, "kubectl"), "apply", "--server-side", "-f", "-")
	cmd.Env = environment("")
	cmd.Stdin = strings.NewReader(strings.Join(docs, "\n---\n"))
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
