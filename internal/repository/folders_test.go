package repository

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/reggen/reggen/generator/seen"
)

// An environment's own folders are read once by work that takes them to stay as
// they are, and those that environments share once for all of them.
func TestFoldersAreReadOnce(t *testing.T) {
	top := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(top, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func(r *Repository, env, rel string) string {
		t.Helper()
		shown, files, err := r.Folder(filepath.Join(top, env))(rel)
		if err != nil || len(files) != 1 || files[0].Path != filepath.ToSlash(filepath.Join(env, rel, "x.yaml")) || shown != filepath.ToSlash(filepath.Join(env, rel)) {
			t.Fatalf("%s: %v, %v", shown, files, err)
		}
		text := string(files[0].Data)
		files[0].Data = nil // the list is the caller's
		return text
	}
	const own, common = "credentials", "../people"
	all := func(text string) {
		write("a/credentials/x.yaml", text)
		write("b/credentials/x.yaml", text)
		write("people/x.yaml", text)
	}
	plain := &Repository{Dir: top}
	all("a: 1")
	forget := seen.Remember()
	one := plain.Remembering()
	if own, common := read(one, "a", own), read(one, "a", common); own != "a: 1" || common != "a: 1" {
		t.Fatalf("%q, %q", own, common)
	}
	all("a: 2")
	other := plain.Remembering()
	for _, c := range []struct {
		who, env, rel, want string
		repo                *Repository
	}{
		{"the same work", "a", own, "a: 1", one},
		{"the same work", "a", common, "a: 1", one},
		{"another environment", "b", own, "a: 2", other},
		{"another environment", "b", common, "a: 1", other},
		{"work that writes", "a", own, "a: 2", plain},
		{"work that writes", "a", common, "a: 2", plain},
	} {
		if got := read(c.repo, c.env, c.rel); got != c.want {
			t.Errorf("%s, %s of %s: %q, want %q", c.who, c.rel, c.env, got, c.want)
		}
	}
	forget()
	if got := read(plain.Remembering(), "a", common); got != "a: 2" {
		t.Errorf("the next command: %q", got)
	}
	if _, _, err := other.Folder(top)("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that isn't there: %v", err)
	}
	write("none/x.yaml", "a: 3")
	if _, files, err := other.Folder(top)("none"); err != nil || len(files) != 1 {
		t.Errorf("a folder that came: %v, %v", files, err)
	}
}
