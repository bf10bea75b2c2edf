// Package early does what helps while the packages that this program links
// initialise themselves: no garbage is collected meanwhile, and the first pages of
// the heap are there. docs/decisions/0024 has the measurements.
//
// It imports nothing, not even runtime. Of the packages whose imports are
// initialised Go takes the first by its path, and so this one comes before the
// large ones; one that imports runtime/debug or time comes behind most of them.
// What it needs of the runtime it has by go:linkname, and its files are for the
// versions of Go with which that was tried. With another one nothing is done here,
// garbage is collected once while the program starts, and a test says so.
package early

// Percent is what the garbage collector was told, as by debug.SetGCPercent, before
// this package turned it off; nil says that it did not.
var Percent *int
