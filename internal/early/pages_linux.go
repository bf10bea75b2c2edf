//go:build amd64 || arm64

package early

import "unsafe"

// Advice of madvise(2), as internal/pages has it.
const (
	hugePages     = 14
	populateWrite = 23
)

// What Go's heap grows by: it begins in a piece of this size, and may have taken
// a second one.
const piece = 4 << 20

// object is one of the heap.
var object *[64]byte

func init() {
	if advise(0, piece, populateWrite) {
		return // nothing is there: whoever says yes does nothing, as emulators do
	}
	object = new([64]byte) // here, for above it would be none of the heap
	at := uintptr(unsafe.Pointer(object)) &^ (piece - 1)
	for range 2 {
		advise(at, piece, hugePages)
		if !advise(at, piece, populateWrite) {
			break
		}
		at += piece
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
//go:noescape
func call(number, a, b, c uintptr) (r1, r2, errno uintptr)
