//go:build linux

package running

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"unsafe"
)

// hostsFile is the /etc/hosts of the pods; the one of these tests, which are
// clients, has no names that only the cluster knows.
var hostsFile string

// private takes the namespaces that this process was started in into use:
// mounts that don't spread, a /proc of its own, a loopback that is up.
func private() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts of one's own: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(s)
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(s), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return fmt.Errorf("the loopback: %w", errno)
	}
	return nil
}

// container is what a process needs to know to become a container. Its
// environment holds secrets, so it comes by a pipe.
type container struct {
	Root         string   // an empty folder
	Program      string   // the program that stands in the image
	Links        []string // where it stands there
	Files        map[string]string
	Folders      []string // that the image has
	Mounts       []bind
	ReadOnlyRoot bool
	Argv, Env    []string
	UID, GID     int
	Groups       []int
	NoNewPrivs   bool
	DropAll      bool
}

type bind struct {
	From, To string
	ReadOnly bool
}

// start is the command that becomes the container: a process with mounts and
// process numbers of its own, in which the program is number 1 as in a pod.
func (c container) start() (*exec.Cmd, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go func() {
		defer w.Close()
		_, _ = w.Write(text) // a container that can't read it says so
	}()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env, cmd.Stdin = []string{containerVariable + "=1"}, r
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	return cmd, nil
}

// becomeContainer is the whole life of such a process before the program's.
func becomeContainer() {
	runtime.LockOSThread()
	var c container
	err := json.NewDecoder(os.Stdin).Decode(&c)
	if err == nil {
		err = c.enter()
	}
	if err == nil {
		err = syscall.Exec(c.Argv[0], c.Argv, c.Env)
	}
	fmt.Fprintln(os.Stderr, "container:", err)
	os.Exit(125)
}

func (c container) enter() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("image", c.Root, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("the root: %w", err)
	}
	for _, folder := range c.Folders {
		if err := os.MkdirAll(filepath.Join(c.Root, folder), 0o755); err != nil {
			return err
		}
	}
	for name, text := range c.Files {
		path := filepath.Join(c.Root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	mounts := slices.Clone(c.Mounts)
	for _, link := range c.Links {
		mounts = append(mounts, bind{c.Program, link, true})
	}
	for _, device := range []string{"/dev/null", "/dev/zero", "/dev/urandom"} {
		mounts = append(mounts, bind{device, device, false})
	}
	for _, m := range mounts {
		if err := m.mount(c.Root); err != nil {
			return fmt.Errorf("mounting %s: %w", m.To, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(c.Root, "proc"), 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("proc", filepath.Join(c.Root, "proc"), "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	if c.ReadOnlyRoot {
		if err := syscall.Mount("", c.Root, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("a read-only root: %w", err)
		}
	}
	if err := syscall.Chroot(c.Root); err != nil {
		return err
	}
	if err := syscall.Chdir("/"); err != nil {
		return err
	}
	null, err := os.Open("/dev/null")
	if err != nil {
		return err
	}
	if err := syscall.Dup3(int(null.Fd()), 0, 0); err != nil {
		return err
	}
	return c.become()
}

func (m bind) mount(root string) error {
	to := filepath.Join(root, m.To)
	info, err := os.Stat(m.From)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(to, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(to), 0o755); err == nil {
		var f *os.File
		if f, err = os.OpenFile(to, os.O_CREATE|os.O_RDONLY, 0o755); err == nil {
			f.Close()
		}
	}
	if err != nil {
		return err
	}
	if err := syscall.Mount(m.From, to, "", syscall.MS_BIND, ""); err != nil || !m.ReadOnly {
		return err
	}
	return syscall.Mount("", to, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, "")
}

// become gives up what the pod's securityContext takes away.
func (c container) become() error {
	syscall.Umask(0o022) // what container runtimes start a process with
	const (
		dropBound  = 24 // PR_CAPBSET_DROP
		noNewPrivs = 38 // PR_SET_NO_NEW_PRIVS
	)
	if c.DropAll {
		for capability := range uintptr(64) {
			_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, dropBound, capability, 0)
			if errno == syscall.EINVAL {
				break // past the last one that the kernel knows
			} else if errno != 0 {
				return fmt.Errorf("dropping capabilities: %w", errno)
			}
		}
	}
	if c.UID != 0 {
		if err := syscall.Setgroups(c.Groups); err != nil {
			return err
		}
		if err := syscall.Setgid(c.GID); err != nil {
			return err
		}
		if err := syscall.Setuid(c.UID); err != nil {
			return err
		}
	}
	if c.NoNewPrivs {
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, noNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
			return errno
		}
	}
	return nil
}
