package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// person runs reggen with somebody at the terminal, who types lines and, where
// nothing is shown, secrets.
func person(t *testing.T, dir, home string, lines []string, secrets []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	w := New(args, &terminal.Terminal{
		Stdin: strings.NewReader(strings.Join(lines, "\n") + "\n"), Stdout: &out, Stderr: &errs,
		Getenv: func(string) string { return "" }, Now: time.Now, StdinIsTerm: true,
		ReadPassword: func() (string, error) {
			if len(secrets) == 0 {
				t.Fatal("asked for more secrets than expected")
			}
			s := secrets[0]
			secrets = secrets[1:]
			return s, nil
		},
	}, &repository.Repository{Dir: dir}, Machine{Home: home, Random: rand.Reader, Executable: os.Executable})
	code = Run(context.Background(), w)
	return out.String(), errs.String(), code
}

func TestAPersonIsAsked(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(home, ".config/sops/age/keys.txt"))
	_, errs, code := person(t, dir, home, []string{"registry.example.com", "", "digitalocean", "nyc3", "my-space", "letsencrypt-prod"}, nil, "init")
	if code != 0 || !strings.Contains(errs, "storage: s3 or filesystem [s3]: ") {
		t.Fatalf("init: exit %d\n%s", code, errs)
	}
	spec, err := os.ReadFile(filepath.Join(dir, "overlays/prod/registry/registry.yaml"))
	if err != nil || !strings.Contains(string(spec), "bucket: my-space") || !strings.Contains(string(spec), "clusterIssuer: letsencrypt-prod") {
		t.Errorf("%v\n%s", err, spec)
	}
	if _, errs, code := person(t, dir, home, nil, []string{"AK", canary}, "credential", "set", "s3"); code != 0 || strings.Contains(errs, canary) {
		t.Errorf("credential set: exit %d", code)
	}
	if _, errs, code := person(t, dir, home, nil, []string{canary, canary}, "user", "add", "alice"); code != 0 || strings.Contains(errs, canary) {
		t.Errorf("user add: exit %d", code)
	}
	if _, errs, code := person(t, dir, home, nil, []string{canary, canary + "x"}, "user", "add", "bob"); code == 0 || !strings.Contains(errs, "the two passwords differ; nothing was written") {
		t.Errorf("two passwords: exit %d", code)
	}
	if _, err := os.Stat(filepath.Join(dir, "overlays/prod/credentials/bob.enc.yaml")); err == nil {
		t.Error("bob was written")
	}
	if _, errs, code := person(t, dir, home, nil, []string{""}, "user", "add", "carol"); code != 0 || !strings.Contains(errs, "random password that nobody has seen") {
		t.Errorf("a made password: exit %d", code)
	}
	if _, errs, code := run(t, dir, "seal", "overlays/prod"); code != 0 {
		t.Errorf("seal: %s", errs)
	}
	if _, errs, code := person(t, dir, home, nil, nil, "user", "verify", "alice"); code != 0 {
		t.Errorf("verify: %s", errs)
	}
}

// Ctrl-C at a prompt ends the program and gives the terminal back.
func TestInterruptedAtAPrompt(t *testing.T) {
	e := newEnv(t, 1, 1)
	before := e.files()
	for _, args := range [][]string{{"user", "add", "alice"}, {"init", "overlays/new"}} {
		ctx, cancel := context.WithCancel(t.Context())
		asked, never := make(chan bool, 1), make(chan bool)
		restored := false
		var errs bytes.Buffer
		w := e.world()
		w.Args, w.Stderr, w.StdinIsTerm = args, &errs, true
		w.Stdin = blocked{asked, never}
		w.ReadPassword = func() (string, error) { asked <- true; <-never; return "", nil }
		w.SaveTerminal = func() func() { return func() { restored = true } }
		go func() { <-asked; cancel() }()
		code := Run(ctx, w)
		if code != exitFail || !restored || !strings.Contains(errs.String(), "interrupted; no file is half written") {
			t.Errorf("%v: exit %d, restored %v: %s", args, code, restored, errs.String())
		}
		close(never)
	}
	if changed := changedFiles(before, e.files()); len(changed) > 0 {
		t.Errorf("changed %v", changed)
	}
}

// blocked is a terminal at which nobody types.
type blocked struct{ asked, never chan bool }

func (b blocked) Read([]byte) (int, error) {
	b.asked <- true
	<-b.never
	return 0, os.ErrClosed
}
