package pages

import (
	"syscall"
	"testing"
	"unsafe"
)

// What is asked for is there, nothing behind it is touched, and what it holds
// stays.
func TestAsk(t *testing.T) {
	const size = 4 * unit
	region, err := syscall.Mmap(-1, 0, size+unit, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Munmap(region) }()
	start := (unit - int(uintptr(unsafe.Pointer(&region[0]))%unit)) % unit
	region = region[start : start+size : start+size]
	if err := syscall.Mprotect(region[size-unit:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	region[unit] = 7
	from := uintptr(unsafe.Pointer(&region[0]))
	if ask(from, unit, populateWrite, everything) == from {
		t.Skip("this kernel can't: MADV_POPULATE_WRITE is of Linux 5.14")
	}
	if end := ask(from, unit, populateWrite, everything); end != from+size-unit {
		t.Errorf("ended after %d bytes of %d", end-from, size-unit)
	}
	if end := ask(from, unit, populateRead, unit); end != from+unit {
		t.Errorf("ended after %d bytes of %d that it may ask for", end-from, unit)
	}
	if end := ask(from+2*unit, -unit, populateRead, 3*unit); end != from-unit {
		t.Errorf("backwards it ended %d bytes before", from-end)
	}
	if region[unit] != 7 || region[0] != 0 {
		t.Error("what is there changed")
	}
	page := syscall.Getpagesize()
	there := make([]byte, size/page)
	if _, _, errno := syscall.Syscall(syscall.SYS_MINCORE, from, size, uintptr(unsafe.Pointer(&there[0]))); errno != 0 {
		t.Fatal(errno)
	}
	for i, b := range there {
		if got, want := b&1 == 1, i*page < size-unit; got != want {
			t.Errorf("page %d is there: %v", i, got)
		}
	}
}
