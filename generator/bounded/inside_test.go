package bounded

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reggen/reggen/generator/seen"
	"github.com/reggen/reggen/internal/needs"
)

// linked is a repository with links of all kinds, and every path worth asking for.
func linked(t *testing.T) (top string, paths []string) {
	t.Helper()
	needs.Unix(t, needs.Links)
	top = filepath.Join(t.TempDir(), "repo")
	for _, dir := range []string{".git", "a/b", "../outside/in"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"f", "a/f", "a/b/f", "../outside/f", "../outside/in/f"} {
		if err := os.WriteFile(filepath.Join(top, file), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"folder": "a", "a/up": "..", "file": "a/f", "chain": "folder", "nothing": "none", "circle": "circle",
		"out": "../outside", "outfile": "../outside/f", "a/b/far": "../../../outside/in",
	} {
		if err := os.Symlink(to, filepath.Join(top, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		"", ".", "f", "f/x", "f/x/y", "a", "a/", "a/f", "a//f", "a/../f", "a/b", "a/b/f", "none", "none/f", "a/none", "folder", "folder/f", "folder/b/f", "folder/none", "a/up", "a/up/a/f",
		"file", "file/x", "chain", "chain/b/f", "nothing", "nothing/f", "circle", "circle/f", "out", "out/f", "out/in/f", "out/none", "outfile", "a/b/far", "a/b/far/f", "..", "../outside/f",
	} {
		paths = append(paths, top+"/"+path, filepath.Join(top, path))
	}
	return top, append(paths, "/", "relative", ".", "..", "")
}

// What is remembered changes no answer: of links, of what is inside, and of where
// the repository begins, whatever was asked before.
func TestInsideRemembered(t *testing.T) {
	top, paths := linked(t)
	type answer struct {
		real, repository   string
		err, leads, inside bool
	}
	ask := func(path string) answer {
		real, err := EvalSymlinks(path)
		return answer{real, RepositoryOf(path), err != nil, LeadsOut(path, top), Inside(path) == nil}
	}
	want := map[string]answer{}
	out := 0
	for _, path := range paths {
		want[path] = ask(path)
		if real, err := filepath.EvalSymlinks(path); want[path].real != real || want[path].err != (err != nil) {
			t.Errorf("%s: %q, where filepath says %q, %v", path, want[path].real, real, err)
		}
		if !want[path].inside {
			out++
		}
	}
	if out < 10 {
		t.Fatalf("only %d paths lead out", out)
	}
	defer seen.Remember()()
	for _, step := range []int{1, len(paths) - 1, 1} { // forwards, backwards, and again
		for i, n := 0, 0; n < len(paths); n++ {
			if got := ask(paths[i]); got != want[paths[i]] {
				t.Errorf("%s: %+v, want %+v", paths[i], got, want[paths[i]])
			}
			i = (i + step) % len(paths)
		}
	}
}

// A folder is remembered, and what a file's name leads to is not.
func TestALinkInThePlaceOfAFile(t *testing.T) {
	top, _ := linked(t)
	defer seen.Remember()()
	path := filepath.Join(top, "a/f")
	if err := Inside(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := Inside(path); err != nil {
		t.Errorf("gone: %v", err)
	}
	if err := os.Symlink("../../outside/f", path); err != nil {
		t.Fatal(err)
	}
	if Inside(path) == nil {
		t.Error("a link out of the repository is inside")
	}
	fresh := filepath.Join(top, "new/f") // a folder that is made meanwhile
	if err := Inside(fresh); err != nil {
		t.Error(err)
	}
	if err := os.Mkdir(filepath.Dir(fresh), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Inside(fresh); err != nil {
		t.Errorf("in a new folder: %v", err)
	}
}
