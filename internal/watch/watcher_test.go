package watch

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// see watches a folder with a file in it, of which all counts.
func see(t *testing.T) (s *watcher, dir string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	system, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	s = &watcher{system: system, watched: map[string]bool{}, signal: make(chan struct{}, 1)}
	s.forget()
	go s.listen()
	t.Cleanup(s.close)
	s.take([]repository.Reach{{Files: []string{filepath.Join(dir, "file")}, Folders: []string{dir}, Count: 1}}, nil)
	if more, err := s.watch(&Work{}); err != nil || !more {
		t.Fatalf("%v, %v", more, err)
	}
	return s, dir
}

// noticed is what is noticed of a change; it waits for as long as it takes.
func (s *watcher) noticed(t *testing.T, dir string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	names, _, err := s.wait(ctx)
	if err != nil || ctx.Err() != nil {
		t.Fatalf("nothing is noticed: %v", err)
	}
	return strings.ReplaceAll(strings.Join(names, " "), dir+"/", "")
}

// Who may read a file counts, and that it was touched does not; nor does what
// editors put beside it. The last of these changes is there to be noticed.
func TestWhatCounts(t *testing.T) {
	s, dir := see(t)
	file := filepath.Join(dir, "file")
	for _, do := range []error{
		os.Chtimes(file, time.Now(), time.Now()), os.WriteFile(filepath.Join(dir, ".file.swp"), nil, 0o600), os.WriteFile(filepath.Join(dir, "4913"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "new"), nil, 0o600),
	} {
		if do != nil {
			t.Fatal(do)
		}
	}
	for got := ""; !strings.Contains(got, "new"); {
		if got = s.noticed(t, dir); got != "new" {
			t.Errorf("noticed %q", got)
		}
	}
	if err := os.Chmod(file, 0o400); err != nil {
		t.Fatal(err)
	}
	if got := s.noticed(t, dir); got != "file" {
		t.Errorf("noticed %q", got)
	}
}

// Where the system lost count, anything may have changed.
func TestAnOverflowIsAChange(t *testing.T) {
	s, _ := see(t)
	s.system.Errors <- fsnotify.ErrEventOverflow
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	w := &Work{Tell: &terminal.Terminal{}, Repo: &repository.Repository{}}
	if what, err := w.changed(ctx, Plan{}, s); err != nil || what != "more changed at once than the system tells" {
		t.Errorf("%q, %v", what, err)
	}
}

// What the system refuses is told with what to do about it.
func TestLimits(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{syscall.ENOSPC: "fs.inotify.max_user_watches", syscall.EMFILE: "fs.inotify.max_user_instances", syscall.ENOSYS: "can't watch files here"} {
		if text := (&Work{}).limit(os.NewSyscallError("inotify_init1", errno)).Error(); !strings.Contains(text, want) {
			t.Errorf("%v: %s", errno, text)
		}
	}
}

// A file that output goes to, and only that, is no change.
func TestOutputIsNoChange(t *testing.T) {
	s, dir := see(t)
	f, err := os.Open(filepath.Join(dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if s.outputs = place(f); s.counts(f.Name(), fsnotify.Write) {
		t.Error("it counts")
	}
	if !s.counts(filepath.Join(dir, "other"), fsnotify.Write) || len(place(&strings.Builder{})) > 0 || slices.Contains(byproducts, "other") {
		t.Error("another doesn't")
	}
}
