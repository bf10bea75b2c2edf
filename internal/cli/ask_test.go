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
		Getenv: func(name string) string { // Windows keeps settings there
			return map[string]string{"AppData": filepath.Join(home, ".config")}[name]
		}, Now: time.Now, StdinIsTerm: true,
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
	t.Setenv("USERPROFILE", home) // Windows
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(home, ".config/sops/age/keys.txt"))
	// Each wrong answer is told at once, and asked for again.
	_, errs, code := person(t, dir, home, []string{"https://registry.example.com", "registry.example.com", "s33", "", "digitalocan", "2", "", "nyc3", "My_Space", "my-space", "letsencrypt-prod"}, nil, "init")
	if code != 0 {
		t.Fatalf("init: exit %d\n%s", code, errs)
	}
	at := 0
	for _, want := range []string{
		"host name of the registry, for instance registry.example.com: ", "  has a scheme: write it without https://\nhost name of the registry",
		"storage:\n  1) s3          a bucket on S3 or on a service like it\n  2) filesystem  a volume of the cluster\n  number or name [s3]: ",
		"\"s33\" is none of them; expected s3 or filesystem; did you mean \"s3\"?\n  number or name [s3]: ",
		"  2) digitalocean  DigitalOcean Spaces\n", "did you mean \"digitalocean\"?", "region: ", "  is missing; expected the Space's, for instance nyc3\nregion: ",
		"bucket: ", "\"My_Space\" is not a bucket's name; expected 3 to 63", "bucket: ", "ClusterIssuer", "wrote ",
	} {
		next := strings.Index(errs[at:], want)
		if next < 0 {
			t.Fatalf("init does not say %q there:\n%s", want, errs)
		}
		at += next
	}
	if strings.Contains(errs, "endpoint, with https://") {
		t.Error("asked for an endpoint, which the provider has")
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
	long := strings.Repeat(canary, 9)
	if _, errs, code := person(t, dir, home, nil, []string{long, canary, canary + "x", canary, canary}, "user", "add", "bob"); code != 0 || strings.Contains(errs, canary) ||
		!strings.Contains(errs, "bcrypt takes at most 72") || !strings.Contains(errs, "the two passwords differ; both once more") {
		t.Errorf("passwords that can't be: exit %d", code)
	}
	if _, errs, code := person(t, dir, home, nil, []string{"", "AK", canary}, "credential", "set", "s3"); code != 0 || !strings.Contains(errs, "accessKey: is empty\naccessKey: ") {
		t.Errorf("an empty key: exit %d %s", code, errs)
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

// What a flag says is judged before the first question.
func TestAWrongFlagIsToldBeforeTheQuestions(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	_, errs, code := person(t, dir, home, nil, nil, "init", "--provider", "digitalocan")
	if code != 1 || strings.Contains(errs, "host name") || !strings.Contains(errs, `spec.storage.s3.provider: is "digitalocan"`) {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// Ctrl-C at a prompt ends the program and gives the terminal back.
func TestInterruptedAtAPrompt(t *testing.T) {
	e := newEnv(t, 1, 1)
	before := e.files()
	for _, args := range [][]string{{"user", "add", "alice"}, {"init", "overlays/new"}} {
		ctx, cancel := context.WithCancel(t.Context())
		asked, never := make(chan bool, 1), make(chan bool)
		shown := true
		var errs bytes.Buffer
		w := e.world()
		w.Args, w.Stderr, w.StdinIsTerm = args, &errs, true
		w.Stdin = blocked{asked, never}
		w.ReadPassword = func() (string, error) { asked <- true; <-never; return "", nil }
		w.HideTyping = func() func() { shown = false; return func() { shown = true } }
		go func() { <-asked; cancel() }()
		code := Run(ctx, w)
		if code != exitFail || !shown || !strings.Contains(errs.String(), "interrupted; no file is half written") {
			t.Errorf("%v: exit %d, typing is shown %v: %s", args, code, shown, errs.String())
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
