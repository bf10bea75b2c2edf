package early

const madvise = 28 // arch/x86/entry/syscalls/syscall_64.tbl
