package early

const madvise = 233 // include/uapi/asm-generic/unistd.h
