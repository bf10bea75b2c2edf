package repository

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestScratch(t *testing.T) {
	none := func(string) string { return "" }
	for _, place := range []string{"/proc", "/nowhere", "."} {
		if place != "." && inMemory(place) {
			t.Errorf("%s is in memory", place)
		}
	}
	if firstInMemory([]string{"/proc", "/nowhere"}) != "" {
		t.Error("a place in memory is found where none is")
	}
	s, err := NewScratch(none, runtime.GOOS != "linux")
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && !strings.HasPrefix(s.Path, "/dev/shm/") {
		t.Errorf("it is at %s", s.Path)
	}
	if err := s.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{s.Path: 0o600, filepath.Dir(s.Path): 0o700 | os.ModeDir} {
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if text, err := s.Read(); err != nil || string(text) != "one" {
		t.Errorf("%q, %v", text, err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(s.Path), ".credential.yaml.swp"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(); err == nil {
		t.Error("a file that is gone can be read")
	}
	s.Remove()
	if Exists(filepath.Dir(s.Path)) {
		t.Error("the folder is still there")
	}
}
