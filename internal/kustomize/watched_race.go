//go:build race

package kustomize

// watched is how much slower this program is than the one that users run: the
// race detector takes up to twenty times the time and ten times the memory
// (go.dev/doc/articles/race_detector).
const watched = 20
