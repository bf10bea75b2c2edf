package programs

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestName(t *testing.T) {
	for pkg, want := range map[string]string{"./cmd/reggen": "reggen", "sigs.k8s.io/kustomize/kustomize/v5": "kustomize", "go.etcd.io/etcd/server/v3": "server", "filippo.io/age/cmd/age-keygen": "age-keygen"} {
		if got := name(pkg); got != want {
			t.Errorf("%s: %s; expected %s", pkg, got, want)
		}
	}
}

// A program that is kept is the same file for all who ask, and a new one when what
// it is made of has changed.
func TestKept(t *testing.T) {
	top := t.TempDir()
	t.Setenv(Together, filepath.Join(top, "kept"))
	module := filepath.Join(top, "module")
	if err := os.MkdirAll(filepath.Join(module, "says"), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(module, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/module\n\ngo 1.26\n")
	is := func(text string) string { return "package main\n\nfunc main() { print(`" + text + "`) }\n" }
	write("says/main.go", is("one"))
	says := func(bin string) (string, os.FileInfo) {
		t.Helper()
		if err := Build(filepath.Join(top, bin), module, "./says"); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(top, bin, "says")
		out, err := exec.Command(path).CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(out), info
	}
	says("a")
	first, kept := says("a") // once more
	again, other := says("b")
	if first != "one" || again != "one" || !os.SameFile(kept, other) {
		t.Errorf("%s and %s, the same file: %v", first, again, os.SameFile(kept, other))
	}
	write("says/main.go", is("two"))
	if changed, _ := says("c"); changed != "two" {
		t.Errorf("after a change it says %s", changed)
	}
	if out, err := exec.Command(filepath.Join(top, "a", "says")).CombinedOutput(); err != nil || string(out) != "one" {
		t.Errorf("who had it has %s now, %v", out, err)
	}
}
