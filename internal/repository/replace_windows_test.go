package repository

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A file that an editor or a scanner has open for a moment is replaced all the
// same, with nothing left beside it.
func TestReplaceWaitsForOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	hold := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := hold()
	time.AfterFunc(100*time.Millisecond, func() { _ = f.Close() })
	if err := Replace(path, []byte("new"), 0o600); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "new" {
		t.Errorf("%q, %v", text, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// Who holds the lock, and everybody else, can read the file.
func TestALockedFileCanBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	unlock, ok, err := tryLock(path)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	if _, ok, err := tryLock(path); ok || err != nil {
		t.Errorf("locked twice: %v, %v", ok, err)
	}
	unlock()
	again, ok, err := tryLock(path)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	again()
}
