//go:build unix

package bounded

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestReadTakesRegularFilesOnly(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("small"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("large"), make([]byte, 101), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(in("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"zero": "/dev/zero", "good": in("small"), "gone": in("nothing")} {
		if err := os.Symlink(to, in(link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"small", "good"} {
		if data, err := Read(in(name), 100); err != nil || string(data) != "text" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	for _, name := range []string{"large", "pipe", "zero"} {
		if _, err := Read(in(name), 100); !IsProblem(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"nothing", "gone"} {
		if _, err := Read(in(name), 100); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(dir, 100); err == nil || IsProblem(err) || os.IsNotExist(err) {
		t.Errorf("a folder: %v", err)
	}
}
