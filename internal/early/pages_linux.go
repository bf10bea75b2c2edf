//go:build (amd64 || arm64) && go1.26 && !go1.27

package early

import "unsafe"

// Advice of madvise(2), as internal/pages has it.
const (
	hugePages     = 14
	populateWrite = 23
)

const (
	unit  = 64 << 10 // divides a piece, and is a multiple of every page size up to itself
	piece = 4 << 20  // what Go's heap grows by: it begins somewhere in one, and may have taken a second
)

// object is one of the heap.
var object *[64]byte

func init() {
	object = new([64]byte) // here, for above it would be none of the heap
	if advise(0, unit, populateWrite) {
		return // nothing is there: whoever says yes does nothing, as emulators do
	}
	at := uintptr(unsafe.Pointer(object)) &^ (unit - 1)
	for range 2 {
		size := piece - at%piece
		advise(at, size, hugePages)
		if !advise(at, size, populateWrite) {
			break
		}
		at += size
	}
}

// advise gives the kernel advice on memory, and says whether it took it.
func advise(at, size, what uintptr) bool {
	_, _, errno := call(madvise, at, size, what)
	return errno == 0
}

// call is syscall.Syscall, which needs nothing of its package initialised.
//
//go:linkname call syscall.Syscall
func call(number, a, b, c uintptr) (r1, r2, errno uintptr)
