//go:build amd64 || arm64

package early

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

func TestTheNumber(t *testing.T) {
	if madvise != syscall.SYS_MADVISE {
		t.Errorf("madvise is %d, not %d", syscall.SYS_MADVISE, madvise)
	}
}

// The heap was there before anybody used it.
func TestTheFirstPages(t *testing.T) {
	if object == nil {
		t.Skip("an emulator, which takes any advice")
	}
	region, err := syscall.Mmap(-1, 0, os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	if !advise(uintptr(unsafe.Pointer(&region[0])), uintptr(len(region)), populateWrite) {
		t.Skip("this kernel can't: MADV_POPULATE_WRITE is of Linux 5.14")
	}
	at := uintptr(unsafe.Pointer(object)) &^ (piece - 1)
	pages := make([]byte, piece/os.Getpagesize())
	if _, _, errno := syscall.Syscall(syscall.SYS_MINCORE, at, piece, uintptr(unsafe.Pointer(&pages[0]))); errno != 0 {
		t.Fatal(errno)
	}
	for i, page := range pages {
		if page&1 == 0 {
			t.Fatalf("page %d of %d is not there", i, len(pages))
		}
	}
	if advise(0, piece, populateWrite) {
		t.Error("nothing is there, and can be had")
	}
}
