//go:build !race

package kustomize

// watched is how much slower this program is than the one that users run.
const watched = 1
