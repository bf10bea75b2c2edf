//go:build race

package cli

// underRace says that the race detector watches, which takes ten times as long.
const underRace = true
