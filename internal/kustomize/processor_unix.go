//go:build unix

package kustomize

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// processorTime is what this process has used. Time on the wall would find
// builds too large where only the machine is busy.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// failing is how a program is made that does nothing and fails.
func failing() (at func(path string) error, err error) {
	nothing, err := exec.LookPath("false")
	if err == nil {
		nothing, err = filepath.Abs(nothing)
	}
	if err != nil {
		return nil, errors.New("there is no program false here to stand in for those that may not run")
	}
	return func(path string) error { return os.Symlink(nothing, path) }, nil
}
