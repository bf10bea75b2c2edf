//go:build go1.26 && !go1.27

package early

const madvise = 28 // arch/x86/entry/syscalls/syscall_64.tbl
