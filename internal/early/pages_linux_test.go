//go:build (amd64 || arm64) && go1.26 && !go1.27

package early

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// The number of madvise is right: these don't compile otherwise, whatever machine
// they are compiled on.
const (
	_ = uint(madvise - syscall.SYS_MADVISE)
	_ = uint(syscall.SYS_MADVISE - madvise)
)

// The heap was there before anybody used it, from the first object on.
func TestTheFirstPages(t *testing.T) {
	if advise(0, unit, populateWrite) {
		t.Skip("an emulator, which takes any advice")
	}
	region, err := syscall.Mmap(-1, 0, os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	if !advise(uintptr(unsafe.Pointer(&region[0])), uintptr(len(region)), populateWrite) {
		t.Skip("this kernel can't: MADV_POPULATE_WRITE is of Linux 5.14")
	}
	at := uintptr(unsafe.Pointer(object)) &^ (unit - 1)
	size := piece - at%piece
	pages := make([]byte, int(size)/os.Getpagesize())
	if _, _, errno := syscall.Syscall(syscall.SYS_MINCORE, at, size, uintptr(unsafe.Pointer(&pages[0]))); errno != 0 {
		t.Fatal(errno)
	}
	for i, page := range pages {
		if page&1 == 0 {
			t.Fatalf("page %d of %d is not there", i, len(pages))
		}
	}
}
