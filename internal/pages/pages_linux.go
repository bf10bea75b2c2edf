package pages

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// Advice of madvise(2), since Linux 5.14; the numbers are those of
// include/uapi/asm-generic/mman-common.h. Neither changes any content, and where
// nothing can be read or written the kernel refuses.
const (
	populateRead  = 22
	populateWrite = 23
)

// unit divides what Go's heap grows by (4 MiB), and holds whole pages on every
// machine.
const unit = 64 << 10

// What is asked for of the program's file: the code, which lies before this
// package, and the constants behind it; not the tables behind those.
const (
	code      = 64 << 20
	constants = 12 << 20
)

const everything = ^uintptr(0)

// How long is waited until it is looked whether the heap has grown.
const (
	soon     = time.Millisecond
	starting = 200 * time.Millisecond // without any, later is soon enough
	later    = 16 * time.Millisecond
	noMore   = time.Second      // without any, it is over
	longest  = 10 * time.Second // of a program that does more than one build
)

func init() { go populate(unsafe.Pointer(new([unit]byte))) }

// populate asks for the pages behind an object of the heap, as far as the heap
// reaches, for the program's own, and for those of the heap while it grows. What
// is behind the heap Go has reserved, and can't be written to before the heap
// grows.
func populate(object unsafe.Pointer) {
	at := uintptr(object) &^ (unit - 1)
	end := ask(at, unit, populateWrite, everything)
	if end == at {
		return // this kernel can't
	}
	if here, _, _, ok := runtime.Caller(0); ok {
		here &^= unit - 1
		ask(here, -unit, populateRead, code)
		ask(here, unit, populateRead, constants)
	}
	for began, last := time.Now(), time.Now(); time.Since(last) < noMore && time.Since(began) < longest; {
		wait := soon
		if time.Since(last) > starting {
			wait = later
		}
		time.Sleep(wait)
		if at, end = end, ask(end, unit, populateWrite, everything); end > at {
			last = time.Now()
		}
	}
}

// ask asks for pages from an address on, a unit at a time, as far as the kernel
// goes along and for no more than most bytes, and returns where it ended.
func ask(from uintptr, step int, advice, most uintptr) uintptr {
	at := from
	for asked := uintptr(0); asked < most; asked += unit {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_MADVISE, at, unit, advice); errno != 0 {
			break
		}
		at += uintptr(step)
	}
	return at
}
