package pages

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// Advice of madvise(2), the last two since Linux 5.14; the numbers are those of
// include/uapi/asm-generic/mman-common.h. None changes any content, and where
// nothing can be read or written the kernel refuses.
const (
	hugePages     = 14 // pages of 2 MiB where the system has them at hand
	populateRead  = 22
	populateWrite = 23
)

// unit divides what Go's heap grows by (4 MiB), and is a multiple of every page
// size up to itself.
const unit = 64 << 10

// The most that is asked for, in all: twice the heap of a cold build; the code,
// which the linker puts before this package, since main imports it last; and the
// constants behind the code, without the tables behind those.
const (
	heap      = 32 << 20
	code      = 40 << 20
	constants = 12 << 20
)

// How often to look whether the heap has grown.
const (
	soon     = time.Millisecond
	starting = 200 * time.Millisecond // without growth for so long: less often
	later    = 16 * time.Millisecond
	noMore   = time.Second // without growth for so long: not any more
)

// first is an object of the heap, with a part of it to itself.
var first *[unit]byte

func init() {
	first = new([unit]byte) // here, for above it would be none of the heap
	if at, left, ok := begin(unsafe.Pointer(first), madvise); ok {
		go goOn(at, left, madvise)
		go program(madvise)
	}
}

// begin asks for the pages behind an object of the heap, as far as it may be
// written to there: what Go has reserved for a heap and not yet taken can't be. It
// returns where that ends, and how much may still be asked for; not ok says that
// nothing else is to be.
func begin(object unsafe.Pointer, advise advice) (at, left uintptr, ok bool) {
	if advise(0, unit, populateWrite) {
		return 0, 0, false // nothing is there: whoever says yes does nothing, as emulators do
	}
	at = uintptr(object) &^ (unit - 1)
	asked := advise.grow(at, heap)
	return at + asked, heap - asked, asked > 0
}

// program asks for the pages of the program itself.
func program(advise advice) {
	if here, _, _, ok := runtime.Caller(0); ok {
		here &^= unit - 1
		advise.ask(here, -unit, populateRead, code)
		advise.ask(here, unit, populateRead, constants)
	}
}

// goOn asks for the pages of the heap while it grows.
func goOn(at, left uintptr, advise advice) {
	for last := time.Now(); left > 0 && time.Since(last) < noMore; {
		if asked := advise.grow(at, left); asked > 0 {
			at, left, last = at+asked, left-asked, time.Now()
		}
		wait := soon
		if time.Since(last) > starting {
			wait = later
		}
		time.Sleep(wait)
	}
}

// advice gives the kernel advice on memory, and says whether it took it.
type advice func(at, size, what uintptr) bool

func madvise(at, size, what uintptr) bool {
	_, _, errno := syscall.Syscall(syscall.SYS_MADVISE, at, size, what)
	return errno == 0
}

// grow asks for the pages of the heap from an address on.
func (advise advice) grow(at, most uintptr) uintptr {
	whole := at &^ (2<<20 - 1) // a page as large as that begins there, and the heap before it
	advise(whole, at+most-whole, hugePages)
	return advise.ask(at, unit, populateWrite, most)
}

// ask asks for pages from an address on, a unit at a time, as far as the kernel
// goes along and for no more than most bytes, and returns for how many.
func (advise advice) ask(at uintptr, step int, what, most uintptr) (asked uintptr) {
	for asked < most && advise(at, unit, what) {
		asked += unit
		at += uintptr(step)
	}
	return asked
}
