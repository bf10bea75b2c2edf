// Package pages has the kernel hand out the memory of a starting program in large
// portions, on Linux. Otherwise it hands out one page at a time, when it is first
// touched: 4,500 page faults in a cold build, which take 10 µs and more each in
// many virtual machines. docs/decisions/0024 has the measurements.
//
// What is needed before other packages are initialised is in internal/early; this
// package goes on from there, since it needs the package time.
package pages
