package revision

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/needs"
)

// repository is an empty one, and a way to call git in it.
func repository(t *testing.T) (dir string, git func(stdin string, args ...string) string) {
	t.Helper()
	dir = t.TempDir()
	git = func(stdin string, args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"}, args...)...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	git("", "init", "-q")
	return dir, git
}

// commit makes a commit of a tree that is written in git's own form, so that it
// can hold what git itself would not make.
func commit(git func(string, ...string) string, entries ...string) string {
	var raw bytes.Buffer
	for _, e := range entries {
		words := strings.SplitN(e, " ", 3)
		fmt.Fprintf(&raw, "%s %s\x00", words[0], words[2])
		for i := 0; i < 40; i += 2 {
			var b byte
			_, _ = fmt.Sscanf(words[1][i:i+2], "%02x", &b)
			raw.WriteByte(b)
		}
	}
	tree := git(raw.String(), "hash-object", "-w", "-t", "tree", "--literally", "--stdin")
	return git("", "commit-tree", "-m", "x", tree)
}

func unpack(t *testing.T, dir, id string) (string, []Left, error) {
	t.Helper()
	r, err := Find(t.Context(), dir, false, false)
	if err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	into := filepath.Join(top, "tree")
	if err := os.Mkdir(into, 0o755); err != nil {
		t.Fatal(err)
	}
	left, err := r.Unpack(t.Context(), id, into)
	if all, _ := os.ReadDir(top); len(all) != 1 {
		t.Errorf("written beside the folder: %v", all)
	}
	return into, left, err
}

func TestUnpackWritesWhatWasCommitted(t *testing.T) {
	needs.Unix(t, needs.Names)
	dir, git := repository(t)
	for name, text := range map[string]string{"a": "one\r\ntwo\n", "b/c/d": "$Id$\n", "b/e": "", "b/same": "one\r\ntwo\n", "run": "#!/bin/sh\n", "ü \n": "x",
		".gitattributes": "* ident eol=crlf working-tree-encoding=UTF-16 export-ignore\n"} {
		_ = os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_ = os.Remove(filepath.Join(dir, ".gitattributes"))
	_ = os.Symlink("../b", filepath.Join(dir, "b", "up"))
	_ = os.Symlink("/etc", filepath.Join(dir, "out"))
	git("", "add", "-A")
	git("", "commit", "-q", "-m", "x")
	_ = os.WriteFile(filepath.Join(dir, ".gitattributes"), []byte("* ident eol=crlf working-tree-encoding=UTF-16\n"), 0o644)
	into, left, err := unpack(t, dir, git("", "rev-parse", "HEAD"))
	if err != nil || len(left) != 1 || left[0] != (Left{"out", whyLink}) {
		t.Fatalf("%v %v", left, err)
	}
	for name, want := range map[string]string{"a": "one\r\ntwo\n", "b/c/d": "$Id$\n", "b/e": "", "b/same": "one\r\ntwo\n", "b/up/e": "", "ü \n": "x"} {
		if got, err := os.ReadFile(filepath.Join(into, name)); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	if _, err := os.ReadFile(filepath.Join(into, "out")); err == nil || os.IsNotExist(err) {
		t.Errorf("what was left out must be there and not be read: %v", err)
	}
}

// A tree that was made by hand writes nothing elsewhere, and has an end.
func TestHostileTrees(t *testing.T) {
	dir, git := repository(t)
	blob := git("evil\n", "hash-object", "-w", "--stdin")
	target := git("..", "hash-object", "-w", "--stdin")
	under := func(name string) string {
		return git("", "rev-parse", commit(git, "100644 "+blob+" "+name)+"^{tree}")
	}
	bomb := under("x")
	for range 12 {
		var all []string
		for i := range 10 {
			all = append(all, fmt.Sprintf("40000 %s d%d", bomb, i))
		}
		bomb = git("", "rev-parse", commit(git, all...)+"^{tree}")
	}
	for name, c := range map[string]struct {
		entries []string
		says    string
	}{
		"up":               {[]string{"40000 " + under("x") + " .."}, "no checkout would write"},
		"a file up":        {[]string{"100644 " + blob + " ../x"}, "no checkout would write"},
		"absolute":         {[]string{"100644 " + blob + " /tmp/x"}, "no checkout would write"},
		"git's folder":     {[]string{"40000 " + under("config") + " .GIT"}, "no checkout would write"},
		"through a link":   {[]string{"120000 " + target + " a", "40000 " + under("x") + " a"}, "whose names are one"},
		"twice":            {[]string{"100644 " + blob + " a", "100644 " + target + " a"}, "whose names are one"},
		"a tree of trees":  {[]string{"40000 " + bomb + " a"}, "too large"},
		"an object is not": {[]string{"100644 " + strings.Repeat("ab", 20) + " a"}, "lacks some of its files"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := unpack(t, dir, commit(git, c.entries...))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	dir, git := repository(t)
	large := make([]byte, 9<<20)
	hash := func(text string) string { return git(text, "hash-object", "-w", "--stdin") }
	id := commit(git,
		"100644 "+hash(string(large))+" large",
		"100644 "+hash(pointer+"v1\noid sha256:0\nsize 1\n")+" pointer",
		"160000 "+strings.Repeat("ab", 20)+" sub",
		"120000 "+hash("a/../../../x")+" up")
	into, left, err := unpack(t, dir, id)
	if err != nil || len(left) != 3 || Hint(left) != "pointer (a pointer of Git LFS), sub (a submodule), up (a link that leads out)" {
		t.Fatalf("%v %v", Hint(left), err)
	}
	if info, err := os.Stat(filepath.Join(into, "large")); err != nil || info.Size() <= 8<<20 {
		t.Errorf("a reader must see that it is too large: %v", err)
	}
	if all, err := os.ReadDir(filepath.Join(into, "sub")); err != nil || len(all) > 0 {
		t.Errorf("%v %v", all, err)
	}
}

func TestStays(t *testing.T) {
	for _, c := range []struct {
		path, target string
		want         bool
	}{
		{"a", "b", true}, {"a", "./b//c/", true}, {"d/a", "../b", true}, {"d/e/a", "../../b", true},
		{"a", "..", false}, {"d/a", "../..", false}, {"a", "/etc", false}, {"a", "", false}, {"a", "b\x00", false},
		{"d/a", "b/../../x", false}, {"d/e/a", "b/..", false}, {"a", strings.Repeat("x", 5000), false},
	} {
		if got := stays(c.path, c.target); got != c.want {
			t.Errorf("%s -> %.40q: %v", c.path, c.target, got)
		}
	}
}

// A partial clone is not completed without a yes.
func TestUnpackAsksNobody(t *testing.T) {
	dir, git := repository(t)
	_ = os.WriteFile(filepath.Join(dir, "a"), []byte("text\n"), 0o644)
	git("", "add", "-A")
	git("", "commit", "-q", "-m", "x")
	git("", "config", "uploadpack.allowFilter", "true")
	git("", "config", "uploadpack.allowAnySHA1InWant", "true")
	clone := filepath.Join(t.TempDir(), "clone")
	git("", "clone", "-q", "--no-checkout", "--filter=blob:none", "file:///"+strings.TrimPrefix(filepath.ToSlash(dir), "/"), clone)
	id := git("", "rev-parse", "HEAD")
	if _, _, err := unpack(t, clone, id); err == nil || !strings.Contains(err.Error(), "--allow-network") {
		t.Errorf("%v", err)
	}
	r, err := Find(t.Context(), clone, true, false)
	if err != nil {
		t.Fatal(err)
	}
	into := t.TempDir()
	if _, err := r.Unpack(t.Context(), id, into); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(into, "a")); err != nil || string(text) != "text\n" {
		t.Errorf("%q %v", text, err)
	}
}
