package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/seen"
	"github.com/reggen/reggen/internal/needs"
)

// A configuration is read again whenever its file may be another one, however
// it was changed, and not as long as it is the same.
func TestReadingTheSameFile(t *testing.T) {
	long := time.Now().Add(-time.Hour)
	path := filepath.Join(t.TempDir(), ConfigName)
	write := func(path, text string, at time.Time) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	write(path, "one", long)
	for name, c := range map[string]struct {
		change func()
		want   string
		same   bool
	}{
		"nothing":                     {func() {}, "one", true},
		"written in place":            {func() { write(path, "two", long.Add(time.Millisecond)) }, "two", false},
		"another size":                {func() { write(path, "three", long) }, "three", false},
		"another file in its place":   {func() { write(path+"2", "two", long); _ = os.Rename(path+"2", path) }, "two", false},
		"a link to another file":      {func() { write(path+"2", "two", long); _ = os.Remove(path); _ = os.Symlink(path+"2", path) }, "two", false},
		"gone":                        {func() { _ = os.Remove(path) }, "", false},
		"a folder":                    {func() { _ = os.Remove(path); _ = os.Mkdir(path, 0o755) }, "", false},
		"too large":                   {func() { write(path, strings.Repeat("#", maxConfig+1), long) }, "", false},
		"changed a moment ago, twice": {func() { write(path, "new", time.Now()); _, _ = texts.read(path); write(path, "two", time.Now()) }, "two", false},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a link to another file" {
				needs.Unix(t, needs.Links)
			}
			_ = os.RemoveAll(path)
			write(path, "one", long)
			first, err := texts.read(path)
			if err != nil || string(first) != "one" {
				t.Fatalf("%s: %q, %v", name, first, err)
			}
			c.change()
			text, err := texts.read(path)
			if string(text) != c.want || (err != nil) != (c.want == "") {
				t.Errorf("%s: %q, %v", name, text, err)
			}
			if same := len(text) > 0 && &text[0] == &first[0]; same != c.same {
				t.Errorf("%s: read again: %v", name, !same)
			}
		})
	}
	_ = os.RemoveAll(path) // the last of them may have made a folder
	// As long as a second change might not show, nothing is kept.
	write(path, "new", time.Now())
	if _, err := texts.read(path); err != nil || string(texts.of[path].text) == "new" {
		t.Errorf("%v: a file that was just written is kept", err)
	}
}

// Work on many environments finds what is above their files once, be it there or
// not, and other work looks anew.
func TestFindLooksOnce(t *testing.T) {
	top := t.TempDir()
	file := filepath.Join(top, "a/b/file.yaml")
	config := filepath.Join(top, "a", ConfigName)
	write := func(path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("creation_rules:\n- age: age1z0etexqpthsrlu94lqatc33u4ckj8yj0f0evccca7ax8glfl75csp7mwkr\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in := func() string {
		r, err := FindWithin(top, file)
		if err != nil {
			return ""
		}
		return r.Config
	}
	write(config)
	forget := seen.Remember()
	if in() != config || Shadows(config) != "" {
		t.Fatalf("found in %q, in front of %q", in(), Shadows(config))
	}
	nearer, above := filepath.Join(top, "a/b", ConfigName), filepath.Join(top, ConfigName)
	write(nearer)
	write(above)
	if in() != config || Shadows(config) != "" {
		t.Errorf("looked again: found in %q, in front of %q", in(), Shadows(config))
	}
	forget()
	if in() != nearer || Shadows(config) != above {
		t.Errorf("other work: found in %q, in front of %q", in(), Shadows(config))
	}
}
