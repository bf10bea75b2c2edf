// Package pages has the kernel hand out the memory of a starting program in large
// portions, on Linux. Otherwise it hands out each 4 KiB when they are first
// touched, by a page fault: 4,500 of them in a cold build. In many virtual
// machines a fault takes 10 µs and more, which is a third of the whole.
// docs/decisions/0024 has the measurements.
//
// It imports next to nothing, so that it comes before what other packages do when
// they are initialised.
package pages
