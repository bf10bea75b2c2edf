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
	// Files of the kernel's are regular ones without a size.
	if data, err := Read("/proc/self/maps", 1<<20); err == nil && len(data) < 100 || err != nil && !os.IsNotExist(err) {
		t.Errorf("in /proc: %d bytes, %v", len(data), err)
	}
	if _, err := Read("/proc/self/maps", 100); !IsProblem(err) && !os.IsNotExist(err) {
		t.Errorf("in /proc, too large: %v", err)
	}
	before, err := os.ReadDir("/proc/self/fd")
	for range 50 {
		for _, name := range []string{"small", "large", "pipe", "gone", ""} {
			_, _ = Read(in(name), 100)
		}
	}
	if after, _ := os.ReadDir("/proc/self/fd"); err == nil && len(after) != len(before) {
		t.Errorf("%d files stay open", len(after)-len(before))
	}
	if _, err := Read(dir, 100); err == nil || IsProblem(err) || os.IsNotExist(err) {
		t.Errorf("a folder: %v", err)
	}
}
