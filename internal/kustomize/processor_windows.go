package kustomize

import (
	"os"
	"syscall"
	"time"
)

// processorTime is what this process has used.
func processorTime() time.Duration {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0
	}
	var began, ended, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(self, &began, &ended, &kernel, &user) != nil {
		return 0
	}
	ticks := func(t syscall.Filetime) int64 { return int64(t.HighDateTime)<<32 | int64(t.LowDateTime) }
	return time.Duration((ticks(kernel) + ticks(user)) * 100)
}

// failing is how a program is made that does nothing and fails: here a batch file,
// which Windows finds by the name without its ending.
func failing() (at func(path string) error, err error) {
	return func(path string) error { return os.WriteFile(path+".bat", []byte("@exit /b 1\r\n"), 0o700) }, nil
}
