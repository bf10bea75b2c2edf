package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// desk is a person at a terminal: a pseudo-terminal with reggen at its end.
type desk struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	cmd    *exec.Cmd
	shown  chan string
	seen   string
	at     int
}

// sitDown starts reggen on a terminal of its own, in a folder.
func sitDown(t *testing.T, dir string, env []string, args ...string) *desk {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, master: master, slave: slave, cmd: exec.Command("reggen", args...), shown: make(chan string, 100)}
	d.cmd.Dir, d.cmd.Env = dir, append(os.Environ(), env...)
	d.cmd.Stdin, d.cmd.Stdout, d.cmd.Stderr = slave, slave, slave
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			buf := make([]byte, 4096)
			n, err := master.Read(buf)
			if d.shown <- string(buf[:n]); err != nil {
				close(d.shown)
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		slave.Close()
		master.Close()
	})
	return d
}

// waits reads until a text is on the screen, behind what was waited for before.
func (d *desk) waits(text string) {
	d.t.Helper()
	patience := time.After(time.Minute)
	for {
		if i := strings.Index(d.seen[d.at:], text); i >= 0 {
			d.at += i + len(text)
			return
		}
		select {
		case more, ok := <-d.shown:
			if !ok {
				d.t.Fatalf("the terminal closed before %q:\n%s", text, d.seen)
			}
			d.seen += more
		case <-patience:
			d.t.Fatalf("no %q on the screen:\n%s", text, d.seen)
		}
	}
}

// types waits for a question and types what answers it.
func (d *desk) types(question, answer string) {
	d.t.Helper()
	d.waits(question)
	if _, err := d.master.WriteString(answer); err != nil {
		d.t.Fatal(err)
	}
}

// ends is the exit status.
func (d *desk) ends() int {
	d.t.Helper()
	_ = d.cmd.Wait()
	return d.cmd.ProcessState.ExitCode()
}

// echoes says whether the terminal shows what is typed.
func (d *desk) echoes() bool {
	d.t.Helper()
	state, err := unix.IoctlGetTermios(int(d.slave.Fd()), unix.TCGETS)
	if err != nil {
		d.t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// A person starts an environment on a real terminal: wrong answers are asked
// again, secrets are not shown, and Ctrl-C leaves nothing half.
func TestAtATerminal(t *testing.T) {
	const secret = "canary-at-the-terminal"
	dir, home := t.TempDir(), t.TempDir()
	env := []string{"HOME=" + home, "XDG_CONFIG_HOME=", "SOPS_AGE_KEY_FILE="}

	d := sitDown(t, dir, env, "init")
	d.types("host name of the registry", "registry.example.com\r")
	d.types("number or name [s3]: ", "1\r")
	d.types("number or name [aws]: ", "\x03")
	d.waits("interrupted; no file is half written")
	if code := d.ends(); code == 0 {
		t.Error("an interrupted init exits 0")
	}
	for _, top := range []string{dir, home} {
		_ = filepath.WalkDir(top, func(path string, e fs.DirEntry, _ error) error {
			if !e.IsDir() {
				t.Errorf("left %s", path)
			}
			return nil
		})
	}

	d = sitDown(t, dir, env, "init")
	d.types("host name of the registry", "registry\r")
	d.waits("has neither a dot nor a port")
	d.types("host name of the registry", "registry.example.com\r")
	d.types("number or name [s3]: ", "filesystm\r")
	d.waits(`did you mean "filesystem"?`)
	d.types("number or name [s3]: ", "2\r")
	d.types("size of the volume [10Gi]: ", "ten\r")
	d.waits("is not a size")
	d.types("size of the volume [10Gi]: ", "\r")
	d.types("ClusterIssuer (empty: none): ", "\r")
	d.waits("reggen seal overlays/prod")
	if code := d.ends(); code != 0 {
		t.Fatalf("init: exit %d\n%s", code, d.seen)
	}

	d = sitDown(t, dir, env, "user", "add", "alice")
	d.types("password of alice (empty: make one): ", secret+"\x03")
	d.waits("interrupted; no file is half written")
	if code := d.ends(); code == 0 || !d.echoes() {
		t.Errorf("an interrupted user add: exit %d, echo %v", code, d.echoes())
	}
	if _, err := os.Stat(filepath.Join(dir, "overlays/prod/credentials/alice.enc.yaml")); err == nil {
		t.Error("alice was written")
	}

	d = sitDown(t, dir, env, "user", "add", "alice")
	d.types("password of alice (empty: make one): ", secret+"\r")
	d.types("the same again: ", secret+"x\r")
	d.waits("the two passwords differ")
	d.types("password of alice (empty: make one): ", secret+"\r")
	d.types("the same again: ", secret+"\r")
	d.waits("encrypted with its hash")
	if code := d.ends(); code != 0 || strings.Contains(d.seen, secret) {
		t.Errorf("user add: exit %d, shown %v", code, strings.Contains(d.seen, secret))
	}
}

// Ctrl-C at an editor that heeds it, and a terminal that is closed, leave nothing
// in memory and the credential as it was.
func TestAnEditorThatIsInterrupted(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	env := []string{"HOME=" + home, "XDG_CONFIG_HOME=", "XDG_RUNTIME_DIR=", "SOPS_AGE_KEY_FILE=", `EDITOR=f() { echo "canary: x" >"$1"; echo "at $1."; sleep 60; }; f`}
	d := sitDown(t, dir, env, "init", "--host", "registry.example.com", "--size", "1Gi")
	d.types("ClusterIssuer (empty: none): ", "\r")
	d.waits("reggen seal")
	if code := d.ends(); code != 0 {
		t.Fatal(d.seen)
	}
	file := filepath.Join(dir, "overlays/prod/credentials/puller.enc.yaml")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func(*desk){
		"Ctrl-C":        func(d *desk) { d.types(".", "\x03") },
		"a hang-up":     func(d *desk) { d.waits("."); _ = d.cmd.Process.Signal(syscall.SIGHUP) },
		"a termination": func(d *desk) { d.waits("."); _ = d.cmd.Process.Signal(syscall.SIGTERM) },
	} {
		d := sitDown(t, dir, env, "edit", "puller")
		d.waits("at /dev/shm/reggen-edit-")
		at := d.at
		d.waits("credential.yaml")
		folder := "/dev/shm/reggen-edit-" + strings.TrimSuffix(d.seen[at:d.at], "/credential.yaml")
		if _, err := os.Stat(folder); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		end(d)
		if code := d.ends(); code == 0 {
			t.Errorf("%s: exit 0", name)
		}
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("%s: left %s", name, folder)
		}
		if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
			t.Errorf("%s: the credential was changed", name)
		}
	}
}
