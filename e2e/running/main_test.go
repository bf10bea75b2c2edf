//go:build linux

package running

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reggen/reggen/e2e/programs"
)

// One binary, three lives: outside it builds the programs, inside the
// namespaces it runs the tests, and for each pod it becomes the container.
const (
	insideVariable    = "REGGEN_RUNNING_BIN"
	containerVariable = "REGGEN_RUNNING_CONTAINER"
	singleVariable    = "REGGEN_RUNNING_SINGLE_USER"
)

// singleUser says that the namespace has one user, the tester, in the place of
// root: so it is when the tester isn't root.
func singleUser() bool { return os.Getenv(singleVariable) != "" }

var (
	repo string // the repository's root
	bin  string // the folder with the programs built below
)

// needed is what is built, with the module that pins each.
var needed = []struct{ module, pkg, name string }{
	{"../..", "./cmd/reggen", "reggen"},
	{"..", "github.com/distribution/distribution/v3/cmd/registry", "registry3"},
	{"registry2", "github.com/docker/distribution/cmd/registry", "registry2"},
	{"store", "github.com/versity/versitygw/cmd/versitygw", "versitygw"},
	{"google", "github.com/fsouza/fake-gcs-server", "fake-gcs-server"},
	{"..", "github.com/google/go-containerregistry/cmd/crane", "crane"},
}

func TestMain(m *testing.M) {
	if os.Getenv(containerVariable) != "" {
		becomeContainer() // doesn't return
	}
	var code int
	var err error
	if repo, err = filepath.Abs("../.."); err == nil {
		if bin = os.Getenv(insideVariable); bin != "" {
			code, err = inside(m)
		} else {
			code, err = outside()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e/running:", err)
		code = 1
	}
	os.Exit(code)
}

// outside builds the programs, which may need a network, and starts this
// binary again where there is none.
func outside() (code int, err error) {
	for _, system := range []string{"nginx", "redis-server"} {
		if _, err := exec.LookPath(system); err != nil {
			return 0, fmt.Errorf("%s is missing on this machine; install it: apt-get install -y --no-install-recommends nginx-light redis-server", system)
		}
	}
	if bin, err = os.MkdirTemp("", "reggen-running-bin-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(bin)
	if err := os.Chmod(bin, 0o755); err != nil { // a pod's user runs what is in it
		return 0, err
	}
	for _, p := range needed {
		began := time.Now()
		// Static, since a pod's root has no libraries.
		if err := programs.Build(bin, p.module, p.pkg); err != nil {
			return 0, err
		}
		if err := os.Rename(filepath.Join(bin, path.Base(p.pkg)), filepath.Join(bin, p.name)); err != nil {
			return 0, err
		}
		fmt.Printf("built %s from %s in %.1f s\n", p.name, p.pkg, time.Since(began).Seconds())
	}
	runtime.LockOSThread() // the children die with this thread
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideVariable+"="+bin)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Geteuid() != 0 {
		cmd.Env = append(cmd.Env, singleVariable+"=1")
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	if err := cmd.Start(); err != nil {
		// Strict is what .ci/run is wherever namespaces are to be had.
		if os.Getenv("REGGEN_E2E_STRICT") != "" {
			return 0, fmt.Errorf("this machine gives no namespaces: %w", err)
		}
		fmt.Printf("NOT TESTED: this machine gives no namespaces of mounts, network and processes (%v); nothing of e2e/running ran\n", err)
		return 0, nil
	}
	err = cmd.Wait()
	if exit, ok := err.(*exec.ExitError); ok {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}

// inside sets the namespaces up and runs the tests.
func inside(m *testing.M) (int, error) {
	began := time.Now()
	if err := private(); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "reggen-running-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return 0, err
	}
	if authority, err = newAuthority(filepath.Join(dir, "ca.crt")); err != nil {
		return 0, err
	}
	hostsFile = filepath.Join(dir, "hosts")
	clients := filepath.Join(dir, "hosts-of-clients")
	var pods, outside strings.Builder
	for _, h := range append(names, host{"localhost", "127.0.0.1"}) {
		fmt.Fprintf(&pods, "%s %s\n", h.address, h.name)
		if !clusterOnly(h.name) {
			fmt.Fprintf(&outside, "%s %s\n", h.address, h.name)
		}
	}
	for file, text := range map[string]string{hostsFile: pods.String(), clients: outside.String()} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return 0, err
		}
	}
	if err := syscall.Mount(clients, "/etc/hosts", "", syscall.MS_BIND, ""); err != nil {
		return 0, fmt.Errorf("/etc/hosts: %w", err)
	}
	os.Setenv("SSL_CERT_FILE", authority.file)
	os.Setenv("SSL_CERT_DIR", filepath.Join(dir, "none"))
	for _, proxy := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		os.Unsetenv(proxy)
	}
	parallel := false
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { parallel = parallel || f.Name == "test.parallel" })
	if !parallel {
		flag.Set("test.parallel", "6") // most of it waits
	}
	code := m.Run()
	fmt.Printf("ran in %.1f s\n", time.Since(began).Seconds())
	if err := alone(5 * time.Second); err != nil {
		return code, err
	}
	fmt.Println("no process is left")
	return code, nil
}

// alone fails when a process that a test started still runs some time after
// the last one ended. All of them are in this process's namespace, where it is
// number 1: the kernel ends the rest with it, so none outlives it either way.
func alone(within time.Duration) error {
	var left []string
	for until := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) {
		found, err := filepath.Glob("/proc/[0-9]*/stat")
		if err != nil || len(found) == 0 {
			return fmt.Errorf("/proc tells of no processes: %v", err)
		}
		left = nil
		for _, file := range found {
			text, err := os.ReadFile(file)
			if err != nil { // it ended meanwhile
				continue
			}
			// number (name) state ...; one that ended and was nobody's child any more is Z.
			number, rest, _ := strings.Cut(string(text), " (")
			end := strings.LastIndex(rest, ") ")
			if end < 0 || number == "1" || strings.HasPrefix(rest[end:], ") Z") {
				continue
			}
			left = append(left, number+" "+rest[:end])
		}
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("processes are left behind: %s", strings.Join(left, ", "))
		}
	}
}
