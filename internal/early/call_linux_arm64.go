//go:build go1.26 && !go1.27

package early

const madvise = 233 // include/uapi/asm-generic/unistd.h
