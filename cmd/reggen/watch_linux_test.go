package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A person keeps a build open on a terminal: it is in colours where the same
// command is, clears nothing, and Ctrl-C ends it with all that it started, be it
// at rest or at work.
func TestWatchAtATerminal(t *testing.T) {
	dir, home, temporary := t.TempDir(), t.TempDir(), t.TempDir()
	env := []string{"HOME=" + home, "XDG_CONFIG_HOME=", "SOPS_AGE_KEY_FILE=", "TMPDIR=" + temporary, "CI=", "TERM=xterm", "NO_COLOR="}
	for _, args := range [][]string{{"init", "--host", "registry.example.com", "--size", "1Gi"}, {"seal", "overlays/prod"}} {
		d := sitDown(t, dir, env, args...)
		if args[0] == "init" {
			d.types("ClusterIssuer (empty: none): ", "\r")
		}
		if code := d.ends(); code != 0 {
			t.Fatalf("%s\n", d.seen)
		}
	}
	file := filepath.Join(dir, "overlays/prod/registry/registry.yaml")
	spec, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	save := func(more string) {
		t.Helper()
		if err := os.WriteFile(file+"~", []byte(string(spec)+more), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+"~", file); err != nil {
			t.Fatal(err)
		}
	}
	d := sitDown(t, dir, env, "build", "overlays/prod", "--watch")
	d.waits("kind: Deployment")
	d.waits("Ctrl-C ends it")
	save("  oops: 1\n")
	d.waits("overlays/prod/registry/registry.yaml changed")
	d.waits("spec.oops: unknown field")
	d.waits("|   ^") // as on a terminal
	d.waits("\x1b[31m--- exit status 1\x1b[0m in ")
	d.types("Ctrl-C ends it", "\x03")
	if code := d.ends(); code != 0 {
		t.Errorf("Ctrl-C at rest: exit %d\n%s", code, d.seen)
	}
	if strings.Contains(d.seen, "\x1b[2J") || strings.Contains(d.seen, "\x1bc") {
		t.Error("it cleared the screen")
	}
	save("")
	d = sitDown(t, dir, env, "check", "--watch")
	d.waits("Ctrl-C ends it")
	save("  replicas: 1\n")
	d.types("registry.yaml changed", "\x03")
	if code := d.ends(); code != 0 {
		t.Errorf("Ctrl-C at work: exit %d\n%s", code, d.seen)
	}
	if !strings.Contains(d.seen, "\x1b[33mwarning:\x1b[0m ") {
		t.Errorf("no warning in a colour:\n%s", d.seen)
	}
	d = sitDown(t, dir, append(env, "NO_COLOR=1"), "check")
	d.waits("warning: ")
	d.waits("1 environment checked")
	if _ = d.ends(); strings.Contains(d.seen, "\x1b") {
		t.Errorf("colours where NO_COLOR is set:\n%s", d.seen)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// Who tells the program and its group tells it twice, which is no second Ctrl-C.
func TestToldTwice(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte("resources: [a.yaml]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		d := sitDown(t, dir, []string{"HOME=" + dir}, "build", "--watch")
		d.waits("Ctrl-C ends it")
		for range 200 {
			_ = d.cmd.Process.Signal(os.Interrupt) // it may have ended
			time.Sleep(50 * time.Microsecond)
		}
		if code := d.ends(); code != 0 {
			t.Errorf("exit %d\n%s", code, d.seen)
		}
	}
}
