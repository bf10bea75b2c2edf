// There is no code here: where a package has such a file, its functions may be
// declared and be another package's.
