//go:build !unix

package deliver

// limitMemory does nothing where no such limit is to be had.
func limitMemory(uint64) {}
