package watch

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/revision"
)

// An editor writes a file in several steps and git many files: a run begins when
// nothing has changed for a moment, and at the latest after a longer one.
const (
	quiet    = 100 * time.Millisecond
	patience = 2 * time.Second
)

// watcher has the system tell of changes in folders. Folders, not files: who
// saves by renaming puts another file in the place of the one that was there.
// Paths in it are without links on the way to them.
type watcher struct {
	system  *fsnotify.Watcher
	watched map[string]bool // the folders that the system tells of
	count   int             // files that are there
	commits string          // that the command compares with
	outputs []os.FileInfo   // where this program's output goes

	files, folders, search, git map[string]bool
	modes                       map[string]fs.FileMode

	mu     sync.Mutex
	told   map[string]fsnotify.Op
	signal chan struct{}
}

// look begins to watch what the command can read. When it returns, whatever
// changes since the files were looked at is told.
func (w *Work) look(ctx context.Context, p Plan) (*watcher, error) {
	system, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, w.limit(err)
	}
	s := &watcher{system: system, watched: map[string]bool{}, signal: make(chan struct{}, 1)}
	s.outputs = append(place(w.Tell.Stdout), place(w.Tell.Stderr)...)
	go s.listen()
	var git []string
	if len(p.Revisions) > 0 {
		if r, err := revision.Find(ctx, w.Repo.Dir, false, false); err == nil {
			git = r.Folders(ctx)
		}
	}
	// What is reached is looked at once more when more is watched: it may have
	// changed just before.
	for more := true; more && ctx.Err() == nil; {
		s.forget()
		s.commits = w.commits(ctx, p)
		reaches, err := w.reach(ctx, p)
		if err == nil {
			s.take(reaches, git)
			more, err = s.watch(w)
		}
		if err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// place is the file that an output goes to, if it goes to one: what is written
// there is no change.
func place(to any) []os.FileInfo {
	if f, is := to.(*os.File); is {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return []os.FileInfo{info}
		}
	}
	return nil
}

func (s *watcher) close() {
	if s != nil {
		_ = s.system.Close()
	}
}

// listen takes what the system tells, until the watcher is closed.
func (s *watcher) listen() {
	for {
		name, op := "", fsnotify.Op(0)
		select {
		case e, open := <-s.system.Events:
			if !open {
				return
			}
			name, op = e.Name, e.Op
		case err, open := <-s.system.Errors:
			if !open {
				return
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				continue
			}
		}
		s.mu.Lock()
		s.told[name] |= op
		s.mu.Unlock()
		select {
		case s.signal <- struct{}{}:
		default:
		}
	}
}

// forget drops what was told: it is about to be looked at.
func (s *watcher) forget() map[string]fsnotify.Op {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.told
	s.told = map[string]fsnotify.Op{}
	return told
}

// take takes over what is reached.
func (s *watcher) take(reaches []repository.Reach, git []string) {
	s.files, s.folders, s.search, s.git, s.modes, s.count = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]fs.FileMode{}, 0
	real := map[string]string{}
	folder := func(path string) string {
		if _, known := real[path]; !known {
			real[path], _ = filepath.EvalSymlinks(path)
		}
		return real[path]
	}
	all := func(to map[string]bool, paths []string) {
		for _, path := range paths {
			if path = folder(path); path != "" {
				to[path] = true
			}
		}
	}
	all(s.git, git)
	for _, r := range reaches {
		s.count += r.Count
		all(s.folders, r.Folders)
		all(s.search, r.Search)
		for _, path := range r.Files {
			if dir := folder(filepath.Dir(path)); dir != "" {
				path = filepath.Join(dir, filepath.Base(path))
				s.files[path], s.modes[path] = true, mode(path)
			}
		}
	}
}

// watch has the system tell of the folders of all that; more says that there
// are some of which it did not tell before.
func (s *watcher) watch(w *Work) (more bool, err error) {
	want := map[string]bool{}
	for _, some := range []map[string]bool{s.folders, s.search, s.git} {
		maps.Copy(want, some)
	}
	for path := range s.files {
		want[filepath.Dir(path)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(want)) {
		if s.watched[dir] {
			continue
		}
		switch err := s.system.Add(dir); {
		case err == nil:
			s.watched[dir], more = true, true
		case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOMEM):
			return false, w.limit(err)
		}
		// Any other is gone or can't be read: the run tells, and the folder above
		// is watched.
	}
	return more, nil
}

// limit words that the system has no more watches.
func (w *Work) limit(err error) problem.Problem {
	p := problem.Problem{Path: "--watch", What: "the system watches no more files for this user"}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		p.Next = "sudo sysctl fs.inotify.max_user_watches=524288   # or end a program that watches many folders, an editor for instance"
	case errors.Is(err, syscall.EMFILE):
		p.Next = "sudo sysctl fs.inotify.max_user_instances=512   # or end a program that watches files; on macOS: ulimit -n 4096"
	default:
		p.What = "the system can't watch files here"
	}
	return p
}

// wait waits until something that counts has changed, and nothing more for a
// moment. git says that git has written into its own folder. A name is empty
// where the system lost count.
func (s *watcher) wait(ctx context.Context) (names []string, git bool, err error) {
	for {
		select {
		case <-ctx.Done():
			return nil, false, nil
		case <-s.signal:
		}
		for last := time.After(patience); ; {
			select {
			case <-s.signal:
				continue
			case <-last:
			case <-time.After(quiet):
			case <-ctx.Done():
			}
			break
		}
		for name, op := range s.forget() {
			switch {
			case s.git[filepath.Dir(name)] && name != "":
				git = true
			case s.counts(name, op):
				names = append(names, name)
			}
		}
		if slices.Sort(names); len(names) > 0 || git {
			return names, git, nil
		}
	}
}

// counts says whether a run can come out otherwise now.
func (s *watcher) counts(name string, op fsnotify.Op) bool {
	dir, base := filepath.Split(name)
	dir = filepath.Clean(dir)
	switch {
	case name == "":
		return true
	case byproduct(base), op == fsnotify.Chmod && mode(name) == s.modes[name], s.isOutput(name):
		return false
	case s.files[name], s.folders[dir]:
		return true
	}
	info, err := os.Lstat(name)
	return s.search[dir] && op.Has(fsnotify.Create) && err == nil && info.IsDir() || s.search[dir] && repository.IsKustomization(base)
}

func (s *watcher) isOutput(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && slices.ContainsFunc(s.outputs, func(o os.FileInfo) bool { return os.SameFile(o, info) })
}

// mode is who may read what is there; 0 where nothing is.
func mode(path string) fs.FileMode {
	info, err := os.Lstat(path)
	if err != nil {
		return 0
	}
	return info.Mode()
}

// byproducts are what editors and file managers put beside the file that is
// edited, and what no build reads.
var byproducts = []string{"*~", ".#*", "#*#", ".*.sw[a-z]", "4913", "*___jb_tmp___", "*___jb_old___", ".goutputstream-*", ".DS_Store", ".nfs*"}

func byproduct(name string) bool {
	return slices.ContainsFunc(byproducts, func(pattern string) bool {
		is, _ := filepath.Match(pattern, name)
		return is
	})
}
