//go:build unix

package kustomize

import (
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
