package pages

import (
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// populate does what a start does.
func populate(object unsafe.Pointer, advise advice) {
	if at, left, ok := begin(object, advise); ok {
		program(advise)
		goOn(at, left, advise)
	}
}

// can skips a test on a kernel before 5.14.
func can(t testing.TB) {
	t.Helper()
	region := mapped(t, unit)
	_, _, errno := syscall.Syscall(syscall.SYS_MADVISE, uintptr(unsafe.Pointer(&region[0])), uintptr(syscall.Getpagesize()), 23)
	if errno == syscall.EINVAL {
		t.Skip("this kernel can't: MADV_POPULATE_WRITE is of Linux 5.14")
	}
}

// mapped is new memory that begins at a whole unit.
func mapped(t testing.TB, size int) []byte {
	t.Helper()
	whole, err := syscall.Mmap(-1, 0, size+unit, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(whole); err != nil {
			t.Error(err)
		}
	})
	start := (unit - int(uintptr(unsafe.Pointer(&whole[0]))%unit)) % unit
	return whole[start : start+size]
}

// there is how many bytes of memory the kernel has handed out.
func there(t *testing.T, region []byte) (n int) {
	t.Helper()
	return thereAt(t, uintptr(unsafe.Pointer(&region[0])), len(region))
}

func thereAt(t *testing.T, at uintptr, size int) (n int) {
	t.Helper()
	page := syscall.Getpagesize()
	pages := make([]byte, size/page)
	if _, _, errno := syscall.Syscall(syscall.SYS_MINCORE, at, uintptr(size), uintptr(unsafe.Pointer(&pages[0]))); errno != 0 {
		t.Fatal(errno)
	}
	for _, p := range pages {
		n += int(p&1) * page
	}
	return n
}

// What is asked for is there, nothing behind it is touched, and what it holds
// stays.
func TestAsk(t *testing.T) {
	can(t)
	const size = 4 * unit
	region := mapped(t, size)
	if err := syscall.Mprotect(region[size-unit:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	region[unit] = 7
	from, advise := uintptr(unsafe.Pointer(&region[0])), advice(madvise)
	if n := advise.ask(from, unit, populateWrite, unit); n != unit {
		t.Errorf("asked for %d bytes of %d", n, unit)
	}
	if n := there(t, region[2*unit:]); n != 0 {
		t.Errorf("%d bytes are there that nobody asked for", n)
	}
	if n := advise.ask(from, unit, populateWrite, 100*unit); n != size-unit {
		t.Errorf("asked for %d bytes of %d", n, size-unit)
	}
	if n := advise.ask(from+2*unit, -unit, populateRead, 3*unit); n != 3*unit {
		t.Errorf("backwards it asked for %d bytes of %d", n, 3*unit)
	}
	if n := there(t, region); n != size-unit {
		t.Errorf("%d bytes are there of %d", n, size-unit)
	}
	if region[unit] != 7 || region[0] != 0 {
		t.Error("what is there changed")
	}
}

// What lies behind an object is handed out, and not all of it.
func TestPopulate(t *testing.T) {
	can(t)
	region := mapped(t, 3*heap)
	populate(unsafe.Pointer(&region[unit/2]), madvise)
	if n := there(t, region[:heap]); n != heap {
		t.Errorf("%d bytes of %d are there", n, heap)
	}
	if n := there(t, region[heap:]); n > 2<<20 { // a large page reaches across
		t.Errorf("%d bytes are there that were not to be asked for", n)
	}
}

// This program's own heap was asked for when it started.
func TestTheHeap(t *testing.T) {
	can(t)
	const chunk = 4 << 20 // by which the heap grows
	if other := new([2 * unit]byte); max(uintptr(unsafe.Pointer(first)), uintptr(unsafe.Pointer(other)))-min(uintptr(unsafe.Pointer(first)), uintptr(unsafe.Pointer(other))) > 1<<30 {
		t.Errorf("the first object is at %p, another one of the heap at %p", first, other)
	}
	for began := time.Now(); time.Since(began) < noMore; time.Sleep(soon) {
		at := uintptr(unsafe.Pointer(first)) &^ (unit - 1)
		if left := int(chunk - at%chunk); thereAt(t, at, left) == left {
			return
		}
	}
	t.Error("what lies behind the first object is not there")
}

// Where every advice is taken, and none is followed, it is not asked for ever.
func TestAnEmulatorSaysYes(t *testing.T) {
	asked := 0
	populate(unsafe.Pointer(new([unit]byte)), func(_, _, _ uintptr) bool { asked++; return true })
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// A kernel that can't is asked no further, and one that goes on and on only for
// the most.
func TestBounds(t *testing.T) {
	asked := uintptr(0)
	populate(unsafe.Pointer(new([unit]byte)), func(_, _, what uintptr) bool { asked++; return what == hugePages })
	if asked != 3 { // of nothing, large pages, and the first
		t.Errorf("asked %d times where nothing is given", asked)
	}
	asked = 0
	began := time.Now()
	populate(unsafe.Pointer(new([unit]byte)), func(at, _, what uintptr) bool {
		if what != hugePages {
			asked++
		}
		return at != 0 || what != populateWrite
	})
	if want := uintptr(1 + (heap+code+constants)/unit); asked != want {
		t.Errorf("asked %d times, expected %d", asked, want)
	}
	if since := time.Since(began); since > noMore/2 {
		t.Errorf("went on for %s with nothing left to ask for", since)
	}
}

// 16 MiB, as a cold build's heap: each page by a fault of its own, in large pages
// where the system has them, and asked for.
func BenchmarkPages(b *testing.B) {
	can(b)
	const size = 16 << 20
	touch := func(region []byte) {
		for i := 0; i < len(region); i += syscall.Getpagesize() {
			region[i] = 1
		}
	}
	for _, way := range []struct {
		name string
		use  func([]byte)
	}{
		{"touched", touch},
		{"large", func(region []byte) {
			madvise(uintptr(unsafe.Pointer(&region[0])), size, hugePages)
			touch(region)
		}},
		{"asked", func(region []byte) {
			if advice(madvise).ask(uintptr(unsafe.Pointer(&region[0])), unit, populateWrite, size) != size {
				b.Fatal("was refused")
			}
		}},
		{"both", func(region []byte) {
			if advice(madvise).grow(uintptr(unsafe.Pointer(&region[0])), size) != size {
				b.Fatal("was refused")
			}
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				region, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
				if err != nil {
					b.Fatal(err)
				}
				way.use(region)
				if err := syscall.Munmap(region); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
