package cli

import (
	"os"
	"strings"
	"testing"
)

// Whoever stands in a subfolder is told the way, not to make a new environment.
func TestSubfolders(t *testing.T) {
	e := newEnv(t, 1, 1)
	for dir, want := range map[string]string{
		"overlays":                "next: cd ..   # where overlays/e0 is",
		"overlays/e0/credentials": "next: cd ..   # the environment",
		"bases":                   "next: cd ..   # where overlays/e0 is",
		"some/where/else":         "next: cd ../../..   # where overlays/e0 is",
		"other":                   "next: reggen init",
	} {
		if err := os.MkdirAll(e.path(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if dir == "other" { // a repository of its own
			e.write("other/.git/config", "")
		}
		for _, command := range []string{"seal", "build", "user list", "credential show puller"} {
			_, errs, code := run(t, e.path(dir), strings.Fields(command)...)
			if code != exitFail || !strings.Contains(errs, want) {
				t.Errorf("%s in %s: %d %s", command, dir, code, errs)
			}
		}
	}
}

// What is to be run next can be pasted where a folder has a space in its name.
func TestNextIsQuoted(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	if err := os.Rename(e.path("overlays/e0"), e.path("overlays/e 0")); err != nil {
		t.Fatal(err)
	}
	rules := e.read(".sops.yaml")
	e.write(".sops.yaml", strings.ReplaceAll(rules, "overlays/e0/", "overlays/e 0/"))
	for _, c := range []struct{ args, stdin string }{
		{"user add bob --generate", ""}, {"user remove bob", ""}, {"credential set s3 --stdin", "accessKey=a\nsecretKey=b\n"},
		{"user add carol --generate", ""}, {"user verify carol", ""}, {"build", ""},
	} {
		_, errs, _ := runWith(t, e.dir, c.stdin, strings.Fields(c.args)...)
		if !strings.Contains(errs, "next: reggen seal 'overlays/e 0'") {
			t.Errorf("%s: %s", c.args, errs)
		}
	}
}
