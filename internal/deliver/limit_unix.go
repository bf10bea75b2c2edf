//go:build unix

package deliver

import "syscall"

// limitMemory has the system refuse this process more memory than that, where it
// can: one single wish can be larger than all that is there.
func limitMemory(bytes uint64) {
	var now syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_DATA, &now) == nil && now.Max >= bytes {
		_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: bytes, Max: now.Max})
	}
}
