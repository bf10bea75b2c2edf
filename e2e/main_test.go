package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/reggen/reggen/e2e/programs"
)

// The programs under test and beside it, built once.
var (
	repo string // the repository's root
	bin  string // the folder with reggen, kustomize, sops, age, age-keygen, helm, registry, the distribution project's
)

// tools are built at the versions that go.mod pins.
var tools = []string{
	"filippo.io/age/cmd/age",
	"filippo.io/age/cmd/age-keygen",
	"github.com/distribution/distribution/v3/cmd/registry",
	"github.com/getsops/sops/v3/cmd/sops",
	"github.com/rhysd/actionlint/cmd/actionlint",
	"helm.sh/helm/v4/cmd/helm",
	"sigs.k8s.io/kustomize/kustomize/v5",
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	var err error
	if repo, err = filepath.Abs(".."); err != nil {
		return 0, err
	}
	if bin, err = os.MkdirTemp("", "reggen-e2e-bin-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(bin)
	if err := build(".", tools...); err != nil {
		return 0, err
	}
	if err := build(repo, "./cmd/reggen"); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// build compiles packages as seen from the module in dir into bin.
func build(dir string, packages ...string) error { return programs.Build(bin, dir, packages...) }

// tool is the path of a program built above.
func tool(name string) string { return filepath.Join(bin, name) }

// system is the path of a program of this machine; without it the test fails
// and says how to get it.
func system(t testing.TB, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing on this machine; install it: %s", name, install)
	}
	return path
}

func htpasswd(t testing.TB) string {
	t.Helper()
	if runtime.GOOS == "darwin" {
		return system(t, "htpasswd", "brew install httpd")
	}
	return system(t, "htpasswd", "apt-get install -y --no-install-recommends apache2-utils")
}
